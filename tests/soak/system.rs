//! One provider and the processes that use it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use strongroom::provider::open;
use strongroom::{KeyRing, Layer, Secrets, Signer, SystemClock};
use tokio::time::{Instant, sleep};

use crate::bound::Bound;
use crate::ledger::{Ledger, locked};
use crate::place::Place;
use crate::publish::Operator;
use crate::tally::{Tally, TallyLayer};
use crate::traffic::Again;

/// One that runs on its own: it shares nothing with the others but the provider.
pub(crate) struct Process {
    pub(crate) name: &'static str,
    pub(crate) signer: Signer,
    pub(crate) ring: KeyRing,
    /// The same for another purpose, for which no signature is made.
    pub(crate) other: (Signer, KeyRing),
    /// What the cache asked for.
    pub(crate) loads: Arc<Tally>,
    /// What the provider was asked, retries included.
    calls: Arc<Tally>,
    since: Instant,
}

/// A provider and the processes that use it.
pub(crate) struct System {
    pub(crate) place: Place,
    pub(crate) operator: Operator,
    pub(crate) signer: Process,
    /// The second one gets the noise.
    pub(crate) verifiers: [Process; 2],
    pub(crate) ledger: Ledger,
    /// Signatures that are looked at once more.
    pub(crate) again: Again,
}

impl Process {
    async fn start(name: &'static str, place: &Place) -> Self {
        let since = Instant::now();
        let (loads, calls) = (Arc::new(Tally::default()), Arc::new(Tally::default()));
        let settings = place.settings_of_process().await;
        let mut opened = open(&settings, Arc::new(SystemClock)).await.expect("good settings");
        opened.store = TallyLayer(calls.clone()).store(opened.store);
        let builder = Secrets::builder().settings(settings).opened(opened);
        let secrets = builder.layer(TallyLayer(loads.clone())).build().await;
        // The handles live on without it.
        let secrets = secrets.expect("good settings");
        let signer = secrets.signer().await.expect("a key");
        let ring = secrets.key_ring().await.expect("a key");
        let other = "soak.other";
        let other = (signer.for_purpose(other), ring.for_purpose(other));
        let other = (other.0.expect("a purpose"), other.1.expect("a purpose"));
        Self { name, signer, ring, other, loads, calls, since }
    }
}

impl System {
    /// Writes the first key and starts the processes, at different moments.
    pub(crate) async fn start(place: Place) -> Self {
        let operator = match &place {
            Place::Folder(_) => {
                let opened = open(&place.settings(), Arc::new(SystemClock)).await;
                Operator::Releases(opened.expect("a folder").store)
            }
            Place::Server(..) => {
                let secrets = Secrets::from_settings(place.settings()).await;
                Operator::Sets(secrets.expect("good settings"))
            }
        };
        operator.found().await;
        let signer = Process::start("signer", &place).await;
        sleep(Duration::from_millis(300)).await;
        let verifier = Process::start("verifier", &place).await;
        sleep(Duration::from_millis(900)).await;
        let noisy = Process::start("noisy verifier", &place).await;
        let (verifiers, ledger) = ([verifier, noisy], Ledger::new());
        Self { place, operator, signer, verifiers, ledger, again: Again::default() }
    }

    pub(crate) fn processes(&self) -> impl Iterator<Item = &Process> {
        [&self.signer].into_iter().chain(&self.verifiers)
    }

    /// The figures on one line, and what was wrong.
    pub(crate) fn conclude(&self) -> (String, Vec<String>) {
        let ledger = &self.ledger;
        let mut wrong = ledger.findings();
        let [signed, verified, retired, forged, unknown, rotations] = [
            &ledger.signed,
            &ledger.verified,
            &ledger.retired_refused,
            &ledger.forged_refused,
            &ledger.unknown_refused,
            &ledger.rotations,
        ]
        .map(|counter| counter.load(Ordering::Relaxed));
        for (what, refused) in [("retired", retired), ("forged", forged), ("unknown", unknown)] {
            if refused == 0 {
                wrong.push(format!("no {what} signature was there to be refused"));
            }
        }
        let mut asked = Vec::new();
        for process in self.processes() {
            let (figures, problems) = self.asked(process, rotations);
            asked.push(figures);
            wrong.extend(problems);
        }
        // A call is one request; before its first one, a process asks which KV it is.
        let calls: usize = self.processes().map(|process| 1 + process.calls.calls()).sum();
        if let Some(requests) = self.place.requests()
            && !(1..=calls).contains(&requests)
        {
            wrong.push(format!("{requests} requests came, of {calls} calls"));
        }
        let name = self.place.name();
        let figures = format!(
            "soak {name}: {signed} signed, {verified} verified; refused: {retired} retired, {forged} \
             forged, {unknown} unknown; {rotations} rotations, {:.1} s down; {}; slowest good \
             verification {:.1?} sync, {:.1?} async",
            locked(&ledger.down).as_secs_f64(),
            asked.join(", "),
            ledger.slowest_sync.get(),
            ledger.slowest_async.get(),
        );
        (figures, wrong.into_iter().map(|what| format!("{name}: {what}")).collect())
    }

    /// What a process asked of its provider.
    fn asked(&self, process: &Process, rotations: usize) -> (String, Vec<String>) {
        // Random ids, and the ids of keys that the provider no longer lists.
        let meets_unknown_keys = process.name != self.signer.name;
        let down = *locked(&self.ledger.down);
        let bound = Bound::new(process.since.elapsed(), down, rotations, meets_unknown_keys);
        let (loads, calls) = (process.loads.calls(), process.calls.calls());
        let (most_loads, most_calls) = (bound.loads(), bound.calls());
        let name = process.name;
        let figures =
            format!("{name} {loads} of {most_loads} loads, {calls} of {most_calls} calls");
        let mut wrong = Vec::new();
        if loads > most_loads || calls > most_calls {
            wrong.push(format!("asked too often: {figures}"));
        }
        if process.loads.failed() == 0 {
            wrong.push(format!("{name} was not there when the provider was down"));
        }
        (figures, wrong)
    }
}
