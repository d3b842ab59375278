//! The one error type.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{ErrorKind, Reason, SecretName};

/// `std::result::Result` with our [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What failed: the kind, and the setting, secret or operation that it is about.
///
/// One pointer wide and cheap to clone, so that one failed load can answer a thousand callers. The text
/// names what is wrong and what would be right; it never holds a value, a token, a response body or a
/// URL query, and neither does a source.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    reason: Option<Reason>,
    setting: Option<Cow<'static, str>>,
    provider: Option<&'static str>,
    operation: Option<&'static str>,
    name: Option<String>,
    retry_after: Option<Duration>,
    attempts: u32,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of a kind, with a text in lower case that says what is wrong and what is expected.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            reason: None,
            setting: None,
            provider: None,
            operation: None,
            name: None,
            retry_after: None,
            attempts: 1,
            source: None,
        }))
    }

    /// A signature that does not verify.
    ///
    /// Looks the same for every reason, and names neither key nor provider: what a forger may learn from
    /// it is that the signature was refused.
    pub fn signature(reason: Reason) -> Self {
        Self::new(ErrorKind::SignatureMismatch, "signature does not verify").with_reason(reason)
    }

    /// A field that a store of whole values was asked for.
    pub fn no_fields() -> Self {
        let message = "this store has no fields; read and write the whole value";
        Self::new(ErrorKind::Unsupported, message)
    }

    /// Names the setting (environment variable) that has to change.
    #[must_use]
    pub fn with_key(mut self, setting: impl Into<Cow<'static, str>>) -> Self {
        self.inner().setting = Some(setting.into());
        self
    }

    /// Names the secret. Escaped, so that any text may be passed.
    #[must_use]
    pub fn with_name(mut self, name: impl AsRef<str>) -> Self {
        self.inner().name = Some(crate::escaped(name.as_ref()));
        self
    }

    /// Names the provider and the operation, unless a provider was named already.
    #[must_use]
    pub fn with_operation(mut self, provider: &'static str, operation: &'static str) -> Self {
        if self.0.provider.is_none() {
            let inner = self.inner();
            inner.provider = Some(provider);
            inner.operation = Some(operation);
        }
        self
    }

    /// Names provider, operation and secret, as far as nobody has done so: for every error of a store.
    #[must_use]
    pub fn located(
        self,
        provider: &'static str,
        operation: &'static str,
        name: Option<&SecretName>,
    ) -> Self {
        let named = match (self.name(), name) {
            (None, Some(name)) => self.with_name(name.as_str()),
            _ => self,
        };
        named.with_operation(provider, operation)
    }

    /// Adds the closed word below the kind.
    #[must_use]
    pub fn with_reason(mut self, reason: Reason) -> Self {
        self.inner().reason = Some(reason);
        self
    }

    /// Says when trying again makes sense. A later time that was said before stays.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.inner().retry_after = self.0.retry_after.max(Some(after));
        self
    }

    /// As it is told again later: what is left of the time that was said before. For caches of errors.
    #[must_use]
    pub fn retold(mut self, left: Duration) -> Self {
        self.inner().retry_after = (!left.is_zero()).then_some(left);
        self
    }

    /// Says how many attempts failed, this one included.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.inner().attempts = attempts;
        self
    }

    /// Adds the cause. Only for errors that cannot hold a secret: never a parse error of a value, a body
    /// or a URL.
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.inner().source = Some(Arc::new(source));
        self
    }

    /// The text alone: what is wrong and what is expected, without provider, setting and name.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The kind, which decides what to do next.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The closed word below the kind, if there is one.
    pub fn reason(&self) -> Option<Reason> {
        self.0.reason
    }

    /// The setting that has to change, if it is one.
    pub fn key(&self) -> Option<&str> {
        self.0.setting.as_deref()
    }

    /// The id of the provider that answered.
    pub fn provider(&self) -> Option<&'static str> {
        self.0.provider
    }

    /// The operation that failed: `get`, `put`, ...
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The name of the secret as the provider knows it, prefix included; escaped.
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// The earliest time at which trying again makes sense, counted from now.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How many attempts failed before this was said, the last one included.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    fn inner(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }

    fn is_signature(&self) -> bool {
        self.0.kind == ErrorKind::SignatureMismatch
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if self.is_signature() {
            return f.write_str(&inner.message);
        }
        if let (Some(provider), Some(operation)) = (inner.provider, inner.operation) {
            write!(f, "{provider} {operation}: ")?;
        }
        if let Some(setting) = &inner.setting {
            write!(f, "{setting}: ")?;
        }
        if let Some(name) = &inner.name {
            write!(f, "`{name}`: ")?;
        }
        f.write_str(&inner.message)?;
        match inner.attempts {
            0 | 1 => Ok(()),
            attempts => write!(f, " ({attempts} attempts)"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        let mut shown = f.debug_struct("Error");
        shown.field("kind", &inner.kind).field("message", &inner.message);
        // `{:?}` of a refused signature ends up in answers to strangers as easily as `{}` does.
        if self.is_signature() {
            return shown.finish();
        }
        if let Some(reason) = &inner.reason {
            shown.field("reason", reason);
        }
        for (label, text) in [
            ("key", inner.setting.as_deref()),
            ("provider", inner.provider),
            ("operation", inner.operation),
            ("name", inner.name.as_deref()),
        ] {
            if let Some(text) = text {
                shown.field(label, &text);
            }
        }
        if let Some(after) = &inner.retry_after {
            shown.field("retry_after", after);
        }
        if inner.attempts > 1 {
            shown.field("attempts", &inner.attempts);
        }
        if let Some(source) = &inner.source {
            shown.field("source", source);
        }
        shown.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_pointer_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn names_provider_operation_setting_and_secret() {
        let error = Error::new(ErrorKind::Misconfigured, "must be an integer from 1 to 3600")
            .with_key("SECRETS_CACHE_TTL_SECONDS");
        assert_eq!(
            error.to_string(),
            "SECRETS_CACHE_TTL_SECONDS: must be an integer from 1 to 3600"
        );
        let error = Error::new(ErrorKind::NotFound, "no such secret")
            .with_name("a\nb")
            .with_operation("file", "get");
        assert_eq!(error.to_string(), "file get: `a\\u{a}b`: no such secret");
    }

    #[test]
    fn s41_refused_signatures_look_alike_whatever_the_reason() {
        let shown = |reason| {
            let error = Error::signature(reason)
                .with_name(reason.as_str())
                .with_retry_after(Duration::from_secs(reason as u64));
            (error.to_string(), format!("{error:?}"))
        };
        let first = shown(Reason::Tag);
        for reason in [Reason::UnknownKey, Reason::Retired, Reason::Alg, Reason::Malformed] {
            assert_eq!(shown(reason), first);
            assert_eq!(Error::signature(reason).reason(), Some(reason));
        }
    }

    #[test]
    fn the_later_time_stays_until_it_is_told_again() {
        let seconds = Duration::from_secs;
        let error = Error::new(ErrorKind::Throttled, "too many").with_retry_after(seconds(7));
        assert_eq!(error.clone().with_retry_after(seconds(3)).retry_after(), Some(seconds(7)));
        assert_eq!(error.clone().retold(seconds(3)).retry_after(), Some(seconds(3)));
        assert_eq!(error.retold(Duration::ZERO).retry_after(), None);
    }

    #[test]
    fn the_first_provider_named_stays() {
        let error = Error::new(ErrorKind::Unavailable, "no answer")
            .with_operation("vault", "get")
            .with_operation("cache", "load");
        assert_eq!((error.provider(), error.operation()), (Some("vault"), Some("get")));
    }
}
