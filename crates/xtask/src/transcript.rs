//! What `cargo test` prints, read line by line.

use crate::tally::Tally;

/// The results found so far in the output of one `cargo test`.
#[derive(Default)]
pub(crate) struct Transcript {
    tally: Tally,
    started: u64,
    finished: u64,
}

impl Transcript {
    /// Reads one line; most mean nothing.
    pub(crate) fn read(&mut self, line: &str) {
        if is_start(line) {
            self.started += 1;
        } else if let Some(tally) = result(line) {
            self.finished += 1;
            self.tally += tally;
        }
    }

    /// The count, once the command ended with `success` or without.
    pub(crate) fn conclude(mut self, success: bool) -> Tally {
        // A test program that aborts announces its tests and never prints a result.
        self.tally.failed += self.started.saturating_sub(self.finished);
        // What does not compile prints neither.
        if self.tally.failed == 0 && (!success || self.finished == 0) {
            self.tally.failed = 1;
        }
        self.tally
    }
}

/// Whether the line is like `running 12 tests`, the first line of a test program.
fn is_start(line: &str) -> bool {
    let mut words = line.split(' ');
    words.next() == Some("running")
        && words.next().is_some_and(|count| count.parse::<u64>().is_ok())
        && matches!(words.next(), Some("test" | "tests"))
        && words.next().is_none()
}

/// The counts of a line like `test result: ok. 12 passed; 0 failed; 1 ignored; ..`.
fn result(line: &str) -> Option<Tally> {
    let (_verdict, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |word| counts.split("; ").find_map(|part| part.strip_suffix(word)?.parse().ok());
    Some(Tally { passed: count(" passed")?, failed: count(" failed")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: &str = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
    const BAD: &str = "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s";

    #[test]
    fn result_lines_are_read_and_others_are_not() {
        for (line, expected) in [
            (OK, Some((12, 0))),
            (BAD, Some((3, 2))),
            ("test result_lines_are_read ... ok", None),
            ("test result: ok. many passed; 0 failed;", None),
            ("test result: ", None),
            ("", None),
        ] {
            let expected = expected.map(|(passed, failed)| Tally { passed, failed });
            assert_eq!(result(line), expected, "{line}");
        }
    }

    #[test]
    fn every_ending_is_counted() {
        let start = "running 12 tests";
        for (lines, success, expected) in [
            (&[start, OK, "running 1 test", OK][..], true, (24, 0)),
            (&[start, OK, start, BAD], false, (15, 2)),
            // Aborted, alone and beside an ordinary failure.
            (&[start], false, (0, 1)),
            (&[start, start, BAD], false, (3, 3)),
            // Did not compile, or failed for a reason that no line gives.
            (&[], false, (0, 1)),
            (&[start, OK], false, (12, 1)),
            // Success without one result is not success.
            (&[], true, (0, 1)),
        ] {
            let mut transcript = Transcript::default();
            for line in lines {
                transcript.read(line);
            }
            let (passed, failed) = expected;
            assert_eq!(transcript.conclude(success), Tally { passed, failed }, "{lines:?}");
        }
    }
}
