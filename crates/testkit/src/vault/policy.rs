//! What a token may do.

use std::cmp::Reverse;

/// The rules of one token.
#[derive(Clone)]
pub(super) struct Policy(Vec<Rule>);

#[derive(Clone)]
struct Rule {
    path: String,
    capabilities: Vec<String>,
}

impl Policy {
    /// These rules, and those of the policy `default` that a token has for itself.
    ///
    /// # Panics
    /// If a capability is none: misspelt, it would deny in silence.
    pub(super) fn new(rules: &[(&str, &[&str])]) -> Self {
        let unknown =
            rules.iter().flat_map(|(_, found)| *found).find(|found| !ALL.contains(*found));
        assert_eq!(unknown, None, "a capability is one of {ALL:?}");
        Self(SELF_SERVICE.iter().chain(WRAPPING).chain(rules).map(Rule::new).collect())
    }

    /// Those of a wrapping token, which has no others.
    pub(super) fn wrapping() -> Self {
        Self(WRAPPING.iter().map(Rule::new).collect())
    }

    /// The capabilities on a path, sorted. None, or `deny`, is no access.
    pub(super) fn on(&self, path: &str) -> &[String] {
        let rules = self.0.iter().filter(|rule| rule.covers(path));
        rules.max_by_key(|rule| rule.weight()).map_or(&[], |rule| &rule.capabilities)
    }

    /// Whether one capability is there. For lists, a rule may leave out the slash at the end.
    pub(super) fn allows(&self, capability: &str, path: &str) -> bool {
        let mut found = self.on(path);
        if found.is_empty() && capability == "list" {
            found = self.on(path.trim_end_matches('/'));
        }
        found.iter().any(|found| found == capability)
    }

    /// Whether anything at or below this mount, which ends in a slash, is allowed.
    pub(super) fn reaches(&self, mount: &str) -> bool {
        self.0.iter().filter(|rule| rule.capabilities != ["deny"]).any(|rule| {
            let literal = rule.path.split(['*', '+']).next().unwrap_or_default();
            literal.starts_with(mount) || literal != rule.path && mount.starts_with(literal)
        })
    }
}

impl Rule {
    fn new((path, capabilities): &(&str, &[&str])) -> Self {
        let mut capabilities: Vec<_> = capabilities.iter().map(ToString::to_string).collect();
        capabilities.sort();
        if capabilities.iter().any(|found| found == "deny") {
            capabilities = vec!["deny".to_owned()];
        }
        Self { path: (*path).to_owned(), capabilities }
    }

    fn covers(&self, path: &str) -> bool {
        let pattern = self.path.strip_suffix('*');
        let wanted: Vec<_> = pattern.unwrap_or(&self.path).split('/').collect();
        // Below a trailing star, all that follows counts as the last segment.
        let count = if pattern.is_some() { wanted.len() } else { usize::MAX };
        let found: Vec<_> = path.splitn(count, '/').collect();
        wanted.len() == found.len()
            && wanted.iter().zip(&found).enumerate().all(|(at, (wanted, found))| {
                let open = pattern.is_some() && at + 1 == count;
                *wanted == "+" || wanted == found || open && found.starts_with(wanted)
            })
    }

    /// Of the rules that cover a path, the heaviest decides: the one without wildcards, then the one whose
    /// first wildcard comes latest.
    fn weight(&self) -> (usize, bool, Reverse<usize>, usize) {
        let first = self.path.find(['*', '+']).unwrap_or(usize::MAX);
        let segments = Reverse(self.path.matches('+').count());
        (first, !self.path.ends_with('*'), segments, self.path.len())
    }
}

const ALL: &[&str] = &["create", "read", "update", "delete", "list", "patch", "sudo", "deny"];

const SELF_SERVICE: &[(&str, &[&str])] = &[
    ("auth/token/lookup-self", &["read"]),
    ("auth/token/renew-self", &["update"]),
    ("auth/token/revoke-self", &["update"]),
    ("sys/capabilities-self", &["update"]),
];

const WRAPPING: &[(&str, &[&str])] =
    &[("sys/wrapping/lookup", &["update"]), ("sys/wrapping/unwrap", &["update"])];
