//! `cargo xtask test`: every test of the workspace.

use crate::command::{cargo, stream};
use crate::report::Report;
use crate::tally::Tally;
use crate::transcript::Transcript;
use crate::tree;

/// Runs every test; a step that fails does not stop the next.
pub(crate) fn run(report: &mut Report) {
    // Two runs, because `--all-targets` leaves documentation tests out.
    report.step("tests", || cargo_test("--all-targets"));
    report.step("documentation tests", || cargo_test("--doc"));
    report.check("example quickstart", || {
        let lines = example("quickstart")?;
        within("lines printed", lines, QUICKSTART_LINES)
    });
    report.check("example custom_provider", || example("custom_provider").map(drop));
    report.check("crate count of strongroom", || {
        let crates = tree::packages("strongroom", "--no-default-features")?.len();
        within("crates", crates, CRATES)
    });
}

/// A newcomer's first output fits on a screen of 25 lines, prompt included.
const QUICKSTART_LINES: usize = 24;

/// What `strongroom` without features may cost its users, in crates of the normal tree, itself
/// included.
const CRATES: usize = 65;

fn cargo_test(targets: &str) -> Tally {
    let mut transcript = Transcript::default();
    // Without --no-fail-fast the first failing crate would hide the results of all crates after it.
    let mut command = cargo(&format!("test --workspace {targets} --locked --no-fail-fast"));
    let success = stream(&mut command, |line| transcript.read(line)).unwrap_or_else(|problem| {
        println!("{problem}");
        false
    });
    transcript.conclude(success)
}

/// Runs an example and counts the lines it prints.
fn example(name: &str) -> Result<usize, String> {
    let mut lines = 0;
    let success = stream(&mut cargo(&format!("run --locked --example {name}")), |_| lines += 1)?;
    if success { Ok(lines) } else { Err(format!("example {name} failed")) }
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
