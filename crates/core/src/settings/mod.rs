//! Reading settings: `X`, or the file that `X_FILE` names, with the rules that hold for every variable.

mod lookup;
mod near_miss;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use self::lookup::as_path;
use crate::{Environment, Error, ErrorKind, Form, Key, Result, SecretName, SecretValue};

/// The settings of one `Secrets`: an environment, with values of the program's own laid over it.
///
/// Rules for every variable: set and empty is an error, not unset; `X` and `X_FILE` together are an
/// error; a file loses one trailing newline; booleans are `true`, `false`, `1`, `0`; integers are plain
/// digits within a range. Errors name the variable and what would be right, never its value.
///
/// ```
/// use strongroom_core::{Key, Settings};
///
/// const DIR: Key = Key::path("SECRETS_DIR", "the folder");
/// let settings = Settings::from_pairs([("SECRETS_DIR", "/run/secrets")]);
/// assert_eq!(settings.path(&DIR)?.as_deref(), Some("/run/secrets".as_ref()));
/// # Ok::<(), strongroom_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Settings {
    environment: Arc<dyn Environment>,
    set: BTreeMap<String, SecretValue>,
}

impl Settings {
    /// The settings of an environment.
    pub fn new(environment: impl Environment) -> Self {
        Self { environment: Arc::new(environment), set: BTreeMap::new() }
    }

    /// Only these variables, and no files: what a fake hands out.
    pub fn from_pairs<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<String>,
        V: Into<String>,
    {
        pairs
            .into_iter()
            .fold(Self::new(Nothing), |settings, (name, value)| settings.with(name, value))
    }

    /// The same settings with one variable set by the program. Hides `X` and `X_FILE` below it.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.set.insert(name.into(), SecretValue::from(value.into()));
        self
    }

    /// Whether somebody set it, directly or by its `_FILE` twin, rightly or not.
    pub fn is_set(&self, key: &Key) -> bool {
        // By way of `var`, which wipes what it reads. One that is not UTF-8 is set, and wrong.
        let is_set =
            |name: &str| self.set.contains_key(name) || !matches!(self.var(name), Ok(None));
        is_set(key.name) || key.file_twin().is_some_and(|twin| is_set(&twin))
    }

    /// Whether any user of the machine may read the file that holds a setting; `None` if it is in no file, or
    /// the file cannot be looked at.
    pub fn is_in_open_file(&self, key: &Key) -> Option<bool> {
        let twin = key.file_twin()?;
        let path = self.set.get(&twin).cloned().or_else(|| self.var(&twin).ok().flatten())?;
        self.environment.anyone_can_read(as_path(path.expose_str().ok()?, &twin).ok()?).ok()
    }

    /// A setting of plain text, or its default.
    ///
    /// # Errors
    /// `Misconfigured`, as for every reader of this type, if the variable breaks a rule.
    pub fn text(&self, key: &Key) -> Result<Option<String>> {
        match self.find(key)? {
            Some(found) => Ok(Some(found.text()?.to_owned())),
            None => Ok(key.default.map(str::to_owned)),
        }
    }

    /// A setting that is the name of a secret; `None` also for a default that is empty.
    ///
    /// # Errors
    /// As [`text`](Self::text); also for what is no name.
    pub fn name(&self, key: &Key) -> Result<Option<SecretName>> {
        let text = self.text(key)?.filter(|text| !text.is_empty());
        let name = text.as_deref().map(SecretName::new).transpose();
        name.map_err(|error| error.with_key(key.name))
    }

    /// A setting whose value is secret.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn secret(&self, key: &Key) -> Result<Option<SecretValue>> {
        Ok(self.find(key)?.map(|found| found.value))
    }

    /// A variable that no [`Key`] names, under the same rules: what the `env` provider reads.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn variable(&self, name: &str) -> Result<Option<SecretValue>> {
        Ok(self.find_named(name, Some(format!("{name}_FILE")))?.map(|found| found.value))
    }

    /// A setting that is a path.
    ///
    /// # Errors
    /// As [`text`](Self::text); also for `~/x` and `file:` URLs, which only a shell or a browser resolves.
    pub fn path(&self, key: &Key) -> Result<Option<PathBuf>> {
        match self.find(key)? {
            Some(found) => Ok(Some(as_path(found.text()?, &found.variable)?.to_owned())),
            None => Ok(key.default.map(PathBuf::from)),
        }
    }

    /// The contents of the file that a path setting names, where what the file says is trusted: roots of
    /// TLS.
    ///
    /// # Errors
    /// `Misconfigured` if the file cannot be read, is longer than `max_bytes`, or may be written by any
    /// user of the machine.
    pub fn trusted_file(&self, key: &Key, max_bytes: usize) -> Result<Option<Vec<u8>>> {
        let Some(path) = self.path(key)? else { return Ok(None) };
        let bytes = self.read(&path, key.name, max_bytes)?;
        match self.environment.anyone_can_write(&path) {
            Ok(false) => Ok(Some(bytes)),
            _ => {
                let message = "any user of this machine may write the file; take that right away";
                Err(Error::new(ErrorKind::Misconfigured, message).with_key(key.name))
            }
        }
    }

    /// The secret in the file that a path setting names, without one trailing newline.
    ///
    /// # Errors
    /// `Misconfigured` if the file cannot be read, is empty, or is longer than 64 KiB.
    pub fn secret_file(&self, key: &Key) -> Result<Option<SecretValue>> {
        let Some(path) = self.path(key)? else { return Ok(None) };
        self.read_secret(&path, key.name).map(Some)
    }

    /// A setting that is on or off: `true`, `false`, `1`, `0`, and nothing else.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn boolean(&self, key: &Key) -> Result<Option<bool>> {
        self.parse(key, |text| match text {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err("must be one of true, false, 1, 0".into()),
        })
    }

    /// A setting in whole seconds.
    ///
    /// # Errors
    /// As [`text`](Self::text); the error prints the range.
    pub fn seconds(&self, key: &Key) -> Result<Option<Duration>> {
        let (min, max) = match key.form {
            Form::Seconds { min, max } => (min, max),
            _ => (0, u64::MAX),
        };
        self.parse(key, |text| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let number = digits.then(|| text.parse().ok()).flatten();
            let number = number.filter(|number| (min..=max).contains(number));
            number.map(Duration::from_secs).ok_or_else(|| {
                format!("must be whole seconds in plain digits, from {min} to {max}")
            })
        })
    }

    /// A setting that is one of the words of its [`Form::Choice`].
    ///
    /// # Errors
    /// As [`text`](Self::text); the error lists the words.
    pub fn choice(&self, key: &Key) -> Result<Option<&'static str>> {
        let words: &'static [&'static str] = match key.form {
            Form::Choice(words) => words,
            _ => &[],
        };
        self.parse(key, |text| {
            let word = words.iter().find(|word| **word == text);
            word.copied().ok_or_else(|| format!("must be one of {}", words.join(", ")))
        })
    }

    /// The error for a required setting that is not set.
    pub fn missing(key: &Key) -> Error {
        let twin = key.file_twin().map(|twin| format!(" (or {twin})")).unwrap_or_default();
        let message = format!("is not set{twin}; it is {}", key.meaning);
        Error::new(ErrorKind::Misconfigured, message).with_key(key.name)
    }

    fn parse<T>(
        &self,
        key: &Key,
        read: impl Fn(&str) -> std::result::Result<T, String>,
    ) -> Result<Option<T>> {
        let refuse = |message, variable: String| {
            Error::new(ErrorKind::Misconfigured, message).with_key(variable)
        };
        match (self.find(key)?, key.default) {
            (Some(found), _) => {
                read(found.text()?).map(Some).map_err(|message| refuse(message, found.variable))
            }
            (None, Some(default)) => {
                read(default).map(Some).map_err(|message| refuse(message, key.name.to_owned()))
            }
            (None, None) => Ok(None),
        }
    }
}

/// Names only: a value may be a token.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("set", &self.set.keys().collect::<Vec<_>>()).finish()
    }
}

#[derive(Debug)]
struct Nothing;

impl Environment for Nothing {
    fn var(&self, _: &str) -> Option<OsString> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn read_file(&self, _: &Path, _: usize) -> io::Result<Vec<u8>> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "these settings have no files"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const TTL: Key =
        Key::seconds("SECRETS_CACHE_TTL_SECONDS", 1, 3600, "TTL").with_default("60");
    const STRICT: Key = Key::boolean("SECRETS_FILE_STRICT", "strict modes");
    pub(super) const DIR: Key = Key::path("SECRETS_DIR", "the folder").required();
    pub(super) const TOKEN: Key = Key::secret("VAULT_TOKEN", "the token");
    const ENCODING: Key = Key::choice("SECRETS_SIGNING_KEY_ENCODING", &["raw", "hex"], "encoding");

    #[derive(Debug)]
    pub(super) struct Table(
        pub(super) Vec<(&'static str, OsString)>,
        pub(super) Vec<(&'static str, &'static [u8])>,
    );

    impl Environment for Table {
        fn var(&self, name: &str) -> Option<OsString> {
            self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
        }

        fn names(&self) -> Vec<String> {
            self.0.iter().map(|(name, _)| (*name).to_owned()).collect()
        }

        fn read_file(&self, path: &Path, _: usize) -> io::Result<Vec<u8>> {
            let file = self.1.iter().find(|(known, _)| Path::new(known) == path);
            file.map(|(_, bytes)| bytes.to_vec()).ok_or(io::ErrorKind::NotFound.into())
        }
    }

    fn misconfigured<T: fmt::Debug>(result: Result<T>, expected: &str) {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!format!("{error:?}{error}").contains("canary"), "{error:?}");
    }

    #[test]
    fn b032_seconds_are_plain_digits_in_range() {
        let bad = [
            "0",
            "-1",
            "1.5",
            "60s",
            "1e3",
            "99999999999999999999",
            "NaN",
            " 60",
            "+60",
            "3601",
            "٦٠",
        ];
        for text in bad {
            let settings = Settings::from_pairs([(TTL.name, text)]);
            misconfigured(
                settings.seconds(&TTL),
                "SECRETS_CACHE_TTL_SECONDS: must be whole seconds",
            );
            misconfigured(settings.seconds(&TTL), "from 1 to 3600");
        }
        misconfigured(Settings::from_pairs([(TTL.name, "")]).seconds(&TTL), "set and empty");
        for (text, seconds) in [("1", 1), ("3600", 3600)] {
            let settings = Settings::from_pairs([(TTL.name, text)]);
            assert_eq!(settings.seconds(&TTL).unwrap(), Some(Duration::from_secs(seconds)));
        }
        let unset = Settings::from_pairs::<&str, &str>([]);
        assert_eq!(unset.seconds(&TTL).unwrap(), Some(Duration::from_secs(60)));
    }

    #[test]
    fn b039_f098_booleans_are_four_words() {
        for text in ["TRUE", "yes", "on", "ture", " ", "0x1", "TRUE ", "true "] {
            misconfigured(
                Settings::from_pairs([(STRICT.name, text)]).boolean(&STRICT),
                "SECRETS_FILE_STRICT: must be one of true, false, 1, 0",
            );
        }
        for (text, value) in [("true", true), ("1", true), ("false", false), ("0", false)] {
            let settings = Settings::from_pairs([(STRICT.name, text)]);
            assert_eq!(settings.boolean(&STRICT).unwrap(), Some(value));
        }
    }

    #[test]
    fn b026_a_variable_and_its_file_together_are_an_error() {
        let both =
            Settings::from_pairs([("VAULT_TOKEN", "canary-a"), ("VAULT_TOKEN_FILE", "/canary")]);
        misconfigured(both.secret(&TOKEN), "VAULT_TOKEN and VAULT_TOKEN_FILE: both are set");
    }

    #[test]
    fn b027_file_twins_are_absolute_paths() {
        for (path, expected) in [
            ("", "set and empty"),
            ("token", "absolute path"),
            ("~/x", "only a shell expands"),
            ("file:///x", "is a URL"),
            ("/x\ny", "control character"),
            ("/missing", "does not exist"),
        ] {
            let settings = Settings::new(Table(vec![("VAULT_TOKEN_FILE", path.into())], vec![]));
            misconfigured(settings.secret(&TOKEN), expected);
            misconfigured(settings.secret(&TOKEN), "VAULT_TOKEN_FILE");
        }
    }

    #[test]
    fn a_file_loses_one_trailing_newline() {
        for (bytes, value) in [
            (&b"canary"[..], &b"canary"[..]),
            (b"canary\n", b"canary"),
            (b"canary\r\n", b"canary"),
            (b"canary\n\n", b"canary\n"),
        ] {
            let table = Table(vec![("VAULT_TOKEN_FILE", "/t".into())], vec![("/t", bytes)]);
            let token = Settings::new(table).secret(&TOKEN).unwrap().unwrap();
            assert_eq!(token.expose(), value);
        }
        let empty = Table(vec![("VAULT_TOKEN_FILE", "/t".into())], vec![("/t", b"\n")]);
        misconfigured(Settings::new(empty).secret(&TOKEN), "VAULT_TOKEN_FILE: is set and empty");
    }

    #[cfg(unix)]
    #[test]
    fn b036_a_variable_that_is_not_utf8_is_named_and_not_shown() {
        use std::os::unix::ffi::OsStringExt;
        let value = OsString::from_vec(b"canary\xff".to_vec());
        let settings = Settings::new(Table(vec![("VAULT_TOKEN", value)], vec![]));
        misconfigured(settings.secret(&TOKEN), "VAULT_TOKEN: is not UTF-8");
    }

    #[test]
    fn what_the_program_sets_hides_the_variable_and_its_twin() {
        let table = Table(vec![("VAULT_TOKEN_FILE", "/missing".into())], vec![]);
        let settings = Settings::new(table).with("VAULT_TOKEN", "canary");
        assert_eq!(settings.secret(&TOKEN).unwrap().unwrap().expose(), b"canary");
        assert!(!format!("{settings:?}").contains("canary"));
    }

    #[test]
    fn choices_and_paths_say_what_would_be_right() {
        let settings = Settings::from_pairs([(ENCODING.name, "HEX"), (DIR.name, "~/secrets")]);
        misconfigured(settings.choice(&ENCODING), "must be one of raw, hex");
        misconfigured(settings.path(&DIR), "SECRETS_DIR: begins with `~`");
        misconfigured::<()>(
            Err(Settings::missing(&DIR)),
            "SECRETS_DIR: is not set (or SECRETS_DIR_FILE)",
        );
    }

    #[test]
    fn a_name_says_which_setting_is_none() {
        const NAME: Key = Key::text("SECRETS_PREFIX", "the prefix");
        let unset = Settings::from_pairs::<&str, &str>([]);
        assert_eq!(unset.name(&NAME).unwrap(), None);
        assert_eq!(unset.name(&NAME.with_default("")).unwrap(), None);
        assert_eq!(unset.name(&NAME.with_default("a")).unwrap(), SecretName::new("a").ok());
        let set = |text| Settings::from_pairs([(NAME.name, text)]).name(&NAME);
        assert_eq!(set("a/b").unwrap(), SecretName::new("a/b").ok());
        misconfigured(set("a//b"), "SECRETS_PREFIX");
        misconfigured(set(""), "SECRETS_PREFIX: is set and empty");
    }
}
