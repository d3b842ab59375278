//! The program as a child, and what it printed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// The program, which is told to stop when this value goes.
pub(crate) struct Running {
    pub(crate) child: Child,
    /// What its first line exports, as a shell reads it.
    pub(crate) variables: Vec<(String, String)>,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = program(arguments).stdout(Stdio::piped()).spawn().expect("it runs");
        let mut line = String::new();
        let output = child.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("it prints");
        assert!(line.starts_with("export "), "{line}");
        Self { child, variables: evaluate(&line) }
    }

    pub(crate) fn variable(&self, name: &str) -> &str {
        let found = self.variables.iter().find(|(found, _)| found == name);
        &found.expect(name).1
    }

    pub(crate) fn pairs(&self) -> Vec<(&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

impl Running {
    /// Sends a signal to the program, and gives how it ended.
    pub(crate) fn stop(&mut self, signal: Signal) -> ExitStatus {
        let id = Pid::from_raw(self.child.id().cast_signed()).expect("a process");
        let _ = kill_process(id, signal);
        self.child.wait().expect("it ends")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.stop(Signal::TERM);
        }
    }
}

pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom-fakes"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// What a shell without variables has after it evaluated this line.
fn evaluate(line: &str) -> Vec<(String, String)> {
    let script = format!("{line}\nexec /usr/bin/env");
    let shell = Command::new("sh").args(["-c", &script]).env_clear().output().expect("a shell");
    assert!(shell.status.success(), "{}", String::from_utf8_lossy(&shell.stderr));
    let text = String::from_utf8(shell.stdout).expect("text");
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    let ours = pairs.filter(|(name, _)| !["PWD", "_", "OLDPWD", "SHLVL"].contains(name));
    ours.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
