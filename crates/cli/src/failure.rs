//! How a command fails: for people, as JSON, and as an exit code.

use std::error::Error as _;
use std::io;

use serde::Serialize;
use strongroom::{Error, ErrorKind};

use crate::colour;
use crate::output::say;
use crate::usage::Usage;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line is not one.
    Usage(Usage),
    /// It was tried.
    Error(Error),
}

impl Failure {
    /// 2 for a wrong command line, else that of the kind.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Error(error) => error.kind().exit_code(),
        }
    }

    /// Tells it on stderr: as one line of JSON, or as a line what, a line why, a line what to do.
    pub(crate) fn tell(&self, json: bool) {
        match json {
            true => say(&self.json()),
            false => self.words().iter().for_each(|line| say(line)),
        }
    }

    fn json(&self) -> String {
        let error = match self {
            Self::Usage(usage) => {
                Told { kind: "usage", message: usage.to_string(), ..Told::default() }
            }
            Self::Error(error) => Told {
                kind: error.kind().as_str(),
                message: match error.key() {
                    Some(setting) => format!("{setting}: {}", error.message()),
                    None => error.message().to_owned(),
                },
                provider: error.provider(),
                operation: error.operation(),
                name: error.name(),
                retry_after_ms: error.retry_after().map(|after| after.as_millis()),
            },
        };
        // Text and numbers: nothing in it can fail.
        serde_json::to_string(&Envelope { error }).unwrap_or_default()
    }

    fn words(&self) -> Vec<String> {
        let red = |word: &str| match colour::wanted(&io::stderr()) {
            true => colour::paint(word, 31),
            false => word.to_owned(),
        };
        match self {
            Self::Usage(usage) => {
                vec![format!("{} {usage}", red("usage:")), format!("hint: {}", usage.hint())]
            }
            Self::Error(error) => {
                let mut lines = vec![format!("{} {error}", red("error:"))];
                lines.extend(error.source().map(|cause| format!("cause: {cause}")));
                let after =
                    error.retry_after().filter(|_| error.kind() != ErrorKind::SignatureMismatch);
                lines.extend(after.map(|after| {
                    format!("hint: try again in {} s", after.as_millis().div_ceil(1_000))
                }));
                lines.extend(hint(error).map(|hint| format!("hint: {hint}")));
                lines
            }
        }
    }
}

/// What helps, where something does.
fn hint(error: &Error) -> Option<&'static str> {
    Some(match error.kind() {
        ErrorKind::PermissionDenied => "`strongroom doctor NAME` says which right is missing",
        ErrorKind::Unauthenticated => "`strongroom doctor` says what is wrong with the credential",
        ErrorKind::Unavailable | ErrorKind::TlsRejected if error.provider().is_some() => {
            "`strongroom doctor` says what can be reached"
        }
        ErrorKind::Misconfigured if error.provider().is_some() => {
            "`strongroom doctor` checks the whole set-up"
        }
        // Those that begin with `--` are options of ours.
        ErrorKind::Misconfigured if error.key().is_some_and(|key| !key.starts_with('-')) => {
            "`strongroom providers` lists the settings, and which are set"
        }
        ErrorKind::Conflict => "look at what is there now, then decide again",
        _ => return None,
    })
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: Told<'a>,
}

/// The shape of an error in JSON. What is not known is null.
#[derive(Default, Serialize)]
struct Told<'a> {
    kind: &'static str,
    message: String,
    provider: Option<&'static str>,
    operation: Option<&'static str>,
    name: Option<&'a str>,
    retry_after_ms: Option<u128>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Usage> for Failure {
    fn from(usage: Usage) -> Self {
        Self::Usage(usage)
    }
}

/// No runtime could be started.
pub(crate) fn no_runtime(error: io::Error) -> Error {
    Error::new(ErrorKind::Internal, "cannot start a runtime").with_source(error)
}
