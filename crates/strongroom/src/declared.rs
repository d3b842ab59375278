//! What a service says it cannot start without.

use strongroom_core::{Result, SecretName, SecretRef};

/// Names that were declared, checked.
#[derive(Debug)]
pub(crate) struct Declared(Vec<One>);

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct One {
    /// As it was written.
    pub(crate) text: String,
    pub(crate) reference: SecretRef,
    pub(crate) critical: bool,
}

impl Declared {
    /// Each name once; one that is declared both ways is critical.
    ///
    /// # Errors
    /// `Misconfigured` if one is not a name.
    pub(crate) fn new(required: &[String], critical: &[String]) -> Result<Self> {
        let critical = critical.iter().map(|text| (text, true));
        let mut names: Vec<One> = Vec::new();
        for (text, critical) in critical.chain(required.iter().map(|text| (text, false))) {
            if !names.iter().any(|one| one.text == *text) {
                let reference = SecretRef::new(text)?;
                names.push(One { text: text.clone(), reference, critical });
            }
        }
        Ok(Self(names))
    }

    /// A name that is known only once the provider is open.
    ///
    /// # Errors
    /// `Misconfigured` if it is none.
    pub(crate) fn add_critical(&mut self, name: &SecretName) -> Result<()> {
        let text = name.to_string();
        let reference = SecretRef::new(&text)?;
        self.0.retain(|one| one.text != text);
        self.0.insert(0, One { text, reference, critical: true });
        Ok(())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &One> {
        self.0.iter()
    }
}
