//! Detail below the kind, as a closed word.

use std::fmt;

/// Why, in one word, for logs and for code that wants more than the kind.
///
/// The reason of a [`SignatureMismatch`](crate::ErrorKind::SignatureMismatch) is for our side only: an
/// error never shows it, because it would tell a forger what to change.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// No secret of that name.
    Secret,
    /// The secret exists, that version does not.
    Version,
    /// The secret exists, that field does not.
    Field,
    /// No live key has the signature's key id.
    UnknownKey,
    /// The key was retired longer ago than the grace.
    Retired,
    /// The signature's algorithm is not the key's.
    Alg,
    /// The tag does not match.
    Tag,
    /// The text is not a signature.
    Malformed,
    /// A signature is required and there is none.
    Missing,
    /// The value is empty.
    Empty,
    /// The key is shorter than 32 bytes.
    Short,
    /// The key is longer than 1,024 bytes, or the value is over its cap.
    TooLarge,
    /// The key is a placeholder or repeats a few bytes.
    Degenerate,
    /// The value is not in the declared encoding.
    Encoding,
    /// The value is not UTF-8.
    NotText,
    /// Two keys, or two names, stand for the same thing.
    Collision,
    /// The release does not match its manifest.
    Manifest,
    /// The link that says what is in force is missing or dangles.
    Link,
    /// Another writer holds the lock.
    Locked,
    /// The last good value is past its age limit.
    AgeLimit,
    /// What was held was dropped on demand, and is not read again yet.
    Invalidated,
    /// The handle was shut down.
    Closed,
    /// A version came back with other bytes than before.
    VersionConflict,
    /// The new value equals the current one.
    RotationNoop,
    /// The server is sealed: it runs, and an operator has to unseal it.
    Sealed,
    /// The server runs and was never initialised.
    Uninitialised,
    /// The server runs and does not serve: a disaster-recovery secondary, cut off from its cluster, or
    /// removed from it.
    Inactive,
    /// The host name could not be resolved.
    Dns,
    /// No answer within the deadline.
    Timeout,
    /// The answer ended before it was complete.
    Truncated,
    /// The server answered with a redirect, which is never followed.
    Redirect,
    /// Nothing is mounted there, or something else.
    Mount,
    /// The server knows no such namespace.
    Namespace,
}

impl Reason {
    /// The word, in snake case: `unknown_key`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Version => "version",
            Self::Field => "field",
            Self::UnknownKey => "unknown_key",
            Self::Retired => "retired",
            Self::Alg => "alg",
            Self::Tag => "tag",
            Self::Malformed => "malformed",
            Self::Missing => "missing",
            Self::Empty => "empty",
            Self::Short => "short",
            Self::TooLarge => "too_large",
            Self::Degenerate => "degenerate",
            Self::Encoding => "encoding",
            Self::NotText => "not_text",
            Self::Collision => "collision",
            Self::Manifest => "manifest",
            Self::Link => "link",
            Self::Locked => "locked",
            Self::AgeLimit => "age_limit",
            Self::Invalidated => "invalidated",
            Self::Closed => "closed",
            Self::VersionConflict => "version_conflict",
            Self::RotationNoop => "rotation_noop",
            Self::Sealed => "sealed",
            Self::Uninitialised => "uninitialised",
            Self::Inactive => "inactive",
            Self::Dns => "dns",
            Self::Timeout => "timeout",
            Self::Truncated => "truncated",
            Self::Redirect => "redirect",
            Self::Mount => "mount",
            Self::Namespace => "namespace",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
