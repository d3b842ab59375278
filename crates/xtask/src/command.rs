//! Running other programs.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// The command `cargo` with these words, none of which contains a blank.
pub(crate) fn cargo(words: &str) -> Command {
    let mut command = Command::new("cargo");
    command.args(words.split_whitespace());
    command
}

/// Runs a command that talks to the terminal.
///
/// # Errors
/// If it cannot be started or does not exit with 0.
pub(crate) fn succeed(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|cause| unstarted(command, &cause))?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", text(command))) }
}

/// Runs a command, passes its standard output on and gives each line to `read`.
/// Answers whether it exited with 0.
///
/// # Errors
/// If it cannot be started or watched.
pub(crate) fn stream(command: &mut Command, mut read: impl FnMut(&str)) -> Result<bool, String> {
    let start = command.stdout(Stdio::piped()).spawn();
    let mut child = start.map_err(|cause| unstarted(command, &cause))?;
    if let Some(stdout) = child.stdout.take() {
        // Not `lines()`: tests may print what is not UTF-8.
        for line in BufReader::new(stdout).split(b'\n') {
            let line =
                line.map_err(|cause| format!("cannot read from {}: {cause}", text(command)))?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            read(line.trim_end());
        }
    }
    let status =
        child.wait().map_err(|cause| format!("cannot wait for {}: {cause}", text(command)))?;
    Ok(status.success())
}

/// Runs a command silently and gives its standard output.
///
/// # Errors
/// If it cannot be started, does not exit with 0 or does not print UTF-8.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let run = command.stderr(Stdio::inherit()).output();
    let output = run.map_err(|cause| unstarted(command, &cause))?;
    if !output.status.success() {
        return Err(format!("{} ended with {}", text(command), output.status));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| format!("{} printed what is not UTF-8", text(command)))
}

fn unstarted(command: &Command, cause: &std::io::Error) -> String {
    format!("cannot start {}: {cause}", text(command))
}

fn text(command: &Command) -> String {
    let words: Vec<_> = [command.get_program()]
        .into_iter()
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect();
    format!("`{}`", words.join(" "))
}
