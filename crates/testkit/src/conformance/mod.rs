//! What every store and every signer has to do, as suites of named rows.
//!
//! [`store`], [`errors`] and [`redaction`] take a [`SecretStore`], [`signer`] a
//! [`Signer`](strongroom_core::Signer). Each answers an [`Outcome`] with one result a row, so that a back end
//! that is known to fail some can have them pinned by name.
//!
//! What a store can do is pinned by the caller, in [`Subject::new`]: rows about anything else check that it
//! says `Unsupported`.
//!
//! Not checked: what happens when the provider is down, throttles or answers nonsense (faults of one provider
//! need a fake of it), several writers at once, and anything about time.

mod errors;
mod native;
mod redaction;
mod signer;
mod store;

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use strongroom_core::{
    Capabilities, Error, ErrorKind, GetOptions, IfVersion, PutOptions, Result, SecretName,
    SecretStore, SecretValue, SecretVersion,
};

pub use errors::errors;
pub use redaction::redaction;
pub use signer::signer;
pub use store::store;

/// A store and what it is said to be able to do.
#[derive(Clone, Debug)]
pub struct Subject {
    store: Arc<dyn SecretStore>,
    can: Capabilities,
    largest: usize,
    trims: bool,
}

impl Subject {
    /// A store that can do exactly this. It may hold secrets; the suites write below `conformance/`, and
    /// each expects to find nothing there.
    pub fn new(store: Arc<dyn SecretStore>, can: Capabilities) -> Self {
        Self { store, can, largest: SecretValue::MAX_BYTES, trims: false }
    }

    /// The same, with a largest value of this many bytes in place of 64 KiB.
    #[must_use]
    pub fn with_largest(mut self, bytes: usize) -> Self {
        self.largest = bytes;
        self
    }

    /// The same, of a provider that cuts white space off the ends of values: the store has to refuse those that
    /// would come back changed, and keeps all others.
    #[must_use]
    pub fn trimming(mut self) -> Self {
        self.trims = true;
        self
    }

    /// A name of the row's own.
    fn name(&self, row: &str, rest: &str) -> SecretName {
        let name = format!("conformance/{row}{rest}");
        SecretName::new(&name).unwrap_or_else(|error| broken(&error))
    }

    async fn put(&self, name: &SecretName, value: &str) -> Result<Option<SecretVersion>> {
        self.store.put(name, SecretValue::from(value), PutOptions::default()).await
    }

    async fn put_if(
        &self,
        name: &SecretName,
        value: &str,
        if_version: IfVersion,
    ) -> Result<Option<SecretVersion>> {
        let options = PutOptions::default().if_version(if_version);
        self.store.put(name, SecretValue::from(value), options).await
    }

    async fn get(&self, name: &SecretName) -> Result<SecretValue> {
        let secret = self.store.get(name, GetOptions::default()).await?;
        Ok(secret.value().clone())
    }
}

#[expect(clippy::panic, reason = "the suite itself is broken")]
fn broken(error: &Error) -> ! {
    panic!("the suite asks for a name that is none: {error}")
}

/// What a suite found, row by row.
#[derive(Debug)]
#[must_use]
pub struct Outcome {
    rows: Vec<(&'static str, Verdict)>,
}

/// The result of one row.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Verdict {
    Passed,
    /// The store is not said to be able to do that.
    NotApplicable,
    Failed(String),
}

impl Outcome {
    /// Names of the rows that failed, in the order in which they ran.
    pub fn failed(&self) -> Vec<&'static str> {
        let failed = |verdict: &Verdict| matches!(verdict, Verdict::Failed(_));
        self.rows.iter().filter(|(_, verdict)| failed(verdict)).map(|(name, _)| *name).collect()
    }

    /// How many rows passed; those that do not apply are not counted.
    pub fn passed(&self) -> usize {
        self.rows.iter().filter(|(_, verdict)| *verdict == Verdict::Passed).count()
    }

    /// How many rows there are, those that do not apply included.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Checks that every row that applies passed.
    ///
    /// # Panics
    /// If one did not, with what it says.
    #[track_caller]
    pub fn assert_passed(&self) {
        self.assert_failed(&[]);
    }

    /// Checks that exactly these rows failed: known faults, pinned so that one that is mended shows.
    ///
    /// # Panics
    /// If other rows failed, or one of these passed; or if no row passed at all.
    #[track_caller]
    pub fn assert_failed(&self, names: &[&str]) {
        assert_eq!(self.failed(), names, "\n{self}");
        assert_ne!(self.passed(), 0, "nothing was checked");
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, verdict) in &self.rows {
            match verdict {
                Verdict::Passed => writeln!(f, "passed  {name}")?,
                Verdict::NotApplicable => writeln!(f, "n/a     {name}")?,
                Verdict::Failed(why) => writeln!(f, "FAILED  {name}: {why}")?,
            }
        }
        Ok(())
    }
}

/// A suite that runs.
struct Run {
    rows: Vec<(&'static str, Verdict)>,
}

impl Run {
    fn new() -> Self {
        Self { rows: Vec::new() }
    }

    /// Runs a row if it applies.
    async fn row(
        &mut self,
        name: &'static str,
        applies: bool,
        check: impl Future<Output = Checked>,
    ) {
        let verdict = match applies {
            false => Verdict::NotApplicable,
            true => match check.await {
                Ok(()) => Verdict::Passed,
                Err(Fault(why)) => Verdict::Failed(why),
            },
        };
        self.rows.push((name, verdict));
    }

    fn outcome(self) -> Outcome {
        Outcome { rows: self.rows }
    }
}

/// Why a row failed. Never holds a value of a secret but its own canaries.
struct Fault(String);

type Checked = std::result::Result<(), Fault>;

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self(format!("unexpected error: {error:?}"))
    }
}

fn ensure(holds: bool, otherwise: impl Into<String>) -> Checked {
    match holds {
        true => Ok(()),
        false => Err(Fault(otherwise.into())),
    }
}

/// The error of an operation that has to fail with this kind.
fn refused<T>(result: Result<T>, kind: ErrorKind) -> std::result::Result<Error, Fault> {
    match result {
        Err(error) if error.kind() == kind => Ok(error),
        Err(error) => Err(Fault(format!("expected {kind}: {error:?}"))),
        Ok(_) => Err(Fault(format!("expected {kind}, and it went well"))),
    }
}
