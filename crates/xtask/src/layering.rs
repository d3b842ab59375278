//! Which crate of the workspace may depend on which.
//!
//! The rooms and their order are in `CONTRIBUTING.md`; this table is what holds them. `deny.toml`
//! does the same for crates of others.

use crate::metadata::{Kind, Workspace};

/// Compares the manifests of all members with the table.
///
/// Gives a line for each arrow between members that the table does not list, and for each member
/// without a row.
pub(crate) fn problems(workspace: &Workspace) -> Vec<String> {
    let members: Vec<&str> = workspace.members().map(|member| &*member.name).collect();
    let mut problems = Vec::new();
    for member in workspace.members() {
        problems.extend(without_row(&member.name));
        for (needed, kind) in &member.declared {
            if members.contains(&needed.as_str()) {
                problems.extend(unlisted(&member.name, needed, *kind));
            }
        }
    }
    problems
}

fn without_row(member: &str) -> Option<String> {
    let missing = !ARROWS.iter().any(|(from, _)| *from == member);
    missing.then(|| format!("{member} has no row in the table of {}", file!()))
}

fn unlisted(from: &str, to: &str, kind: Kind) -> Option<String> {
    let listed = ARROWS.iter().any(|(left, right)| *left == from && right.contains(&to));
    let in_tests = (to == TESTKIT && TESTED_WITH_TESTKIT.contains(&from))
        || (to == SERVERS && TESTED_ON_SERVERS.contains(&from));
    let for_tests = kind == Kind::Dev && in_tests;
    (!listed && !for_tests)
        .then(|| format!("{from} -> {to} ({kind:?}) is not an arrow of the table"))
}

/// The left crate may need the right ones. A row may stand before its crate exists.
const ARROWS: &[(&str, &[&str])] = &[
    ("strongroom-core", &[]),
    ("strongroom-http", &["strongroom-core"]),
    ("strongroom-layers", &["strongroom-core"]),
    ("strongroom-signing", &["strongroom-core"]),
    ("strongroom-local", &["strongroom-core"]),
    ("strongroom-vault", &["strongroom-core", "strongroom-http"]),
    ("strongroom-infisical", &["strongroom-core", "strongroom-http"]),
    ("strongroom-azure", &["strongroom-core", "strongroom-http"]),
    ("strongroom-aws", &["strongroom-core"]),
    (
        "strongroom",
        &[
            "strongroom-core",
            "strongroom-layers",
            "strongroom-signing",
            "strongroom-local",
            "strongroom-vault",
            "strongroom-infisical",
            "strongroom-aws",
            "strongroom-azure",
        ],
    ),
    ("strongroom-cli", &["strongroom"]),
    (TESTKIT, &["strongroom-core"]),
    ("strongroom-examples", &["strongroom", TESTKIT]),
    (SERVERS, &[]),
    ("strongroom-tests", &["strongroom", TESTKIT, SERVERS]),
    ("xtask", &[SERVERS]),
];

const TESTKIT: &str = "strongroom-testkit";

const SERVERS: &str = "strongroom-servers";

/// Crates whose own tests may use the testkit.
const TESTED_WITH_TESTKIT: &[&str] = &[
    "strongroom-http",
    "strongroom-layers",
    "strongroom-signing",
    "strongroom-local",
    "strongroom-vault",
    "strongroom-infisical",
    "strongroom-azure",
    "strongroom-aws",
    "strongroom",
    "strongroom-cli",
];

/// Crates whose own tests may start real servers and clients: the program itself is built for the tests of its own crate
/// only.
const TESTED_ON_SERVERS: &[&str] = &["strongroom-cli", TESTKIT];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::sketch;

    #[test]
    fn listed_arrows_pass() {
        let workspace = sketch(
            &[
                "strongroom-core",
                "strongroom-local",
                "strongroom-cli",
                "strongroom-testkit",
                "strongroom-servers",
                "strongroom-tests",
                "xtask",
            ],
            &[
                ("strongroom-core", "serde", Kind::Normal),
                ("strongroom-local", "strongroom-core", Kind::Normal),
                ("strongroom-local", "strongroom-testkit", Kind::Dev),
                ("strongroom-cli", "strongroom-testkit", Kind::Dev),
                ("strongroom-cli", "strongroom-servers", Kind::Dev),
                ("strongroom-testkit", "strongroom-core", Kind::Normal),
                ("strongroom-tests", "strongroom-testkit", Kind::Normal),
                ("strongroom-tests", "strongroom-testkit", Kind::Dev),
                ("xtask", "serde_json", Kind::Normal),
            ],
        );
        assert_eq!(problems(&workspace), [""; 0]);
    }

    #[test]
    fn unlisted_arrow_fails_by_name_whatever_it_is_for() {
        for (from, to, kind) in [
            ("strongroom-core", "strongroom-local", Kind::Normal),
            ("strongroom-core", "strongroom-testkit", Kind::Dev),
            ("strongroom-local", "strongroom-testkit", Kind::Normal),
            ("strongroom-local", "strongroom-testkit", Kind::Build),
            ("strongroom-cli", "strongroom-servers", Kind::Normal),
            ("strongroom-cli", "strongroom-core", Kind::Dev),
            ("strongroom-local", "strongroom-servers", Kind::Dev),
            ("strongroom-examples", "strongroom-core", Kind::Dev),
        ] {
            let found = problems(&sketch(&[from, to], &[(from, to, kind)]));
            let [problem] = &found[..] else {
                panic!("one problem, not {found:?}");
            };
            assert!(problem.contains(&format!("{from} -> {to}")), "{problem}");
        }
    }

    #[test]
    fn member_without_a_row_fails_by_name() {
        let found = problems(&sketch(&["strongroom-attic"], &[]));
        assert!(found.iter().any(|problem| problem.contains("strongroom-attic")), "{found:?}");
    }
}
