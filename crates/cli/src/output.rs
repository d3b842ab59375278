//! Data to stdout, words to stderr.

use std::fs::File;
use std::io::{self, Write};

use serde::Serialize;
use strongroom::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

/// Where a command writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// Whether data is JSON, and words are left out.
    pub(crate) json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Writes exactly these bytes to stdout. A reader that has gone (`EPIPE`) wants no more of it, which is no
    /// failure of ours.
    ///
    /// # Errors
    /// `Unavailable` if stdout takes no more.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Result<()> {
        let written = stdout().and_then(|mut stdout| {
            stdout.write_all(bytes)?;
            stdout.flush()
        });
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(unwritable),
        }
    }

    /// Writes text to stdout, with a newline at its end unless it has one or is empty.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes).
    pub(crate) fn text(self, text: &str) -> Result<()> {
        match text.is_empty() || text.ends_with('\n') {
            true => self.bytes(text.as_bytes()),
            false => self.bytes(format!("{text}\n").as_bytes()),
        }
    }

    /// Writes one line of JSON to stdout.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes).
    pub(crate) fn json(self, data: &impl Serialize) -> Result<()> {
        let mut line = Line::default();
        serde_json::to_writer(&mut line, data).map_err(|_| unserializable())?;
        let _ = line.write(b"\n");
        self.bytes(&line.0)
    }

    /// Says something about what was done, on stderr. Left out with `--json`: there stderr is for errors and
    /// warnings.
    pub(crate) fn note(self, words: &str) {
        if !self.json {
            say(words);
        }
    }
}

/// A line on stderr. If nobody reads it, there is nobody to tell.
pub(crate) fn say(words: &str) {
    let _ = writeln!(io::stderr().lock(), "{words}");
}

/// A line that may hold a value: wiped, also where it had to grow.
#[derive(Default)]
struct Line(Zeroizing<Vec<u8>>);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.capacity() - self.0.len() < bytes.len() {
            let room = (self.0.len() + bytes.len()).max(self.0.capacity() * 2);
            let mut larger = Zeroizing::new(Vec::with_capacity(room));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Without the buffer of `io::stdout`, which nobody wipes.
#[cfg(unix)]
fn stdout() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

#[cfg(windows)]
fn stdout() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(io::stdout().as_handle().try_clone_to_owned()?))
}

fn unwritable(error: io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "cannot write to stdout").with_source(error)
}

fn unserializable() -> Error {
    Error::new(ErrorKind::Internal, "the answer cannot be written as JSON")
}
