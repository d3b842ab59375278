//! What the owner of an access key may do.

/// Rules that allow. What none of them allows is denied.
#[derive(Clone, Debug)]
pub(super) struct Policy(Vec<Rule>);

#[derive(Clone, Debug)]
struct Rule {
    names: String,
    actions: Vec<String>,
}

impl Policy {
    /// # Panics
    /// If an action is none of `known`: misspelt, it would deny in silence.
    pub(super) fn new(rules: &[(&str, &[&str])], known: &[&str]) -> Self {
        let is_known = |pattern: &str| known.iter().any(|action| matches(pattern, action));
        let mut actions = rules.iter().flat_map(|(_, actions)| *actions);
        let unknown = actions.find(|action| !is_known(action));
        assert_eq!(unknown, None, "an action is one of {known:?}, or a pattern of them");
        let rule = |(names, actions): &(&str, &[&str])| Rule {
            names: (*names).to_owned(),
            actions: actions.iter().map(ToString::to_string).collect(),
        };
        Self(rules.iter().map(rule).collect())
    }

    pub(super) fn all() -> Self {
        Self(vec![Rule { names: "*".to_owned(), actions: vec!["*".to_owned()] }])
    }

    /// Whether an action on this name is allowed. What is about no name in particular has the name `*`.
    pub(super) fn allows(&self, action: &str, name: &str) -> bool {
        self.0.iter().any(|rule| {
            matches(&rule.names, name) && rule.actions.iter().any(|found| matches(found, action))
        })
    }
}

/// Whether a text is as the pattern says: `*` is any text, also none, and everything else is itself.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        match left.split_once(part) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "a", true),
            ("*", "", true),
            ("app/*", "app/db/url", true),
            ("app/*", "app", false),
            ("*/db/*", "app/db/url", true),
            ("a*b*a", "abXa", true),
            ("ab*ba", "aba", false),
            ("Get*", "GetSecretValue", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
