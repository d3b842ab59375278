//! `cargo xtask test`: every test of the workspace.

use crate::command::{cargo, stream, succeed};
use crate::report::Report;
use crate::tally::Tally;
use crate::transcript::Transcript;
use crate::{book, quickstart, tree};

/// Runs every test; a step that fails does not stop the next.
pub(crate) fn run(report: &mut Report) {
    // Of an earlier run.
    let _ = std::fs::remove_file("target/conformance.md");
    let _ = std::fs::remove_dir_all("target/canary");
    report.check("servers", strongroom_servers::install);
    // Two runs, because `--all-targets` leaves documentation tests out.
    report.step("tests", || cargo_test("--all-targets"));
    report.step("documentation tests", || cargo_test("--doc"));
    // The test that makes it compares it with docs/conformance.md.
    report.check("conformance matrix", || {
        let matrix = std::fs::read_to_string("target/conformance.md");
        println!("{}", matrix.map_err(|cause| format!("no matrix: {cause}"))?);
        Ok(())
    });
    report.check("no secret in what is said", searched);
    report.check("commands of the book", book::run);
    quickstart(report);
    report.check("example custom_provider", || {
        succeed(&mut cargo("run --locked --example custom_provider"))
    });
    for (features, most) in CRATES {
        report.check(&format!("crate count of strongroom{features}"), || {
            let options = format!("--no-default-features{features}");
            within("crates", tree::packages("strongroom", &options)?.len(), most)
        });
    }
}

/// What the tests left that look for one canary in all that comes out. They fail where they find it.
fn searched() -> Result<(), String> {
    let mut total = 0_u64;
    for run in ["library", "command-line"] {
        let count = std::fs::read_to_string(format!("target/canary/{run}"));
        let count = count.map_err(|cause| format!("the {run} was not searched: {cause}"))?;
        println!("{run}: {count} bytes searched, 0 hits");
        total += count.parse::<u64>().map_err(|cause| cause.to_string())?;
    }
    println!("{total} bytes in all, at least {SEARCHED}");
    if total >= SEARCHED { Ok(()) } else { Err("too little was searched".to_owned()) }
}

/// Bytes.
const SEARCHED: u64 = 50_000_000;

/// Runs the example `quickstart` without settings, and then on every provider.
pub(crate) fn quickstart(report: &mut Report) {
    let mut lines = Vec::new();
    report.check("example quickstart", || {
        lines = quickstart::without_settings()?;
        within("lines printed", lines.len(), QUICKSTART_LINES)
    });
    report.check("example quickstart without features", quickstart::without_features);
    if !lines.is_empty() {
        report.check("example quickstart on every provider", || {
            quickstart::on_every_provider(&lines)
        });
    }
}

/// A newcomer's first output fits on a screen of 25 lines, prompt included.
const QUICKSTART_LINES: usize = 24;

/// What `strongroom` with these features may cost its users, in crates of the normal tree, itself
/// included.
const CRATES: [(&str, usize); 6] = [
    ("", 90),
    (" --features vault", 155),
    (" --features aws", 200),
    (" --features azure", 190),
    (" --features infisical", 155),
    (" --features full", 260),
];

/// Without them the tests of the examples are left out in silence.
pub(crate) const EXAMPLES: &str = "strongroom-examples/axum-test,strongroom-examples/testing";

fn cargo_test(targets: &str) -> Tally {
    let mut transcript = Transcript::default();
    // Without --no-fail-fast the first failing crate would hide the results of all crates after it.
    let mut command =
        cargo(&format!("test --workspace {targets} --features {EXAMPLES} --locked --no-fail-fast"));
    let success = stream(&mut command, |line| transcript.read(line)).unwrap_or_else(|problem| {
        println!("{problem}");
        false
    });
    transcript.conclude(success)
}

fn within(what: &str, count: usize, most: usize) -> Result<(), String> {
    println!("{count} {what}, at most {most}");
    if count <= most { Ok(()) } else { Err(format!("{} {what} too many", count - most)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bar_holds_up_to_and_including_its_figure() {
        assert!(within("crates", 65, 65).is_ok());
        assert!(within("crates", 66, 65).is_err());
    }
}
