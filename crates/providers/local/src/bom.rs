//! The byte order mark that some editors put before UTF-8; no one means it as part of a secret.

use strongroom_core::{Error, ErrorKind, Reason, Result};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// # Errors
/// `InvalidValue` (reason `encoding`) if the bytes begin with one.
pub(crate) fn refuse(bytes: &[u8]) -> Result<()> {
    match bytes.starts_with(BOM) {
        true => {
            let message = "the value begins with a byte order mark; save it without";
            Err(Error::new(ErrorKind::InvalidValue, message).with_reason(Reason::Encoding))
        }
        false => Ok(()),
    }
}
