//! Showing text that somebody else wrote.

/// Longest piece of foreign text that an error shows, in characters.
const SHOWN: usize = 64;

/// Shows foreign text: control characters escaped, cut after 64 characters.
///
/// For names and variables only, never for a value. Escaping keeps line feeds and terminal sequences
/// out of logs.
pub fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(SHOWN));
    for character in text.chars().take(SHOWN) {
        // Format characters (right-to-left marks and the like) print as nothing and reorder the rest.
        if character.is_control() || is_format(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// Shows a code word that somebody else chose: letters, digits, `_`, `-` and `.`, at most 64 of them. Anything else could
/// quote what was sent, and is `?`.
pub fn code_word(text: &str) -> &str {
    let is_of_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    match !text.is_empty() && text.len() <= SHOWN && text.bytes().all(is_of_word) {
        true => text,
        false => "?",
    }
}

/// Whether a character prints as nothing and changes how its neighbours are read.
///
/// Unicode general category Cf, plus the line and paragraph separators.
pub(crate) fn is_format(character: char) -> bool {
    matches!(
        u32::from(character),
        0xAD | 0x600..=0x605
            | 0x61C
            | 0x6DD
            | 0x70F
            | 0x890..=0x891
            | 0x8E2
            | 0x180E
            | 0x200B..=0x200F
            | 0x2028..=0x202E
            | 0x2060..=0x206F
            | 0xFEFF
            | 0xFFF9..=0xFFFB
            | 0x110BD
            | 0x110CD
            | 0x13430..=0x1343F
            | 0x1BCA0..=0x1BCA3
            | 0x1D173..=0x1D17A
            | 0xE0000..=0xE007F
    )
}

#[cfg(test)]
mod tests {
    use super::{code_word, escaped};

    #[test]
    fn foreign_text_cannot_move_the_cursor_or_flood_a_log() {
        assert_eq!(escaped("a\r\n\u{1b}[2J"), "a\\u{d}\\u{a}\\u{1b}[2J");
        assert_eq!(escaped("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(escaped(&"x".repeat(100)), format!("{}…", "x".repeat(64)));
    }

    #[test]
    fn only_a_word_is_shown_of_a_code() {
        for word in ["SecretNotFound", "a.b-c_1", &"x".repeat(64)] {
            assert_eq!(code_word(word), word);
        }
        for other in ["", "two words", "canary\n", "\u{e4}", &"x".repeat(65)] {
            assert_eq!(code_word(other), "?");
        }
    }
}
