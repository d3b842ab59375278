//! Which step is next.

use std::collections::BTreeMap;

use strongroom_core::SecretName;

use super::Call;
use super::step::Step;

/// The steps of a store.
#[derive(Debug, Default)]
pub(super) struct Script {
    all: Plan,
    named: BTreeMap<String, Plan>,
}

impl Script {
    /// The plan for one name, or the one for all.
    ///
    /// # Panics
    /// If there can be no such name: its steps would wait for ever.
    pub(super) fn plan(&mut self, name: Option<&str>) -> &mut Plan {
        match name {
            None => &mut self.all,
            Some(name) => {
                let name = SecretName::new(name).expect("the name of a secret");
                self.named.entry(name.as_str().to_owned()).or_default()
            }
        }
    }

    /// What a call does about this name, counted down.
    pub(super) fn take(&mut self, name: Option<&SecretName>, call: Call) -> Step {
        let named = name.and_then(|name| self.named.get_mut(name.as_str()));
        let step = named.and_then(|plan| plan.take(call)).or_else(|| self.all.take(call));
        step.unwrap_or_else(Step::ask)
    }
}

/// What the next calls do, and what those after them do.
#[derive(Debug, Default)]
pub(super) struct Plan {
    next: Vec<(Step, usize)>,
    always: Option<Step>,
}

impl Plan {
    pub(super) fn add(&mut self, step: Step) {
        let times = step.count().unwrap_or(1);
        self.next.push((step, times));
    }

    pub(super) fn set(&mut self, step: Step) {
        self.always = Some(step);
    }

    fn take(&mut self, call: Call) -> Option<Step> {
        self.next.retain(|(_, left)| *left > 0);
        let suits = |step: &Step| call == Call::Read || step.suits_all();
        match self.next.iter_mut().find(|(step, _)| suits(step)) {
            Some((step, left)) => {
                *left -= 1;
                Some(step.clone())
            }
            None => self.always.clone().filter(suits),
        }
    }
}
