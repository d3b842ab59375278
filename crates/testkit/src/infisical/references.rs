//! `${KEY}` and `${environment.folder.KEY}` in values (`secret-reference-fns.ts`).

use std::collections::BTreeSet;

use crate::infisical::project::Project;
use crate::infisical::reply::Refusal;
use crate::infisical::rights::Rights;

/// Who resolves references, and in what.
#[derive(Clone, Copy)]
pub(super) struct Resolver<'a> {
    pub(super) project: &'a Project,
    pub(super) rights: &'a Rights,
    /// Whether nothing is put where a reference leads nowhere, as older servers do. The others leave it.
    pub(super) is_old: bool,
}

/// A secret that a value is of, or refers to.
#[derive(Clone, Eq, Ord, PartialEq, PartialOrd)]
struct Target {
    environment: String,
    path: String,
    key: String,
}

impl Resolver<'_> {
    /// The value of a secret with all references replaced that lead somewhere, up to ten deep.
    ///
    /// # Errors
    /// `ForbiddenError` if a value that it refers to may not be read.
    pub(super) fn expand(
        self,
        environment: &str,
        path: &str,
        key: &str,
        value: &str,
    ) -> Result<String, Refusal> {
        let own = |text: &str| text.to_owned();
        let root = Target { environment: own(environment), path: own(path), key: own(key) };
        let mut expanded = own(value);
        let mut stack = vec![(root.clone(), own(value), BTreeSet::from([root.clone()]), 0)];
        while let Some((at, value, seen, depth)) = stack.pop() {
            if depth > MAX_DEPTH {
                continue;
            }
            for reference in references(&value) {
                let target = at.follow(reference);
                let found = self.value(&target);
                if !self.rights.allow("readValue", &target.environment, &target.path) {
                    return Err(refused(&target, &root));
                }
                if !found.is_empty() || self.is_old {
                    expanded = expanded.replace(&format!("${{{reference}}}"), found);
                }
                if !seen.contains(&target) {
                    let mut seen = seen.clone();
                    seen.insert(target.clone());
                    stack.push((target, found.to_owned(), seen, depth + 1));
                }
            }
        }
        Ok(expanded)
    }

    fn value(&self, target: &Target) -> &str {
        let folder = self.project.folder(&target.environment, &target.path);
        let secret = folder.and_then(|folder| folder.secrets.get(&target.key));
        secret.map_or("", |secret| secret.latest().value.as_str())
    }
}

impl Target {
    /// Where a reference in its value leads: without a dot to the same folder, else to an environment and folders.
    fn follow(&self, reference: &str) -> Self {
        let Some((environment, rest)) = reference.split_once('.') else {
            return Self { key: reference.to_owned(), ..self.clone() };
        };
        let (folders, key) = rest.rsplit_once('.').unwrap_or(("", rest));
        let path = folders.replace('.', "/");
        Self { environment: environment.to_owned(), path: format!("/{path}"), key: key.to_owned() }
    }
}

/// What is between `${` and `}`, where it is letters, digits, `-`, `_` and `.` only.
fn references(value: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let starts = value.match_indices("${");
    starts.filter_map(move |(at, _)| {
        let (reference, _) = value.get(at + 2..)?.split_once('}')?;
        (!reference.is_empty() && reference.chars().all(is_part)).then_some(reference)
    })
}

fn refused(target: &Target, root: &Target) -> Refusal {
    let Target { environment, path, key } = target;
    Refusal::forbidden(format!(
        "You do not have permission to read secret '{key}' in environment '{environment}' at path '{path}', which is \
         referenced by secret '{}' in environment '{}' at path '{}'.",
        root.key, root.environment, root.path
    ))
}

/// `MAX_SECRET_REFERENCE_DEPTH`
const MAX_DEPTH: usize = 10;
