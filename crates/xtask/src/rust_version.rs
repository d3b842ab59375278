//! The Rust version a crate promises, against what its dependencies need.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::metadata::{Id, Kind, Package, Workspace};

/// A Rust release. `1.88` and `1.88.0` are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RustVersion([u64; 3]);

impl FromStr for RustVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split('.').map(str::parse).collect::<Result<Vec<u64>, _>>();
        match parts.as_deref() {
            Ok(&[major]) => Ok(Self([major, 0, 0])),
            Ok(&[major, minor]) => Ok(Self([major, minor, 0])),
            Ok(&[major, minor, patch]) => Ok(Self([major, minor, patch])),
            _ => Err(format!("not a Rust version: {text}")),
        }
    }
}

impl fmt::Display for RustVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([major, minor, patch]) = self;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// Compares what every member promises with what it is built from.
///
/// Gives a line for each dependency that needs a newer Rust than the member that uses it promises.
pub(crate) fn problems(workspace: &Workspace) -> Vec<String> {
    let of = |member| broken_promises(workspace, member);
    workspace.members().flat_map(of).collect()
}

fn broken_promises(workspace: &Workspace, member: &Package) -> Vec<String> {
    let ours = &member.name;
    let Some(promised) = member.rust_version else {
        return vec![format!("{ours} promises no rust-version")];
    };
    let broken = |package: &Package| {
        if RAISED_BY_A_FEATURE.contains(&(ours.as_str(), package.name.as_str())) {
            return None;
        }
        let needed = package.rust_version.filter(|needed| *needed > promised)?;
        let (name, version) = (&package.name, &package.version);
        Some(format!("{ours} promises Rust {promised}, {name} {version} needs {needed}"))
    };
    dependencies(workspace, member).into_iter().filter_map(broken).collect()
}

/// Everything `member` is built from, up to the first other member on each path: that one answers
/// for what is behind it.
fn dependencies<'a>(workspace: &'a Workspace, member: &'a Package) -> Vec<&'a Package> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut next: Vec<&Id> = edges(member, TOOLS.contains(&member.name.as_str())).collect();
    while let Some(id) = next.pop() {
        if let Some(package) = workspace.packages.get(id)
            && seen.insert(id)
        {
            found.push(package);
            if !workspace.members.contains(id) {
                next.extend(edges(package, false));
            }
        }
    }
    found
}

fn edges(package: &Package, with_dev: bool) -> impl Iterator<Item = &Id> {
    let wanted = package.resolved.iter().filter(move |(_, kind)| with_dev || *kind != Kind::Dev);
    wanted.map(|(id, _)| id)
}

/// Members that are only ever built to test or to develop, so that what their tests need counts too.
const TOOLS: [&str; 3] = ["strongroom-examples", "strongroom-tests", "xtask"];

/// Members that an optional feature of another brings, together with the newer Rust that they need. The feature says
/// so where it is declared.
const RAISED_BY_A_FEATURE: [(&str, &str); 2] =
    [("strongroom", "strongroom-aws"), ("strongroom", "strongroom-azure")];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::sketch;

    #[test]
    fn versions_are_compared_as_numbers() {
        let version = |text: &str| text.parse::<RustVersion>().expect("a version");
        assert!(version("1.9") < version("1.88"));
        assert!(version("1.88") < version("1.88.1"));
        assert!(version("1.100.0") > version("1.99.9"));
        assert_eq!(version("1.88"), version("1.88.0"));
        assert_eq!(version("1"), version("1.0.0"));
        for bad in ["", "1.", "1.x", "1.2.3.4", "1.88.0-beta", "-1.2"] {
            assert!(bad.parse::<RustVersion>().is_err(), "{bad}");
        }
    }

    fn promising(mut workspace: Workspace, versions: &[(&str, &str)]) -> Workspace {
        for (name, version) in versions {
            let package = workspace.packages.get_mut(*name).expect("a package of the sketch");
            package.rust_version = Some(version.parse().expect("a version"));
        }
        workspace
    }

    #[test]
    fn dependency_behind_a_dependency_is_found_once() {
        let graph = sketch(
            &["ours"],
            &[
                ("ours", "left", Kind::Normal),
                ("ours", "right", Kind::Build),
                ("left", "deep", Kind::Normal),
                ("right", "deep", Kind::Normal),
                ("deep", "left", Kind::Normal),
            ],
        );
        let workspace = promising(graph, &[("ours", "1.88"), ("left", "1.60"), ("deep", "1.89")]);
        assert_eq!(problems(&workspace), ["ours promises Rust 1.88.0, deep 1.0.0 needs 1.89.0"]);
    }

    #[test]
    fn member_answers_for_itself_and_what_is_behind_it() {
        let graph = sketch(
            &["ours", "lower"],
            &[("ours", "lower", Kind::Normal), ("lower", "deep", Kind::Normal)],
        );
        let workspace = promising(graph, &[("ours", "1.88"), ("lower", "1.90"), ("deep", "1.90")]);
        assert_eq!(problems(&workspace), ["ours promises Rust 1.88.0, lower 1.0.0 needs 1.90.0"]);
    }

    #[test]
    fn a_feature_may_raise_what_it_brings() {
        let graph = sketch(
            &["strongroom", "strongroom-aws"],
            &[("strongroom", "strongroom-aws", Kind::Normal), ("strongroom", "deep", Kind::Normal)],
        );
        let versions = [("strongroom", "1.88"), ("strongroom-aws", "1.94.1"), ("deep", "1.90")];
        let found = problems(&promising(graph, &versions));
        assert_eq!(found, ["strongroom promises Rust 1.88.0, deep 1.0.0 needs 1.90.0"]);
    }

    #[test]
    fn dev_dependencies_count_for_tools_only() {
        let graph = sketch(
            &["strongroom-core", "xtask"],
            &[("strongroom-core", "newer", Kind::Dev), ("xtask", "newer", Kind::Dev)],
        );
        let workspace =
            promising(graph, &[("strongroom-core", "1.88"), ("xtask", "1.88"), ("newer", "1.90")]);
        assert_eq!(problems(&workspace), ["xtask promises Rust 1.88.0, newer 1.0.0 needs 1.90.0"]);
    }

    #[test]
    fn member_without_a_promise_fails() {
        assert_eq!(problems(&sketch(&["ours"], &[])), ["ours promises no rust-version"]);
    }
}
