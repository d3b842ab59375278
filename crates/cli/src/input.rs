//! What comes from stdin and from files.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use strongroom::{Error, ErrorKind, Result, SecretValue};
use zeroize::Zeroizing;

use crate::output::Output;
use crate::prompt;

/// A value from stdin: all of it, or on a terminal one line that is not shown.
///
/// # Errors
/// `Cancelled` if somebody gives up at the prompt; `Misconfigured` if it cannot be read.
pub(crate) fn value_from_stdin(output: Output) -> Result<SecretValue> {
    if io::stdin().is_terminal() {
        return prompt::hidden("value (not shown): ");
    }
    let value = value(&mut stdin("--stdin")?, "--stdin")?;
    note_newline(&value, output);
    Ok(value)
}

/// A value from a file: all of it.
///
/// # Errors
/// `Misconfigured` if it cannot be read.
pub(crate) fn value_from_file(path: &Path, output: Output) -> Result<SecretValue> {
    let value = value(&mut open(path, "--from-file")?, "--from-file")?;
    note_newline(&value, output);
    Ok(value)
}

/// A message from a file, or from stdin.
///
/// # Errors
/// `Misconfigured` if it cannot be read.
pub(crate) fn message(path: Option<&Path>, output: Output) -> Result<Zeroizing<Vec<u8>>> {
    if path.is_none() && io::stdin().is_terminal() {
        output.note("reading the message from the terminal, up to Ctrl-D");
    }
    let mut message = Zeroizing::new(Vec::new());
    match path {
        Some(path) => open(path, "--in")?.read_to_end(&mut message),
        None => stdin("stdin")?.read_to_end(&mut message),
    }
    .map_err(|error| unreadable(error, "--in"))?;
    Ok(message)
}

/// Reads at most one byte more than a value may have: the store then says that it is too long.
fn value(from: &mut File, option: &'static str) -> Result<SecretValue> {
    let mut buffer = Zeroizing::new(vec![0; SecretValue::MAX_BYTES + 1]);
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error, option)),
        }
    }
    Ok(SecretValue::copy_from(buffer.get(..filled).unwrap_or_default()))
}

fn note_newline(value: &SecretValue, output: Output) {
    if value.expose().ends_with(b"\n") {
        output
            .note("note: the value ends in a newline, which is part of it; `printf %s` makes none");
    }
}

fn open(path: &Path, option: &'static str) -> Result<File> {
    File::open(path).map_err(|error| unreadable(error, option))
}

/// Without the buffer of `io::stdin`, which nobody wipes.
#[cfg(unix)]
fn stdin(option: &'static str) -> Result<File> {
    use std::os::fd::AsFd;
    let stdin = io::stdin().as_fd().try_clone_to_owned();
    stdin.map(File::from).map_err(|error| unreadable(error, option))
}

#[cfg(windows)]
fn stdin(option: &'static str) -> Result<File> {
    use std::os::windows::io::AsHandle;
    let stdin = io::stdin().as_handle().try_clone_to_owned();
    stdin.map(File::from).map_err(|error| unreadable(error, option))
}

/// Without the path: somebody may have typed the value in its place.
fn unreadable(error: io::Error, option: &'static str) -> Error {
    let message = match error.kind() {
        io::ErrorKind::NotFound => "the file does not exist",
        io::ErrorKind::PermissionDenied => "the file may not be read by this user",
        io::ErrorKind::IsADirectory => "is a folder, expected a file",
        _ => "cannot be read",
    };
    Error::new(ErrorKind::Misconfigured, message).with_key(option).with_source(error)
}
