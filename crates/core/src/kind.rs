//! The kinds of error, and everything that follows from a kind, in one table.

use std::fmt;

/// What went wrong, chosen by what the caller can do next.
///
/// Retrying, serving a stale value, caching the answer and the exit code of the command line follow
/// from the kind alone; see [`ErrorKind::retry`], [`ErrorKind::allows_stale`],
/// [`ErrorKind::is_authoritative`] and [`ErrorKind::exit_code`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The signature is not one that a live key made over this message for this purpose.
    SignatureMismatch,
    /// The provider asks for fewer calls; [`Error::retry_after`](crate::Error::retry_after) may say when.
    Throttled,
    /// The provider does not accept who we are.
    Unauthenticated,
    /// The provider knows who we are and refuses. May hide that the secret does not exist.
    PermissionDenied,
    /// The secret, version or field does not exist. Never says that the provider is down.
    NotFound,
    /// The secret or version was deleted.
    Deleted,
    /// The secret or version exists and is switched off.
    Disabled,
    /// The secret exists and its time has passed.
    Expired,
    /// The secret exists and its time has not come.
    NotYetValid,
    /// The answer, file or value cannot be read as what it should be: also too large or truncated.
    Malformed,
    /// The value was read and cannot be used: empty, short, degenerate, masked, wrong encoding.
    InvalidValue,
    /// This provider, or this set-up of it, cannot do that.
    Unsupported,
    /// Someone else changed it first, or holds the lock.
    Conflict,
    /// The provider cannot be reached or cannot answer now: also timeouts, closed handles and values
    /// past their age limit.
    Unavailable,
    /// The provider's certificate is not trusted.
    TlsRejected,
    /// A setting, name or folder must be corrected by a person.
    Misconfigured,
    /// The caller gave up.
    Cancelled,
    /// A bug, ours or the provider's.
    Internal,
}

/// How often an operation that failed with a kind may be tried again within its deadline.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Retry {
    /// The answer would be the same.
    Never,
    /// One more try: the answer was damaged on its way, or is damaged at its source.
    Once,
    /// As often as attempts and deadline allow.
    WithinDeadline,
}

struct Row {
    kind: ErrorKind,
    name: &'static str,
    exit: u8,
    retry: Retry,
    stale: bool,
    authoritative: bool,
}

const fn row(
    kind: ErrorKind,
    name: &'static str,
    exit: u8,
    retry: Retry,
    stale: bool,
    authoritative: bool,
) -> Row {
    Row { kind, name, exit, retry, stale, authoritative }
}

use Retry::{Never, Once, WithinDeadline};

// One row a kind, in the order of the enum. Stale values are served for kinds that say nothing about
// the secret itself; `PermissionDenied` is not among them, because revoking access is the operator's
// kill switch. `Internal` is: a bug in a refresh must not take down a service that holds a good value.
#[rustfmt::skip]
const TABLE: [Row; 18] = [
    //  kind                          name                 exit  retry           stale  authoritative
    row(ErrorKind::SignatureMismatch, "SignatureMismatch",  1,   Never,          false, false),
    row(ErrorKind::Throttled,         "Throttled",          29,  WithinDeadline, true,  false),
    row(ErrorKind::Unauthenticated,   "Unauthenticated",    41,  Never,          false, false),
    row(ErrorKind::PermissionDenied,  "PermissionDenied",   43,  Never,          false, false),
    row(ErrorKind::NotFound,          "NotFound",           44,  Never,          false, true),
    row(ErrorKind::Deleted,           "Deleted",            45,  Never,          false, true),
    row(ErrorKind::Disabled,          "Disabled",           46,  Never,          false, true),
    row(ErrorKind::Expired,           "Expired",            46,  Never,          false, true),
    row(ErrorKind::NotYetValid,       "NotYetValid",        46,  Never,          false, true),
    row(ErrorKind::Malformed,         "Malformed",          65,  Once,           true,  false),
    row(ErrorKind::InvalidValue,      "InvalidValue",       66,  Never,          false, true),
    row(ErrorKind::Unsupported,       "Unsupported",        69,  Never,          false, false),
    row(ErrorKind::Conflict,          "Conflict",           73,  Never,          false, false),
    row(ErrorKind::Unavailable,       "Unavailable",        75,  WithinDeadline, true,  false),
    row(ErrorKind::TlsRejected,       "TlsRejected",        76,  Never,          true,  false),
    row(ErrorKind::Misconfigured,     "Misconfigured",      78,  Never,          false, false),
    row(ErrorKind::Cancelled,         "Cancelled",          130, Never,          false, false),
    row(ErrorKind::Internal,          "Internal",           70,  Never,          true,  false),
];

impl ErrorKind {
    /// Every kind, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.kind)
    }

    /// The spelling used in documents and in JSON: `NotFound`.
    pub const fn as_str(self) -> &'static str {
        self.row().name
    }

    /// The exit code of the command line: distinct for each thing that a script can act upon.
    pub const fn exit_code(self) -> u8 {
        self.row().exit
    }

    /// Whether an operation that failed with this kind may be tried again.
    pub const fn retry(self) -> Retry {
        self.row().retry
    }

    /// Whether a value loaded earlier, and not past its age limit, may be served instead.
    pub const fn allows_stale(self) -> bool {
        self.row().stale
    }

    /// Whether the answer is about the secret itself, so that it may be remembered for a short time.
    pub const fn is_authoritative(self) -> bool {
        self.row().authoritative
    }

    const fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_where_its_kind_points() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.kind as usize, index, "{}", row.name);
            assert_eq!(format!("{:?}", row.kind), row.name);
        }
    }

    #[test]
    fn exit_codes_are_those_of_the_contract() {
        let codes: Vec<_> =
            ErrorKind::all().map(|kind| (kind.as_str(), kind.exit_code())).collect();
        let contract = [
            ("SignatureMismatch", 1),
            ("Throttled", 29),
            ("Unauthenticated", 41),
            ("PermissionDenied", 43),
            ("NotFound", 44),
            ("Deleted", 45),
            ("Disabled", 46),
            ("Expired", 46),
            ("NotYetValid", 46),
            ("Malformed", 65),
            ("InvalidValue", 66),
            ("Unsupported", 69),
            ("Conflict", 73),
            ("Unavailable", 75),
            ("TlsRejected", 76),
            ("Misconfigured", 78),
            ("Cancelled", 130),
            ("Internal", 70),
        ];
        assert_eq!(codes, contract);
    }

    #[test]
    fn only_kinds_that_say_nothing_about_the_secret_allow_stale_values() {
        let stale: Vec<_> = ErrorKind::all().filter(|kind| kind.allows_stale()).collect();
        use ErrorKind::{Internal, Malformed, Throttled, TlsRejected, Unavailable};
        assert_eq!(stale, [Throttled, Malformed, Unavailable, TlsRejected, Internal]);
        assert!(ErrorKind::all().all(|kind| !(kind.allows_stale() && kind.is_authoritative())));
    }

    #[test]
    fn only_answers_about_the_secret_are_remembered() {
        use ErrorKind::{Deleted, Disabled, Expired, InvalidValue, NotFound, NotYetValid};
        let remembered: Vec<_> = ErrorKind::all().filter(|kind| kind.is_authoritative()).collect();
        assert_eq!(remembered, [NotFound, Deleted, Disabled, Expired, NotYetValid, InvalidValue]);
    }

    #[test]
    fn only_outages_and_damaged_answers_are_tried_again() {
        let of =
            |retry| ErrorKind::all().filter(move |kind| kind.retry() == retry).collect::<Vec<_>>();
        assert_eq!(of(WithinDeadline), [ErrorKind::Throttled, ErrorKind::Unavailable]);
        assert_eq!(of(Once), [ErrorKind::Malformed]);
    }
}
