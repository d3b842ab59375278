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
    use super::escaped;

    #[test]
    fn foreign_text_cannot_move_the_cursor_or_flood_a_log() {
        assert_eq!(escaped("a\r\n\u{1b}[2J"), "a\\u{d}\\u{a}\\u{1b}[2J");
        assert_eq!(escaped("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(escaped(&"x".repeat(100)), format!("{}…", "x".repeat(64)));
    }
}
