//! Bodies of requests.

use std::io;

use serde::Serialize;
use strongroom_core::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

/// JSON text with a secret in it. It is measured first and then written into a buffer of that length: one that grows
/// would leave copies behind, which nobody wipes.
///
/// # Errors
/// `Internal` if the body has no form in JSON.
pub fn json_body(body: &impl Serialize) -> Result<Zeroizing<Vec<u8>>> {
    let mut length = Length(0);
    serde_json::to_writer(&mut length, body).map_err(|_| unwritable())?;
    let mut text = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *text, body).map_err(|_| unwritable())?;
    Ok(text)
}

/// How many bytes were written; they are not kept.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn unwritable() -> Error {
    Error::new(ErrorKind::Internal, "the request could not be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s12_a_body_with_a_secret_never_grows() {
        #[derive(Serialize)]
        struct Body<'a> {
            value: &'a str,
            tags: [(u64, Option<&'a str>); 2],
        }
        for value in ["", "canary", "\"\\/", "ä€😀", &"\u{1}".repeat(25_600), &"x".repeat(70_000)]
        {
            let text =
                json_body(&Body { value, tags: [(1, None), (u64::MAX, Some(value))] }).unwrap();
            // It would have more room than it needs if it had grown.
            assert_eq!(text.capacity(), text.len(), "{} bytes", value.len());
            let read: serde_json::Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(read["value"], value);
        }
    }
}
