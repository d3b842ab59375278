//! Looking for a secret in what came out.

use std::sync::atomic::{AtomicUsize, Ordering};

use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding};

/// A word that stands in secrets of a test and nowhere else, and a search for it in logs, errors and output: as it is,
/// and in the forms in which it could come out.
///
/// ```
/// use strongroom_testkit::Canary;
///
/// let canary = Canary::new("canary-7f3a");
/// assert_eq!(canary.hits(b"token=canary-7f3a-and-more"), ["raw"]);
/// assert_eq!(canary.hits(b"Basic eDpjYW5hcnktN2YzYQ=="), ["base64"]);
/// assert!(canary.hits(b"[REDACTED]").is_empty());
/// assert_eq!(canary.searched(), 62);
/// ```
#[derive(Debug)]
pub struct Canary {
    forms: Vec<(&'static str, Vec<u8>)>,
    searched: AtomicUsize,
}

impl Canary {
    /// Looks for this word, of six bytes or more: a shorter one would be found by chance.
    ///
    /// # Panics
    /// If it is shorter.
    pub fn new(word: impl AsRef<[u8]>) -> Self {
        let word = word.as_ref();
        assert!(word.len() >= 6, "a word of six bytes or more");
        let each = |form: fn(&u8) -> String| word.iter().map(form).collect::<String>();
        let text = String::from_utf8_lossy(word);
        let list = format!("{word:?}");
        let mut forms = vec![
            ("raw", word.to_vec()),
            ("reversed", word.iter().rev().copied().collect()),
            ("debug", text.escape_debug().to_string().into()),
            ("json", serde_json::Value::from(text).to_string().trim_matches('"').into()),
            ("json, escaped", each(|byte| format!("\\u{byte:04x}")).into()),
            ("hex", each(|byte| format!("{byte:02x}")).into()),
            ("hex, upper case", each(|byte| format!("{byte:02X}")).into()),
            ("percent", each(|byte| format!("%{byte:02X}")).into()),
            ("percent, lower case", each(|byte| format!("%{byte:02x}")).into()),
            ("percent, where needed", each(percent).into()),
            ("list of bytes", list.trim_matches(['[', ']']).into()),
        ];
        for before in 0..3 {
            forms.push(("base64", encoded::<Base64Unpadded>(before, word)));
            forms.push(("base64url", encoded::<Base64UrlUnpadded>(before, word)));
        }
        // One form is often another as well; the first name counts.
        let mut known: Vec<(&'static str, Vec<u8>)> = Vec::new();
        for (name, form) in forms {
            if !known.iter().any(|(_, other)| *other == form) {
                known.push((name, form));
            }
        }
        Self { forms: known, searched: AtomicUsize::new(0) }
    }

    /// The forms in which the word stands in these bytes. None is what is wanted.
    pub fn hits(&self, bytes: &[u8]) -> Vec<&'static str> {
        self.searched.fetch_add(bytes.len(), Ordering::Relaxed);
        // What is no UTF-8 is replaced, which takes nothing of a form away but bytes that are none.
        let lossy = String::from_utf8_lossy(bytes);
        let stands = |form: &[u8]| match str::from_utf8(form) {
            Ok(form) => lossy.contains(form),
            Err(_) => bytes.windows(form.len()).any(|window| window == form),
        };
        self.forms.iter().filter(|(_, form)| stands(form)).map(|(name, _)| *name).collect()
    }

    /// How many bytes were searched so far.
    pub fn searched(&self) -> usize {
        self.searched.load(Ordering::Relaxed)
    }
}

fn percent(byte: &u8) -> String {
    match byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
        true => char::from(*byte).to_string(),
        false => format!("%{byte:02X}"),
    }
}

/// The characters that stand for the word and nothing else, where so many bytes stand before it.
fn encoded<E: Encoding>(before: usize, word: &[u8]) -> Vec<u8> {
    let text = E::encode_string(&[&[0; 2][..before], word].concat());
    // Six bits a character: those that are shared with what is around depend on that.
    let (first, last) = ((before * 8).div_ceil(6), (before + word.len()) * 8 / 6);
    text.as_bytes().get(first..last).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORD: &[u8] = b"canary+/ \"\xc3\xa9\\";

    #[test]
    fn the_word_is_found_in_every_usual_form() {
        let canary = Canary::new(WORD);
        let text = str::from_utf8(WORD).unwrap();
        let hex: String = WORD.iter().map(|byte| format!("{byte:02x}")).collect();
        for said in [
            format!("say {text} here"),
            format!("{text:?}"),
            format!("{:?}", text.to_owned().into_bytes()),
            serde_json::Value::from(text).to_string(),
            hex.to_uppercase(),
            hex,
            "x=canary%2B%2F%20%22%C3%A9%5C".to_owned(),
            text.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        ] {
            assert!(!canary.hits(said.as_bytes()).is_empty(), "{said}");
        }
    }

    #[test]
    fn base64_is_found_wherever_the_word_stands_in_what_was_encoded() {
        let canary = Canary::new(WORD);
        for before in ["", "a", "ab", "abc", "user:"] {
            for after in ["", "z", "zy", "and more"] {
                let bytes = [before.as_bytes(), WORD, after.as_bytes()].concat();
                for said in [
                    base64ct::Base64::encode_string(&bytes),
                    Base64UrlUnpadded::encode_string(&bytes),
                ] {
                    assert_eq!(canary.hits(said.as_bytes()).len(), 1, "{before:?} {after:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_text_is_searched_too() {
        let canary = Canary::new(b"\xff\xfe\x00canary");
        assert_eq!(canary.hits(b"x\xff\xfe\x00canary"), ["raw"]);
        assert_eq!(canary.hits(b"x\xff\xfecanary"), [""; 0]);
    }
}
