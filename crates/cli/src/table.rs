//! Tables for people.

use std::io::{self, IsTerminal};

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};

use crate::colour;

/// Columns without lines between them, as wide as the terminal, or as they need to be where there is none.
pub(crate) fn plain<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> String {
    let mut table = Table::new();
    let rows = rows.iter().map(|row| row.each_ref().map(|cell| tame(cell)));
    table.load_style(presets::NOTHING).set_header(header).add_rows(rows);
    if let Some(first) = table.column_mut(0) {
        first.set_padding((0, 1));
    }
    if let Some(width) = terminal_width() {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        let widths = table.column_max_content_widths();
        let fixed = widths.get(..N.saturating_sub(1)).unwrap_or_default();
        let taken = fixed
            .iter()
            .fold(0_u16, |sum, width| sum.saturating_add(*width).saturating_add(PADDING));
        // The last column has the sentences. Where it has no room, all have to break.
        if width >= taken.saturating_add(SENTENCE) {
            table.set_constraints(fixed.iter().map(|_| ColumnConstraint::ContentWidth));
        }
    }
    // Cells are padded to the width of their column, the last one to no use.
    table.trim_fmt()
}

/// Without characters that move a cursor: some cells hold what a server said.
fn tame(cell: &str) -> String {
    let mut tamed = String::with_capacity(cell.len());
    for character in cell.chars() {
        match character.is_control() {
            true => tamed.extend(character.escape_unicode()),
            false => tamed.push(character),
        }
    }
    tamed
}

/// The same, with the second word of a line in a colour where it is one of these.
pub(crate) fn coloured(table: &str, colours: &[(&str, u8)]) -> String {
    if !colour::wanted(&io::stdout()) {
        return table.to_owned();
    }
    let line = |line: &str| {
        // Lines that begin with a blank go on with the sentence of the one above.
        let second = line.split_whitespace().nth(1).filter(|_| !line.starts_with(' '));
        match colours.iter().find(|(word, _)| Some(*word) == second) {
            Some((word, number)) => line.replacen(word, &colour::paint(word, *number), 1),
            None => line.to_owned(),
        }
    };
    table.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// A space on either side of a cell.
const PADDING: u16 = 2;

/// Columns that a sentence needs to be read as one: two words of usual length.
const SENTENCE: u16 = 20;

/// How many columns stdout has, if it is a terminal that says so.
fn terminal_width() -> Option<u16> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    #[cfg(unix)]
    {
        let size = rustix::termios::tcgetwinsize(stdout).ok()?;
        Some(size.ws_col).filter(|columns| *columns > 0)
    }
    #[cfg(not(unix))]
    {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_and_no_cell_moves_the_cursor() {
        let rows = [["1".to_owned(), "a\u{1b}[2J\nb".to_owned()], ["22".to_owned(), String::new()]];
        assert_eq!(plain(["N", "TEXT"], &rows), "N   TEXT\n1   a\\u{1b}[2J\\u{a}b\n22");
    }
}
