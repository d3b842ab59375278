//! Finding the value of a variable, in the environment, in the program or in a file.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use super::Settings;
use crate::{Error, ErrorKind, Key, Reason, Result, SecretValue};

/// A value together with the variable that it came from: `X` or `X_FILE`.
pub(super) struct Found {
    pub(super) value: SecretValue,
    pub(super) variable: String,
}

impl Settings {
    pub(super) fn find(&self, key: &Key) -> Result<Option<Found>> {
        self.find_named(key.name, key.file_twin())
    }

    pub(super) fn find_named(&self, name: &str, twin: Option<String>) -> Result<Option<Found>> {
        let refuse = |message: &'static str, variable: String| {
            Error::new(ErrorKind::Misconfigured, message).with_key(variable)
        };
        let set = |name: &str| self.set.get(name).cloned();
        let (mut direct, mut path) = (set(name), twin.as_deref().and_then(set));
        // What the program set hides both variables of the environment.
        if direct.is_none() && path.is_none() {
            direct = self.var(name)?;
            path = twin.as_deref().map(|twin| self.var(twin)).transpose()?.flatten();
        }
        let found = match (direct, path.zip(twin)) {
            (None, None) => return Ok(None),
            (Some(_), Some((_, twin))) => {
                return Err(refuse("both are set; keep one", format!("{name} and {twin}")));
            }
            (Some(value), None) => Found { value, variable: name.to_owned() },
            (None, Some((path, twin))) => {
                Found { value: self.read_twin(&path, &twin)?, variable: twin }
            }
        };
        let Found { value, variable } = found;
        Ok(Some(Found { value: checked_size(value, &variable)?, variable }))
    }

    pub(super) fn var(&self, name: &str) -> Result<Option<SecretValue>> {
        let value = self.environment.var(name).map(OsString::into_string).transpose();
        let value = value.map_err(|_| {
            Error::new(ErrorKind::Misconfigured, "is not UTF-8 text").with_key(name.to_owned())
        });
        Ok(value?.map(SecretValue::from))
    }

    fn read_twin(&self, path: &SecretValue, twin: &str) -> Result<SecretValue> {
        let path = as_path(path.expose_str()?, twin)?;
        let refuse = |message: &'static str| {
            Error::new(ErrorKind::Misconfigured, message).with_key(twin.to_owned())
        };
        if !path.is_absolute() {
            return Err(refuse("must be an absolute path"));
        }
        self.read_secret(path, twin)
    }

    pub(super) fn read_secret(&self, path: &Path, variable: &str) -> Result<SecretValue> {
        // The cap is for the value; a trailing newline comes on top.
        let bytes = self.read(path, variable, SecretValue::MAX_BYTES + 2)?;
        let value = SecretValue::from(bytes);
        let without_newline = strip_newline(value.expose());
        let value = match without_newline.len() == value.len() {
            true => value.clone(),
            false => SecretValue::copy_from(without_newline),
        };
        checked_size(value, variable)
    }

    pub(super) fn read(&self, path: &Path, variable: &str, max_bytes: usize) -> Result<Vec<u8>> {
        self.environment.read_file(path, max_bytes).map_err(|error| {
            let message = match error.kind() {
                io::ErrorKind::NotFound => "the file does not exist",
                io::ErrorKind::PermissionDenied => "the file may not be read by this process",
                io::ErrorKind::FileTooLarge => "the file is too long",
                io::ErrorKind::Unsupported => "these settings are a table without files",
                _ => "the file cannot be read; expected a regular file",
            };
            Error::new(ErrorKind::Misconfigured, message)
                .with_key(variable.to_owned())
                .with_source(error)
        })
    }
}

impl Found {
    pub(super) fn text(&self) -> Result<&str> {
        let refuse = |message: &'static str| {
            Error::new(ErrorKind::Misconfigured, message).with_key(self.variable.clone())
        };
        let text = self.value.expose_str().map_err(|_| refuse("is not UTF-8 text"))?;
        match text.chars().any(char::is_control) {
            true => Err(refuse("contains a control character or a line feed")),
            false => Ok(text),
        }
    }
}

pub(super) fn as_path<'a>(text: &'a str, variable: &str) -> Result<&'a Path> {
    let fault = match text {
        "" => "is set and empty; expected a path",
        _ if text.chars().any(char::is_control) => "contains a control character or a line feed",
        _ if text.starts_with('~') => {
            "begins with `~`, which only a shell expands; write the path out"
        }
        _ if text.starts_with("file:") => "is a URL; expected a path",
        _ => return Ok(Path::new(text)),
    };
    Err(Error::new(ErrorKind::Misconfigured, fault).with_key(variable.to_owned()))
}

fn checked_size(value: SecretValue, variable: &str) -> Result<SecretValue> {
    let (reason, message) = match value.len() {
        0 => (Reason::Empty, "is set and empty; unset it or give it a value"),
        1..=SecretValue::MAX_BYTES => return Ok(value),
        _ => (Reason::TooLarge, "is longer than 65536 bytes"),
    };
    let error = Error::new(ErrorKind::Misconfigured, message);
    Err(error.with_key(variable.to_owned()).with_reason(reason))
}

/// Drops one trailing `\n` or `\r\n`, as editors and `echo` add it.
fn strip_newline(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\r\n").or_else(|| bytes.strip_suffix(b"\n")).unwrap_or(bytes)
}
