//! What an identity may do at the vault.

/// Rules that allow. What none of them allows is denied.
#[derive(Clone)]
pub(super) struct Rights(Vec<Rule>);

#[derive(Clone)]
struct Rule {
    names: String,
    actions: Vec<String>,
}

impl Rights {
    /// # Panics
    /// If an action is none: misspelt, it would deny in silence.
    pub(super) fn new(rules: &[(&str, &[&str])]) -> Self {
        let mut actions = rules.iter().flat_map(|(_, actions)| *actions);
        let unknown = actions.find(|action| !ACTIONS.contains(*action));
        assert_eq!(unknown, None, "an action is one of {ACTIONS:?}");
        let rule = |(names, actions): &(&str, &[&str])| Rule {
            names: names.to_ascii_lowercase(),
            actions: actions.iter().map(ToString::to_string).collect(),
        };
        Self(rules.iter().map(rule).collect())
    }

    pub(super) fn all() -> Self {
        Self::new(&[("*", &["*"])])
    }

    /// Whether an action on this name is allowed. What is about no name in particular has the name `*`.
    pub(super) fn allow(&self, action: &str, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.0.iter().any(|rule| {
            let covers = match rule.names.strip_suffix('*') {
                Some(start) => name.starts_with(start),
                None => name == rule.names,
            };
            covers && rule.actions.iter().any(|found| found == action || found == "*")
        })
    }
}

const ACTIONS: &[&str] = &["get", "list", "set", "delete", "recover", "purge", "*"];
