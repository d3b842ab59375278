//! What ran, how long it took and how it ended.

use std::fmt;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::tally::Tally;

/// The steps of one command in the order they ran.
///
/// Displays as a table of minutes per step; the last line is the total.
#[derive(Default)]
pub(crate) struct Report {
    steps: Vec<Step>,
}

struct Step {
    name: String,
    took: Duration,
    tally: Tally,
}

impl Report {
    /// Runs a step that counts its own results.
    pub(crate) fn step(&mut self, name: &str, work: impl FnOnce() -> Tally) {
        println!("\n== {name}");
        let (tally, took) = timed(work);
        self.steps.push(Step { name: name.to_owned(), took, tally });
    }

    /// Runs a step that passes or fails as a whole, and prints why it failed.
    pub(crate) fn check(&mut self, name: &str, work: impl FnOnce() -> Result<(), String>) {
        self.step(name, || match work() {
            Ok(()) => Tally { passed: 1, failed: 0 },
            Err(problem) => {
                println!("{problem}");
                Tally { passed: 0, failed: 1 }
            }
        });
    }

    /// Failure if anything failed in any step.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.total().failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn total(&self) -> Tally {
        self.steps.iter().map(|step| step.tally).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Step { name, took, tally } in &self.steps {
            let mark = if tally.failed == 0 { "" } else { "  FAILED" };
            writeln!(f, "{:>5.1} min  {name}{mark}", took.as_secs_f64() / 60.0)?;
        }
        write!(f, "{}", self.total())
    }
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch for people; nothing is decided by it")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_shows_minutes_per_step_and_ends_with_the_total() {
        let step = |name: &str, seconds, passed, failed| Step {
            name: name.to_owned(),
            took: Duration::from_secs(seconds),
            tally: Tally { passed, failed },
        };
        let report = Report { steps: vec![step("tests", 24, 40, 2), step("docs", 720, 1, 0)] };
        assert_eq!(
            report.to_string(),
            "  0.4 min  tests  FAILED\n 12.0 min  docs\n41 passed, 2 failed"
        );
        assert_eq!(report.exit_code(), ExitCode::FAILURE);
    }

    #[test]
    fn check_counts_one_whichever_way_it_ends() {
        let mut report = Report::default();
        report.check("good", || Ok(()));
        report.check("bad", || Err("because".to_owned()));
        assert_eq!(report.total(), Tally { passed: 1, failed: 1 });
    }
}
