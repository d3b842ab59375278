//! A process that does not outlive what started it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// A running program. It is killed when this value goes, and when our process does, however that ends.
pub(crate) struct Process {
    shell: Child,
}

impl Process {
    /// Starts `program` with nothing of our environment, and gives its log: a line for each that it
    /// prints, until it ended.
    ///
    /// # Errors
    /// If the shell cannot be started. A program that cannot be started says so in the log.
    pub(crate) fn start(program: &Path, arguments: &[String]) -> Result<(Self, Log), String> {
        let mut shell = Command::new("sh")
            .args(["-c", GUARD, "sh"])
            .arg(program)
            .args(arguments)
            .env_clear()
            .env("HOME", HOME)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|cause| format!("cannot start sh: {cause}"))?;
        let (said, log) = mpsc::channel();
        if let Some(output) = shell.stdout.take() {
            // Reads on when nobody listens any more: a full pipe would stop the program.
            thread::spawn(move || {
                for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                    let _ = said.send(String::from_utf8_lossy(&line).into_owned());
                }
            });
        }
        Ok((Self { shell }, Log { lines: log }))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Closes the shell's input first.
        let _ = self.shell.wait();
    }
}

/// What a program prints.
pub(crate) struct Log {
    lines: Receiver<String>,
}

impl Log {
    /// Reads up to the first line in which `find` finds something, and gives that.
    ///
    /// # Errors
    /// If the program ends before, or says nothing for 30 s; the text has what it printed.
    pub(crate) fn find<T>(&self, find: impl Fn(&str) -> Option<T>) -> Result<T, String> {
        let mut lines = Vec::new();
        loop {
            let problem = match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => match find(&line) {
                    Some(found) => return Ok(found),
                    None => {
                        lines.push(line);
                        continue;
                    }
                },
                Err(RecvTimeoutError::Disconnected) => "has ended",
                Err(RecvTimeoutError::Timeout) => "has nothing to say",
            };
            return Err(format!("{problem}:\n{}", lines.join("\n")));
        }
    }
}

/// Longest silence of a program that starts; servers take a second at most when nothing else runs.
const PATIENCE: Duration = Duration::from_secs(30);

/// A home that does not exist, so that nothing is read there and nothing left. Without one, programs ask
/// the system for the real one.
pub(crate) const HOME: &str = "/nonexistent";

/// Runs a program until the input ends. We hold the other end of it and never write, so that it ends
/// when we close it or die.
///
/// Of the shell and the program, only the program keeps the output open: the end of the log is the
/// end of the program. Signals meant for us, such as Ctrl-C, must not end the shell before it killed.
/// Built-in commands only, as there is no `PATH`.
const GUARD: &str = "\
trap : HUP INT TERM
\"$@\" 2>&1 &
program=$!
exec >/dev/null
read -r _
kill -9 $program
wait $program";

#[cfg(test)]
mod tests {
    use super::*;

    fn start(program: &str, arguments: &[&str]) -> (Process, Receiver<String>) {
        let arguments: Vec<_> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let (process, log) = Process::start(Path::new(program), &arguments).unwrap();
        (process, log.lines)
    }

    /// Prints its id, then waits for longer than any test runs.
    const WAITER: [&str; 2] = ["-c", "echo $$; exec /bin/sleep 600"];

    #[test]
    fn log_ends_with_the_program_while_the_shell_still_waits() {
        let (mut process, log) = start("/bin/echo", &["one line"]);
        assert_eq!(log.iter().collect::<Vec<_>>(), ["one line"]);
        assert!(process.shell.try_wait().unwrap().is_none());
    }

    #[test]
    fn dropped_value_stops_the_program() {
        let (process, log) = start("/bin/sh", &WAITER);
        log.recv().unwrap();
        drop(process);
        assert!(log.recv().is_err());
    }

    #[test]
    fn closed_pipe_stops_the_program() {
        let (mut process, log) = start("/bin/sh", &WAITER);
        log.recv().unwrap();
        // All that is left of us when we are killed.
        drop(process.shell.stdin.take());
        assert!(log.recv().is_err());
    }

    #[test]
    fn program_that_cannot_start_says_so() {
        let (_process, log) = start("/no/such/program", &[]);
        assert!(log.iter().any(|line| line.contains("/no/such/program")));
    }

    #[test]
    fn program_sees_nothing_of_our_environment() {
        let (_process, log) = start("/usr/bin/env", &[]);
        let lines: Vec<_> = log.iter().collect();
        assert!(lines.contains(&"HOME=/nonexistent".to_owned()), "{lines:?}");
        assert!(!lines.iter().any(|line| line.starts_with("CARGO")), "{lines:?}");
    }
}
