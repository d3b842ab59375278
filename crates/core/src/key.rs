//! Settings as data: one table a provider drives parsing, warnings, onboarding and documents.

/// One environment variable: its spelling, form, default and meaning.
///
/// ```
/// use strongroom_core::Key;
///
/// const TTL: Key = Key::seconds("SECRETS_CACHE_TTL_SECONDS", 1, 3600, "how long a key stays fresh")
///     .with_default("60");
/// assert_eq!(TTL.name, "SECRETS_CACHE_TTL_SECONDS");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Key {
    /// The variable.
    pub name: &'static str,
    /// What its value looks like.
    pub form: Form,
    /// Whether the provider cannot be opened without it.
    pub required: bool,
    /// What holds when it is not set, as text; `None` if nothing does.
    pub default: Option<&'static str>,
    /// What it means, in one line of Markdown.
    pub meaning: &'static str,
    /// Whether `X_FILE` may name a file instead.
    pub twin: bool,
}

/// The proxy of providers that are reached over a network.
pub const PROXY: Key = Key::text(
    "SECRETS_PROXY",
    "URL of the proxy to use, without credentials; the process's proxy variables are ignored, and loopback is never proxied",
);

/// What the value of a setting looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Form {
    /// Text that may be shown.
    Text,
    /// Text that is never shown.
    Secret,
    /// A path of this machine.
    Path,
    /// `true`, `false`, `1` or `0`.
    Boolean,
    /// Whole seconds, plain digits, within a range that includes both ends.
    Seconds {
        /// Smallest value.
        min: u64,
        /// Largest value.
        max: u64,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
}

impl Key {
    /// A setting of plain text.
    pub const fn text(name: &'static str, meaning: &'static str) -> Self {
        Self { name, form: Form::Text, required: false, default: None, meaning, twin: true }
    }

    /// A setting whose value is secret.
    pub const fn secret(name: &'static str, meaning: &'static str) -> Self {
        Self { form: Form::Secret, ..Self::text(name, meaning) }
    }

    /// A setting that is a path.
    pub const fn path(name: &'static str, meaning: &'static str) -> Self {
        Self { form: Form::Path, ..Self::text(name, meaning) }
    }

    /// A setting that is on or off.
    pub const fn boolean(name: &'static str, meaning: &'static str) -> Self {
        Self { form: Form::Boolean, ..Self::text(name, meaning) }
    }

    /// A setting in whole seconds from `min` to `max`.
    pub const fn seconds(name: &'static str, min: u64, max: u64, meaning: &'static str) -> Self {
        Self { form: Form::Seconds { min, max }, ..Self::text(name, meaning) }
    }

    /// A provider's own time to live, which wins over the common one: it is found by the end of its name,
    /// `_CACHE_TTL_SECONDS`.
    pub const fn cache_ttl(name: &'static str) -> Self {
        Self::seconds(name, 1, 3_600, "wins over `SECRETS_CACHE_TTL_SECONDS` for this provider")
    }

    /// A setting that is one of some words.
    pub const fn choice(
        name: &'static str,
        words: &'static [&'static str],
        meaning: &'static str,
    ) -> Self {
        Self { form: Form::Choice(words), ..Self::text(name, meaning) }
    }

    /// The same, without which the provider cannot be opened.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same, with what holds when it is not set.
    #[must_use]
    pub const fn with_default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    /// The same, which no file may hold: others read the variable too, and know of none.
    #[must_use]
    pub const fn without_twin(mut self) -> Self {
        self.twin = false;
        self
    }

    /// The variable that may name a file instead: `X_FILE`. Names that end so are paths already.
    pub(crate) fn file_twin(&self) -> Option<String> {
        (self.twin && !self.name.ends_with("_FILE")).then(|| format!("{}_FILE", self.name))
    }
}
