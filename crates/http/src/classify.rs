//! From a status to a kind of error: the one table.

use strongroom_core::ErrorKind;

/// The kind that a status stands for, and what to say of it. Where a provider means something else by a
/// status, it looks at the answer before it asks here.
pub(crate) fn status(status: u16) -> (ErrorKind, &'static str) {
    let row = TABLE.iter().find(|(first, last, ..)| (*first..=*last).contains(&status));
    row.map_or((ErrorKind::Malformed, "no status of HTTP"), |(_, _, kind, words)| (*kind, words))
}

/// First and last status, kind, words. The first row that matches counts.
#[rustfmt::skip]
const TABLE: &[(u16, u16, ErrorKind, &str)] = &[
    (100, 299, ErrorKind::Malformed,        "a success of another sort than was expected"),
    (300, 399, ErrorKind::Malformed,        "a redirect, which is not followed"),
    (401, 401, ErrorKind::Unauthenticated,  "the credential is not accepted"),
    (403, 403, ErrorKind::PermissionDenied, "the credential does not allow it"),
    (404, 404, ErrorKind::NotFound,         "there is nothing of that name"),
    (407, 407, ErrorKind::Misconfigured,    "the proxy asks for credentials"),
    (408, 408, ErrorKind::Unavailable,      "the server gave up waiting"),
    (409, 409, ErrorKind::Conflict,         "somebody else changed it first"),
    (410, 410, ErrorKind::NotFound,         "it is gone"),
    // Vault and OpenBao: the state that an earlier write led to has not reached this server yet.
    (412, 412, ErrorKind::Unavailable,      "the server has not seen an earlier write yet"),
    (413, 413, ErrorKind::InvalidValue,     "the request is too large for the server"),
    (425, 425, ErrorKind::Unavailable,      "too early"),
    (429, 429, ErrorKind::Throttled,        "too many requests"),
    (501, 501, ErrorKind::Unsupported,      "the server does not implement it"),
    (500, 599, ErrorKind::Unavailable,      "the server cannot answer now"),
    // All other requests that the server finds fault with are mistakes of ours.
    (400, 499, ErrorKind::Internal,         "the request was refused as malformed"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_66_f055_f075_each_status_has_its_kind() {
        use ErrorKind::*;
        for (code, kind) in [
            (100, Malformed),
            (204, Malformed),
            (206, Malformed),
            (301, Malformed),
            (307, Malformed),
            (400, Internal),
            (401, Unauthenticated),
            (403, PermissionDenied),
            (404, NotFound),
            (405, Internal),
            (407, Misconfigured),
            (408, Unavailable),
            (409, Conflict),
            (410, NotFound),
            (412, Unavailable),
            (413, InvalidValue),
            (415, Internal),
            (422, Internal),
            (429, Throttled),
            (500, Unavailable),
            (501, Unsupported),
            (502, Unavailable),
            (503, Unavailable),
            (504, Unavailable),
            (599, Unavailable),
            (99, Malformed),
            (600, Malformed),
        ] {
            assert_eq!(status(code).0, kind, "{code}");
        }
    }
}
