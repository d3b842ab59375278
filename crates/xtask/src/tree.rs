//! The crates that a package is built from.

use std::collections::BTreeSet;

use crate::command::{cargo, output};

/// The packages, each once as `name vX.Y.Z ..`, of the normal dependency tree of `package`, itself
/// included.
///
/// `options` chooses the features and targets as for `cargo tree`.
///
/// # Errors
/// If `cargo tree` fails.
pub(crate) fn packages(package: &str, options: &str) -> Result<BTreeSet<String>, String> {
    let tree = output(&mut cargo(&format!(
        "tree --locked -p {package} -e normal --prefix none {options}"
    )))?;
    Ok(tree.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect())
}
