//! `cargo xtask check`: everything that a change must pass and that is not a test.

use crate::barred::{self, NETWORK, OTHER_TLS, RUNTIME};
use crate::command::{cargo, succeed};
use crate::metadata::Workspace;
use crate::report::Report;
use crate::test::EXAMPLES;
use crate::{deny, layering, rust_version, source};

/// Runs every check; one that fails does not stop the next.
pub(crate) fn run(report: &mut Report) {
    report.check("format", || passes("fmt --all --check"));
    let lints =
        format!("clippy --workspace --all-targets --features {EXAMPLES} --locked -- -D warnings");
    report.check("lints", || passes(&lints));
    report.check("documentation", || {
        succeed(cargo("doc --workspace --no-deps --locked").env("RUSTDOCFLAGS", "-Dwarnings"))
    });
    match Workspace::load() {
        Ok(workspace) => graph(report, &workspace),
        Err(problem) => report.check("cargo metadata", || Err(problem)),
    }
    report.check("strongroom-core is offline", || {
        barred::check("strongroom-core", &[NETWORK, RUNTIME])
    });
    report.check("strongroom-local is offline", || barred::check("strongroom-local", &[NETWORK]));
    report.check("strongroom has one TLS stack", || barred::check("strongroom", &[OTHER_TLS]));
    report.check("certificates are always checked (S22)", || {
        source::unnamed(&source::WAYS_AROUND_CERTIFICATES)
    });
    report.check("licences, bans and sources", deny::check);
}

/// The checks that need to know what depends on what.
fn graph(report: &mut Report, workspace: &Workspace) {
    let facade = "check -p strongroom --no-default-features --locked";
    report.check("strongroom without features", || passes(facade));
    for feature in features(workspace) {
        report.check(&format!("strongroom with only {feature}"), || {
            passes(&format!("{facade} --features {feature}"))
        });
    }
    report.check("Rust version", || none(&rust_version::problems(workspace)));
    report.check("layering", || none(&layering::problems(workspace)));
}

/// Features of the facade that add something of their own; `default` and `full` only name others.
fn features(workspace: &Workspace) -> impl Iterator<Item = &String> {
    let facade = workspace.members().filter(|member| member.name == "strongroom");
    let features = facade.flat_map(|facade| &facade.features);
    features.filter(|feature| !["default", "full"].contains(&feature.as_str()))
}

fn passes(words: &str) -> Result<(), String> {
    succeed(&mut cargo(words))
}

fn none(problems: &[String]) -> Result<(), String> {
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}
