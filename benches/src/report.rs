//! One measured table, and the bars that it is held to.

use std::fmt;

use crate::bar::Bar;

/// A table in Markdown: words to the left, the other columns to the right.
pub(crate) struct Report {
    title: String,
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    bars: Vec<Bar>,
}

impl Report {
    /// A table without rows.
    pub(crate) fn new(
        title: impl Into<String>,
        columns: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        let columns = columns.into_iter().collect();
        Self { title: title.into(), columns, rows: Vec::new(), bars: Vec::new() }
    }

    /// Adds a row of as many cells as there are columns.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Adds a bar.
    pub(crate) fn bar(&mut self, bar: Bar) {
        self.bars.push(bar);
    }

    /// The bars that do not hold.
    pub(crate) fn missed(&self) -> impl Iterator<Item = &Bar> {
        self.bars.iter().filter(|bar| !bar.holds())
    }

    /// Its bars.
    pub(crate) fn into_bars(self) -> Vec<Bar> {
        self.bars
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## {}\n", self.title)?;
        writeln!(f, "| {} |", self.columns.join(" | "))?;
        writeln!(f, "| --- {}|", "| ---: ".repeat(self.columns.len().saturating_sub(1)))?;
        for row in &self.rows {
            writeln!(f, "| {} |", row.join(" | "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_markdown() {
        let mut report = Report::new("T", ["who", "ns"]);
        report.row(["we".to_owned(), "1.0".to_owned()]);
        let expected = "## T\n\n| who | ns |\n| --- | ---: |\n| we | 1.0 |\n";
        assert_eq!(report.to_string(), expected);
    }
}
