//! A row of the matrix: what the suites found of one form of a provider in one place.

use std::fmt;
use std::sync::Arc;

use strongroom::SecretName;
use strongroom::provider::Signer;
use strongroom_testkit::conformance::{self, Outcome, Subject};

/// The results of all suites. Every row of them that applies has passed, or the test has failed.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) provider: &'static str,
    pub(crate) form: &'static str,
    place: &'static str,
    store: Cell,
    errors: Cell,
    redaction: Cell,
    signer: Cell,
}

/// How many rows of a suite passed, and how many it has; nothing for a suite that has no subject here.
#[derive(Clone, Copy, Debug)]
struct Cell(Option<(usize, usize)>);

impl Row {
    pub(crate) fn new(provider: &'static str, form: &'static str, place: &'static str) -> Self {
        let none = Cell(None);
        Self { provider, form, place, store: none, errors: none, redaction: none, signer: none }
    }

    /// Runs the suites for stores.
    pub(crate) async fn stores(mut self, subject: &Subject) -> Self {
        self.store = self.cell(&conformance::store(subject).await);
        self.errors = self.cell(&conformance::errors(subject).await);
        self.redaction = self.cell(&conformance::redaction(subject).await);
        self
    }

    /// Runs the suite for signers with a key that is there.
    pub(crate) async fn signs(mut self, signer: &Arc<dyn Signer>, key: &str) -> Self {
        let key = SecretName::new(key).unwrap();
        self.signer = self.cell(&conformance::signer(&**signer, &key).await);
        self
    }

    fn cell(&self, outcome: &Outcome) -> Cell {
        let Self { provider, form, place, .. } = self;
        assert_eq!(outcome.failed(), [""; 0], "{provider} {form} on {place}:\n{outcome}");
        assert_ne!(outcome.passed(), 0, "nothing was checked");
        Cell(Some((outcome.passed(), outcome.rows())))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { provider, form, place, store, errors, redaction, signer } = self;
        write!(
            f,
            "| `{provider}` | {form} | {place} | {store} | {errors} | {redaction} | {signer} |"
        )
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some((passed, all)) => write!(f, "{passed} of {all}"),
            None => f.write_str("n/a"),
        }
    }
}
