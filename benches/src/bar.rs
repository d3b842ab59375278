//! What a figure must not exceed, or must reach.

use std::fmt;

/// A figure together with what it is held to.
pub(crate) struct Bar {
    what: String,
    figure: f64,
    bound: Bound,
}

#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Bar {
    /// Holds if `figure` is at most `most`.
    pub(crate) fn at_most(most: f64, what: impl Into<String>, figure: f64) -> Self {
        Self { what: what.into(), figure, bound: Bound::AtMost(most) }
    }

    /// Holds if `figure` is at least `least`.
    pub(crate) fn at_least(least: f64, what: impl Into<String>, figure: f64) -> Self {
        Self { what: what.into(), figure, bound: Bound::AtLeast(least) }
    }

    /// Whether it holds. A figure that is not a number, as nothing could be measured, does not.
    pub(crate) fn holds(&self) -> bool {
        match self.bound {
            Bound::AtMost(most) => self.figure <= most,
            Bound::AtLeast(least) => self.figure >= least,
        }
    }

    /// The cells of a table row.
    pub(crate) fn cells(&self) -> [String; 4] {
        let held = if self.holds() { "held" } else { "missed" };
        [self.what.clone(), format!("{:.2}", self.figure), self.bound.to_string(), held.to_owned()]
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:.2}, bar: {}", self.what, self.figure, self.bound)
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "at most {most}"),
            Self::AtLeast(least) => write!(f, "at least {least}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_on_the_bar_holds_and_none_does_not() {
        assert!(Bar::at_most(1.1, "x", 1.1).holds() && Bar::at_least(3.0, "x", 3.0).holds());
        assert!(!Bar::at_most(1.1, "x", 1.2).holds() && !Bar::at_least(3.0, "x", 2.9).holds());
        assert!(!Bar::at_most(1.1, "x", f64::NAN).holds());
        assert!(!Bar::at_least(3.0, "x", f64::NAN).holds());
    }
}
