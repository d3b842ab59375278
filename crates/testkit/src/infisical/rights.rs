//! What an identity or a service token may do with secrets.

/// Rules that allow. What none of them allows is denied.
#[derive(Clone, Default)]
pub(super) struct Rights(Vec<Rule>);

#[derive(Clone)]
struct Rule {
    environment: String,
    path: String,
    actions: Vec<String>,
}

impl Rights {
    /// # Panics
    /// If an action is none: misspelt, it would deny in silence.
    pub(super) fn new(rules: &[(&str, &str, &[&str])]) -> Self {
        let mut actions = rules.iter().flat_map(|(_, _, actions)| *actions);
        let unknown = actions.find(|action| !ACTIONS.contains(*action));
        assert_eq!(unknown, None, "an action is one of {ACTIONS:?}");
        let rule = |(environment, path, actions): &(&str, &str, &[&str])| Rule {
            environment: (*environment).to_owned(),
            path: (*path).to_owned(),
            actions: actions.iter().map(ToString::to_string).collect(),
        };
        Self(rules.iter().map(rule).collect())
    }

    pub(super) fn all() -> Self {
        Self::new(&[("*", "/**", &["*"])])
    }

    /// Who has no rule is no member of the project.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn allow(&self, action: &str, environment: &str, path: &str) -> bool {
        self.0.iter().any(|rule| {
            (rule.environment == "*" || rule.environment == environment)
                && covers(&rule.path, path)
                && rule.covers(action)
        })
    }

    /// Whether it is allowed anywhere.
    pub(super) fn allow_anywhere(&self, action: &str) -> bool {
        self.0.iter().any(|rule| rule.covers(action))
    }
}

impl Rule {
    /// The old action `read` is both new ones for reading (`permission-fns.ts`).
    fn covers(&self, action: &str) -> bool {
        let is_read = matches!(action, "describeSecret" | "readValue");
        self.actions.iter().any(|had| had == action || had == "*" || is_read && had == "read")
    }
}

/// Whether a glob is one that a path can be compared with only as a pattern.
pub(super) fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '[', '{', '!', '('])
}

/// Whether a path fits a glob: `*` is any text without a slash, `**` any text. `/app/**` covers `/app` itself, as
/// picomatch has it.
pub(super) fn covers(glob: &str, path: &str) -> bool {
    if let Some(root) = glob.strip_suffix("/**") {
        let itself = if root.is_empty() { "/" } else { root };
        if fits(itself, path) {
            return true;
        }
    }
    fits(glob, path)
}

fn fits(glob: &str, path: &str) -> bool {
    if let Some(rest) = glob.strip_prefix("**") {
        return (0..=path.len()).any(|at| path.get(at..).is_some_and(|tail| fits(rest, tail)));
    }
    if let Some(rest) = glob.strip_prefix('*') {
        let end = path.find('/').unwrap_or(path.len());
        return (0..=end).any(|at| path.get(at..).is_some_and(|tail| fits(rest, tail)));
    }
    match path.chars().next() {
        None => glob.is_empty(),
        Some(first) => match (glob.strip_prefix(first), path.strip_prefix(first)) {
            (Some(glob), Some(path)) => fits(glob, path),
            _ => false,
        },
    }
}

/// As the server spells them (`ProjectPermissionSecretActions`), and `*` for all.
const ACTIONS: &[&str] = &["describeSecret", "readValue", "read", "create", "edit", "delete", "*"];
