//! Asking for a value on a terminal, without showing it.

use strongroom::{Error, ErrorKind, Result, SecretValue};

/// Asks on stderr, and reads one line from stdin, which is a terminal. The newline is not part of it.
///
/// # Errors
/// `Cancelled` at Ctrl-C or the end of input; `Malformed` if the line is longer than a terminal hands on, or
/// others follow; `Unavailable` if the terminal does not take it.
#[cfg(unix)]
pub(crate) fn hidden(question: &str) -> Result<SecretValue> {
    use std::io::{Read, Write};
    use std::os::fd::AsFd;

    use zeroize::Zeroizing;

    let terminal = std::io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map(std::fs::File::from)
        .map_err(unavailable)?;
    let silence =
        unix::Silence::begin(terminal.as_fd()).map_err(|error| unavailable(error.into()))?;
    let mut stderr = std::io::stderr().lock();
    let _ = write!(stderr, "{question}");
    let _ = stderr.flush();
    let mut buffer = Zeroizing::new([0; unix::LONGEST_LINE]);
    // A terminal hands on one line a read.
    let read = (&terminal).read(&mut buffer[..]);
    let more = silence.is_followed();
    drop(silence);
    let _ = writeln!(stderr);
    let line = buffer.get(..read.map_err(unavailable)?).unwrap_or_default();
    unix::value(line, more)
}

/// There is no way yet to ask without showing the answer here.
///
/// # Errors
/// `Unsupported`, always.
#[cfg(not(unix))]
pub(crate) fn hidden(_question: &str) -> Result<SecretValue> {
    let message = "no prompt on this platform; pipe the value in, or use --from-file";
    Err(Error::new(ErrorKind::Unsupported, message).with_key("--stdin"))
}

#[cfg(unix)]
fn unavailable(error: std::io::Error) -> Error {
    let message = "the terminal cannot be asked without showing the answer";
    Error::new(ErrorKind::Unavailable, message).with_source(error)
}

#[cfg(unix)]
mod unix {
    use std::os::fd::BorrowedFd;

    use rustix::io;
    use rustix::termios::{
        LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
    };
    use strongroom::{Error, ErrorKind, Result, SecretValue};

    /// What a terminal hands on of one line, its newline included: N_TTY_BUF_SIZE of Linux, MAX_CANON of others.
    pub(super) const LONGEST_LINE: usize = if cfg!(target_os = "linux") { 4_096 } else { 1_024 };

    const CTRL_C: u8 = 3;

    /// Ctrl-C, Ctrl-Z and Ctrl-\\: without signals they arrive as they are, and nobody means them as part of a value.
    const INTERRUPTIONS: [u8; 3] = [CTRL_C, 0x1a, 0x1c];

    /// A terminal that shows nothing of what is typed, until this is dropped.
    pub(super) struct Silence<'a> {
        terminal: BorrowedFd<'a>,
        before: Termios,
    }

    impl<'a> Silence<'a> {
        pub(super) fn begin(terminal: BorrowedFd<'a>) -> io::Result<Self> {
            let before = tcgetattr(terminal)?;
            let mut silent = before.clone();
            silent.local_modes |= LocalModes::ICANON;
            // Without signals, as one that kills us would leave the terminal silent. Ctrl-C ends the line.
            silent.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ISIG;
            silent.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
            // What was typed before the question is no answer to it.
            tcsetattr(terminal, OptionalActions::Flush, &silent)?;
            Ok(Self { terminal, before })
        }

        /// Whether there is more than the line that was read: somebody pasted several.
        pub(super) fn is_followed(&self) -> bool {
            io::ioctl_fionread(self.terminal).is_ok_and(|bytes| bytes > 0)
        }
    }

    impl Drop for Silence<'_> {
        fn drop(&mut self) {
            // The rest of what was pasted must not reach the shell, which would run it and remember it.
            let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
        }
    }

    /// The answer in a line that was read, and whether more followed.
    pub(super) fn value(line: &[u8], more: bool) -> Result<SecretValue> {
        let refuse = |message: &'static str| Err(Error::new(ErrorKind::Malformed, message));
        if line.iter().any(|byte| INTERRUPTIONS.contains(byte)) {
            return Err(cancelled());
        }
        // A line that is full may have lost its end.
        if line.len() >= LONGEST_LINE {
            return refuse("the line is longer than a terminal hands on; use --from-file");
        }
        if more {
            return refuse("more than one line was pasted; use --from-file");
        }
        let typed = line.strip_suffix(b"\n").ok_or_else(cancelled)?;
        Ok(SecretValue::copy_from(pasted(typed)))
    }

    fn cancelled() -> Error {
        Error::new(ErrorKind::Cancelled, "no value was given")
    }

    /// Without the marks that a terminal puts around what is pasted (bracketed paste, xterm's mode 2004).
    fn pasted(typed: &[u8]) -> &[u8] {
        let inside = typed.strip_prefix(b"\x1b[200~");
        inside.and_then(|inside| inside.strip_suffix(b"\x1b[201~")).unwrap_or(typed)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn s81_marks_of_a_paste_are_not_part_of_the_value() {
            let typed = |line: &[u8]| value(line, false).unwrap().expose().to_vec();
            assert_eq!(typed(b"canary\n"), b"canary");
            assert_eq!(typed(b"\x1b[200~canary\x1b[201~\n"), b"canary");
            assert_eq!(typed(b" canary \n"), b" canary ");
        }

        #[test]
        fn an_answer_that_is_none_is_cancelled_and_one_that_is_cut_refused() {
            let kind = |line: &[u8], more| value(line, more).unwrap_err().kind();
            for line in [&b""[..], b"canary", b"canary\x03", b"canary\x1a\n", b"\x1c\n"] {
                assert_eq!(kind(line, false), ErrorKind::Cancelled, "{line:?}");
            }
            assert_eq!(kind(b"canary-line-1\n", true), ErrorKind::Malformed);
            let mut line = vec![b'x'; LONGEST_LINE];
            assert_eq!(kind(&line, false), ErrorKind::Malformed);
            line[LONGEST_LINE - 1] = b'\n';
            assert_eq!(kind(&line, false), ErrorKind::Malformed);
            line.remove(0);
            assert_eq!(value(&line, false).unwrap().len(), LONGEST_LINE - 2);
        }
    }
}
