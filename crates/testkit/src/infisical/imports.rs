//! What a folder imports (`fnSecretsV2FromImports`).

use std::collections::BTreeSet;

use crate::infisical::project::{Folder, Project};
use crate::infisical::rights::Rights;
use crate::infisical::secret::Secret;

/// One import of a folder, with what the imported folder imports itself.
pub(super) struct Import<'a> {
    pub(super) environment: &'a str,
    pub(super) path: &'a str,
    pub(super) folder_id: &'a str,
    pub(super) secrets: Vec<Imported<'a>>,
}

/// A secret in an import, and where it really is. The server does not tell that: it says the place of the import.
pub(super) struct Imported<'a> {
    pub(super) secret: &'a Secret,
    pub(super) environment: &'a str,
    pub(super) path: &'a str,
}

/// The imports of a folder in their order, the last of which wins. A folder that is imported twice counts once.
pub(super) fn imports<'a>(
    project: &'a Project,
    folder: &'a Folder,
    rights: &Rights,
    actions: &[&str],
) -> Vec<Import<'a>> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (environment, path) in &folder.imports {
        if !seen.insert((environment.as_str(), path.as_str())) {
            continue;
        }
        let Some(imported) = project.folder(environment, path) else { continue };
        let mut secrets = Vec::new();
        collect(project, imported, environment, path, &mut seen, 0, &mut secrets);
        secrets.retain(|one: &Imported<'_>| {
            actions.iter().all(|action| rights.allow(action, one.environment, one.path))
        });
        found.push(Import { environment, path, folder_id: &imported.id, secrets });
    }
    found
}

/// Direct secrets come before deeper ones, and the first of a name is the one that counts.
fn collect<'a>(
    project: &'a Project,
    folder: &'a Folder,
    environment: &'a str,
    path: &'a str,
    seen: &mut BTreeSet<(&'a str, &'a str)>,
    depth: usize,
    secrets: &mut Vec<Imported<'a>>,
) {
    let known = |secrets: &[Imported<'_>], secret: &Secret| {
        secrets.iter().any(|one| one.secret.latest().key == secret.latest().key)
    };
    for secret in folder.secrets.values() {
        if !known(secrets, secret) {
            secrets.push(Imported { secret, environment, path });
        }
    }
    if depth == LEVELS {
        return;
    }
    for (environment, path) in &folder.imports {
        if seen.insert((environment, path))
            && let Some(imported) = project.folder(environment, path)
        {
            collect(project, imported, environment, path, seen, depth + 1, secrets);
        }
    }
}

/// `LEVEL_BREAK`: how deep the server follows imports of imports.
const LEVELS: usize = 10;
