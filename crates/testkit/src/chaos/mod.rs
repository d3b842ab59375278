//! A store that does what a test wrote down.

mod counts;
mod gate;
mod script;
mod step;

use std::slice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use strongroom_core::{
    Capabilities, GetOptions, LiveVersion, Probe, ProviderInfo, PutOptions, Result, Secret,
    SecretName, SecretStore, SecretValue, SecretVersion, VersionInfo,
};

use counts::{Counts, Flight};
use script::Script;

pub use gate::Gate;
pub use step::Step;

/// A store around a store: each call that reaches it does the [`Step`] that is next, and is counted. Without
/// a step it asks the inner store. Clones share script and counters.
///
/// Which step is next, for a call about a name: the oldest [`next`](Self::next) of that name, else its
/// [`always`](Self::always), else the oldest `next` for all names, else the `always` for all names. Calls
/// about no name (`list`, `probe`) know only those for all names. Every method but `info` and
/// `capabilities` is a call; a call takes its step when it is first polled, and uses it up even if it is
/// dropped then.
///
/// A batch is one call that takes a step for each of its names, in their order. It arrives once at each gate of
/// theirs, waits for the longest of their delays, and asks the inner store for the names that are left in one
/// batch.
///
/// Names are those that reach this store, a prefix included.
///
/// # What it does not do
/// - Tell versions, fields or methods apart: a step is for whatever is asked about the name next. A test that
///   writes during a read writes to the inner store.
/// - Answer anything but `get` and `get_many` in the inner store's place, or answer too few names.
/// - See the calls that the inner store makes to itself, as `live_versions` may: that is one call here.
/// - Wait without tokio: a delay needs a runtime with its timer on.
///
/// ```
/// # use async_trait::async_trait;
/// # use strongroom_core::{Capabilities, ProviderInfo, Result, Secret, SecretName};
/// use strongroom_core::{Error, ErrorKind, GetOptions, SecretStore};
/// use strongroom_testkit::{ChaosStore, Gate, Step};
///
/// # #[derive(Debug)]
/// # struct Working;
/// # #[async_trait]
/// # impl SecretStore for Working {
/// #     fn info(&self) -> &ProviderInfo {
/// #         const { &ProviderInfo::new("working") }
/// #     }
/// #     fn capabilities(&self) -> Capabilities {
/// #         Capabilities::default()
/// #     }
/// #     async fn get(&self, _: &SecretName, _: GetOptions) -> Result<Secret> {
/// #         Ok(Secret::new("canary-password".into()))
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let store = ChaosStore::new(Working);
/// let name = "db".parse()?;
///
/// // The first two calls fail, the third waits until it is told to go on.
/// let gate = Gate::shut();
/// store.next("db", Step::fail(Error::new(ErrorKind::Unavailable, "no answer")).times(2));
/// store.next("db", Step::ask().wait(&gate));
/// assert!(store.get(&name, GetOptions::default()).await.is_err());
/// assert!(store.get(&name, GetOptions::default()).await.is_err());
///
/// let load = store.get(&name, GetOptions::default());
/// let meanwhile = async {
///     gate.arrived().await;
///     assert_eq!(store.in_flight(), 1);
///     gate.release();
/// };
/// assert!(tokio::join!(load, meanwhile).0.is_ok());
/// assert_eq!((store.calls_for("db"), store.most_in_flight_for("db")), (3, 1));
///
/// // Until told otherwise, whatever the name.
/// store.always(None, Step::panic());
/// store.clear();
/// assert!(store.get(&name, GetOptions::default()).await.is_ok());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ChaosStore {
    inner: Arc<dyn SecretStore>,
    script: Arc<Mutex<Script>>,
    counts: Arc<Counts>,
}

/// What kind of call it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Call {
    /// `get` and `get_many`.
    Read,
    /// `live_versions`: reads values, and not one for each name.
    Live,
    Other,
}

impl ChaosStore {
    /// Wraps a store. Nothing is scripted.
    pub fn new(inner: impl SecretStore) -> Self {
        Self::around(Arc::new(inner))
    }

    /// As [`new`](Self::new), for a store that others hold too, such as an opened provider's.
    pub fn around(inner: Arc<dyn SecretStore>) -> Self {
        Self { inner, script: Arc::default(), counts: Arc::default() }
    }

    /// Adds a step for the next call about this name, or with `None` about any; for several calls if
    /// [`Step::times`] says so.
    ///
    /// # Panics
    /// If the text is no name of a secret.
    pub fn next<'a>(&self, name: impl Into<Option<&'a str>>, step: Step) {
        self.script().plan(name.into()).add(step);
    }

    /// Sets the step of all calls about this name, or with `None` about any, that find no
    /// [`next`](Self::next). Replaces the one before.
    ///
    /// # Panics
    /// If the text is no name of a secret, or if the step is limited to some [times](Step::times).
    pub fn always<'a>(&self, name: impl Into<Option<&'a str>>, step: Step) {
        assert!(step.count().is_none(), "a step that is limited belongs into `next`");
        self.script().plan(name.into()).set(step);
    }

    /// Forgets all steps. Calls that took theirs go on with it, and counters stay.
    pub fn clear(&self) {
        *self.script() = Script::default();
    }

    /// How many calls came, whatever became of them. A batch counts as one.
    pub fn calls(&self) -> usize {
        self.counts.totals().calls
    }

    /// How many of the calls were about this name, alone or in a batch; writes included.
    pub fn calls_for(&self, name: &str) -> usize {
        self.counts.of(name).calls
    }

    /// How many names were asked for, by `get` and in batches.
    pub fn reads(&self) -> usize {
        self.counts.totals().reads
    }

    /// How often this name was asked for, by `get` and in batches.
    pub fn reads_for(&self, name: &str) -> usize {
        self.counts.of(name).reads
    }

    /// How many calls are under way now, those at a gate included.
    pub fn in_flight(&self) -> usize {
        self.counts.totals().in_flight
    }

    /// How many calls read this name at one time, at most: 1 proves a single flight. Counts `get`,
    /// `get_many` and `live_versions`, whatever the version; a write beside a read is no second flight.
    pub fn most_in_flight_for(&self, name: &str) -> usize {
        self.counts.of(name).most_in_flight
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a read and takes the steps of its names, in their order.
    fn begin_read(&self, names: &[SecretName]) -> (Flight, Vec<Step>) {
        let flight = self.counts.begin(names, Call::Read);
        let mut script = self.script();
        (flight, names.iter().map(|name| script.take(Some(name), Call::Read)).collect())
    }

    /// A call that the inner store alone can answer.
    async fn call<T>(
        &self,
        call: Call,
        name: Option<&SecretName>,
        ask: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let _flight = self.counts.begin(name.map_or(&[], slice::from_ref), call);
        let step = self.script().take(name, call);
        step::before(slice::from_ref(&step)).await;
        let result = match step.end() {
            Some(Err(error)) => Err(error),
            // There is no answer: the script keeps those for reads.
            Some(Ok(_)) | None => ask.await,
        };
        step::after(slice::from_ref(&step)).await;
        result
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods, reason = "a wrapper that forgets a method changes the store")]
impl SecretStore for ChaosStore {
    fn info(&self) -> &ProviderInfo {
        self.inner.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        let (_flight, steps) = self.begin_read(slice::from_ref(name));
        step::before(&steps).await;
        let result = match steps.iter().find_map(Step::end) {
            Some(result) => result,
            None => self.inner.get(name, options).await,
        };
        step::after(&steps).await;
        result
    }

    async fn get_many(&self, names: &[SecretName], options: GetOptions) -> Vec<Result<Secret>> {
        let (_flight, steps) = self.begin_read(names);
        step::before(&steps).await;
        let ends: Vec<_> = steps.iter().map(Step::end).collect();
        let left = names.iter().zip(&ends).filter(|(_, end)| end.is_none());
        let left: Vec<SecretName> = left.map(|(name, _)| name.clone()).collect();
        // A batch of no names is passed on as such; one that is answered already is not.
        let mut asked = if left.is_empty() && !names.is_empty() {
            Vec::new().into_iter()
        } else {
            self.inner.get_many(&left, options).await.into_iter()
        };
        let results = ends.into_iter().filter_map(|end| end.or_else(|| asked.next())).collect();
        step::after(&steps).await;
        results
    }

    async fn put(
        &self,
        name: &SecretName,
        value: SecretValue,
        options: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        self.call(Call::Other, Some(name), async { self.inner.put(name, value, options).await })
            .await
    }

    async fn promote(
        &self,
        name: &SecretName,
        version: &SecretVersion,
        expected_current: Option<&SecretVersion>,
    ) -> Result<()> {
        let ask = async { self.inner.promote(name, version, expected_current).await };
        self.call(Call::Other, Some(name), ask).await
    }

    async fn retire(&self, name: &SecretName, version: &SecretVersion) -> Result<()> {
        self.call(Call::Other, Some(name), async { self.inner.retire(name, version).await }).await
    }

    async fn restore(&self, name: &SecretName) -> Result<()> {
        self.call(Call::Other, Some(name), async { self.inner.restore(name).await }).await
    }

    async fn delete(&self, name: &SecretName) -> Result<()> {
        self.call(Call::Other, Some(name), async { self.inner.delete(name).await }).await
    }

    async fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        self.call(Call::Other, None, async { self.inner.list(prefix).await }).await
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        self.call(Call::Other, Some(name), async { self.inner.versions(name).await }).await
    }

    async fn live_versions(
        &self,
        name: &SecretName,
        since: SystemTime,
    ) -> Result<Vec<LiveVersion>> {
        let ask = async { self.inner.live_versions(name, since).await };
        self.call(Call::Live, Some(name), ask).await
    }

    async fn check(&self, name: &SecretName) -> Result<()> {
        self.call(Call::Other, Some(name), async { self.inner.check(name).await }).await
    }

    async fn probe(&self) -> Result<Probe> {
        self.call(Call::Other, None, async { self.inner.probe().await }).await
    }
}
