//! Whether to use colours.

use std::io::IsTerminal;

use strongroom::{Environment, ProcessEnvironment};

/// Colours are for terminals that know them, and for people who have not set `NO_COLOR` (no-color.org).
pub(crate) fn wanted(stream: &impl IsTerminal) -> bool {
    let set = |name: &str| ProcessEnvironment.var(name).filter(|value| !value.is_empty());
    stream.is_terminal()
        && set("NO_COLOR").is_none()
        && set("TERM").is_none_or(|term| term != "dumb")
}

/// Text in a colour, by its SGR number (ECMA-48, section 8.3.117): 31 red, 32 green, 33 yellow.
pub(crate) fn paint(text: &str, number: u8) -> String {
    format!("\u{1b}[{number}m{text}\u{1b}[0m")
}
