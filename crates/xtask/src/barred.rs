//! What must be nowhere in the tree that a crate is built from.

use std::collections::BTreeSet;

use crate::tree;

/// Looks through the whole normal tree of `package`, on every platform and with every feature.
///
/// # Errors
/// Names the crates of `forbidden` that were found; or `cargo tree` failed.
pub(crate) fn check(package: &str, forbidden: &[&[&str]]) -> Result<(), String> {
    let tree = tree::packages(package, "--all-features --target all")?;
    let found = found(&tree, forbidden);
    if found.is_empty() {
        Ok(())
    } else {
        Err(format!("{package} is built from {}", found.join(", ")))
    }
}

/// Crates that open connections or speak TLS.
pub(crate) const NETWORK: &[&str] =
    &["reqwest", "hyper", "h2", "rustls", "native-tls", "openssl-sys", "ring", "aws-lc-rs"];

/// Cryptography and TLS beside aws-lc-rs and rustls. `deny.toml` says why, for the whole workspace; this
/// is for what ships.
pub(crate) const OTHER_TLS: &[&str] = &["ring", "openssl", "openssl-sys", "native-tls"];

/// Crates that run tasks: the words must not choose a runtime.
pub(crate) const RUNTIME: &[&str] = &["tokio"];

fn found<'a>(tree: &'a BTreeSet<String>, forbidden: &[&[&str]]) -> Vec<&'a str> {
    let names = tree.iter().filter_map(|package| package.split(' ').next());
    names.filter(|name| forbidden.iter().any(|list| list.contains(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_names_are_found() {
        let tree = ["hyperloop v1.0.0", "ring v0.17.14", "tokio v1.0.0", "tokio-util v0.7.0"];
        let tree = tree.map(str::to_owned).into();
        assert_eq!(found(&tree, &[NETWORK]), ["ring"]);
        assert_eq!(found(&tree, &[NETWORK, RUNTIME]), ["ring", "tokio"]);
    }
}
