//! The trailing newline: editors and `echo` add one, and it is not part of the value.
//!
//! What is written reads back the same: a value that itself ends in a newline is written with one more.

use strongroom_core::{Error, ErrorKind, Reason, Result, SecretValue};
use zeroize::Zeroizing;

use crate::bom;

/// The value that the bytes of a file stand for.
pub(super) fn decode(mut file: Zeroizing<Vec<u8>>, exact: bool) -> Result<SecretValue> {
    if !exact {
        bom::refuse(&file)?;
        let value = file.strip_suffix(b"\r\n").or_else(|| file.strip_suffix(b"\n"));
        let length = value.unwrap_or(&file).len();
        file.truncate(length);
    }
    check(file.len())?;
    Ok(SecretValue::from(std::mem::take(&mut *file)))
}

/// The bytes of a file for a value.
pub(super) fn encode(value: &SecretValue, exact: bool) -> Result<Zeroizing<Vec<u8>>> {
    check(value.len())?;
    let mut file = Zeroizing::new(Vec::with_capacity(value.len() + 1));
    file.extend_from_slice(value.expose());
    if !exact {
        bom::refuse(&file)?;
        if file.ends_with(b"\n") {
            file.push(b'\n');
        }
    }
    Ok(file)
}

fn check(length: usize) -> Result<()> {
    match length {
        0 => {
            Err(Error::new(ErrorKind::InvalidValue, "the value is empty")
                .with_reason(Reason::Empty))
        }
        1..=SecretValue::MAX_BYTES => Ok(()),
        _ => {
            let message = format!("the value is longer than {} bytes", SecretValue::MAX_BYTES);
            Err(Error::new(ErrorKind::Malformed, message).with_reason(Reason::TooLarge))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &[u8], exact: bool) -> Result<SecretValue> {
        decode(Zeroizing::new(file.to_vec()), exact)
    }

    #[test]
    fn b059_f095_one_trailing_newline_is_not_part_of_the_value() {
        for (file, value) in [
            (&b"canary"[..], &b"canary"[..]),
            (b"canary\n", b"canary"),
            (b"canary\r\n", b"canary"),
            (b"canary\n\n", b"canary\n"),
            (b"canary\r", b"canary\r"),
            (b" canary ", b" canary "),
        ] {
            assert_eq!(read(file, false).unwrap().expose(), value, "{file:?}");
            assert_eq!(read(file, true).unwrap().expose(), file, "{file:?}");
        }
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        for value in
            [&b"canary"[..], b"canary\n", b"canary\r\n", b"canary\n\n", b"\r", b"\xff\n", b"\0"]
        {
            for exact in [false, true] {
                let file = encode(&SecretValue::copy_from(value), exact).unwrap();
                assert_eq!(decode(file, exact).unwrap().expose(), value, "{value:?} {exact}");
            }
        }
    }

    #[test]
    fn b060_empty_and_oversized_values_and_byte_order_marks_are_refused() {
        for file in [&b""[..], b"\n", b"\r\n"] {
            assert_eq!(read(file, false).unwrap_err().reason(), Some(Reason::Empty));
        }
        let error = read(b"\xef\xbb\xbfcanary", false).unwrap_err();
        assert_eq!(
            (error.kind(), error.reason()),
            (ErrorKind::InvalidValue, Some(Reason::Encoding))
        );
        assert!(read(&[b'x'; 65_536], false).is_ok());
        let error = read(&[b'x'; 65_537], false).unwrap_err();
        assert_eq!((error.kind(), error.reason()), (ErrorKind::Malformed, Some(Reason::TooLarge)));
        assert!(error.to_string().contains("65536"));
        let error = encode(&SecretValue::copy_from(&[b'x'; 65_537]), false).unwrap_err();
        assert_eq!(error.reason(), Some(Reason::TooLarge));
    }
}
