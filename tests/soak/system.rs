//! One provider, the processes that use it, and what they may ask of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use strongroom::provider::open;
use strongroom::{KeyRing, Layer, Secrets, Settings, Signer, SystemClock};
use strongroom_tests::server::{Server, Sort};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::ledger::{Ledger, locked};
use crate::publish::{KEY, Operator};
use crate::tally::{Tally, TallyLayer};
use crate::traffic::Again;
use crate::{COOLDOWN, DEADLINE, GRACE, MAX_STALE, TTL};

/// Where the secrets are.
pub(crate) enum Place {
    /// Releases in a folder.
    Folder(TempDir),
    /// A JWK Set on a server.
    Server(&'static str, Box<Server>),
}

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
    pub(crate) again: Again,
}

impl Place {
    pub(crate) async fn folder() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(secrets_in(&folder)).expect("a folder in it");
        Self::Folder(folder)
    }

    pub(crate) async fn fake() -> Self {
        Self::Server("fake", Box::new(Server::fake().await))
    }

    pub(crate) async fn openbao() -> Self {
        Self::Server("openbao", Box::new(Server::real().await))
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Folder(_) => "file",
            Self::Server(name, _) => name,
        }
    }

    /// Takes the provider down, or brings it back.
    pub(crate) async fn go_down(&self, down: bool) {
        match self {
            Self::Folder(folder) => {
                let (here, away) = (secrets_in(folder), folder.path().join("away"));
                let (from, to) = if down { (here, away) } else { (away, here) };
                std::fs::rename(from, to).expect("the folder is moved");
            }
            Self::Server(_, server) => server.seal(down).await,
        }
    }

    /// What an operator needs.
    fn settings(&self) -> Settings {
        match self {
            Self::Folder(folder) => Settings::from_pairs([("SECRETS_PROVIDER", "file")])
                .with("SECRETS_DIR", secrets_in(folder).to_string_lossy()),
            Self::Server(_, server) => server.settings(&[
                ("VAULT_SIGNING_SECRET_NAME", KEY),
                ("VAULT_KV_VERSION", "2"),
                ("SECRETS_SIGNING_KEY_ENCODING", "jwks"),
            ]),
        }
    }

    /// What a process needs: the times of this soak, and on a server a token of its own, which may read the key.
    async fn settings_of_process(&self) -> Settings {
        let seconds = |time: Duration| time.as_secs().to_string();
        let settings = self
            .settings()
            .with("SECRETS_CACHE_TTL_SECONDS", seconds(TTL))
            .with("SECRETS_MAX_STALE_SECONDS", seconds(MAX_STALE))
            .with("SECRETS_TIMEOUT_SECONDS", seconds(DEADLINE))
            .with("SECRETS_PREVIOUS_KEY_GRACE_SECONDS", seconds(GRACE));
        match self {
            Self::Folder(_) => settings,
            Self::Server(_, server) => {
                let path = format!("secret/data/{KEY}");
                settings.with("VAULT_TOKEN", server.token(&[(&path, &["read"])]).await)
            }
        }
    }

    /// How many reads reached the provider, where it counts them.
    fn reads(&self) -> Option<usize> {
        let Self::Server(_, server) = self else { return None };
        let Sort::Fake(fake) = server.sort() else { return None };
        Some(fake.calls().iter().filter(|call| call.method == "GET").count())
    }
}

fn secrets_in(folder: &TempDir) -> PathBuf {
    folder.path().join("secrets")
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
        // Signer and ring live on without it.
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
        let verifiers = [verifier, noisy];
        let ledger = Ledger::new();
        Self { place, operator, signer, verifiers, ledger, again: Again::default() }
    }

    pub(crate) fn processes(&self) -> impl Iterator<Item = &Process> {
        [&self.signer].into_iter().chain(&self.verifiers)
    }

    /// The figures on one line, and what was wrong.
    pub(crate) fn conclude(&self) -> (String, Vec<String>) {
        let ledger = &self.ledger;
        let (count, mut wrong) = ledger.findings();
        if count > wrong.len() {
            wrong.push(format!("and {} more", count - wrong.len()));
        }
        let [signed, verified, retired, forged, noise, rotations] = [
            &ledger.signed,
            &ledger.verified,
            &ledger.retired_refused,
            &ledger.forged_refused,
            &ledger.noise_refused,
            &ledger.rotations,
        ]
        .map(|counter| counter.load(Ordering::Relaxed));
        let mut asked = Vec::new();
        for process in self.processes() {
            // Unknown are random ids, and those of keys that the provider no longer lists.
            let meets_unknown_keys = process.name != self.signer.name;
            let bound = Bound::new(process.since.elapsed(), *locked(&ledger.down), rotations)
                .unknown_keys(meets_unknown_keys);
            let (loads, calls) = (process.loads.calls(), process.calls.calls());
            let figures = format!(
                "{} {loads}/{} loads {calls}/{} calls",
                process.name,
                bound.loads(),
                bound.calls()
            );
            if loads > bound.loads() || calls > bound.calls() {
                wrong.push(format!("asked too often: {figures}"));
            }
            if process.loads.failed() == 0 {
                wrong.push(format!("the outage passed {} by", process.name));
            }
            asked.push(figures);
        }
        // The operator reads before it writes, and asks whether the outage is over.
        let calls: usize = self.processes().map(|process| process.calls.calls()).sum();
        if let Some(reads) = self.place.reads()
            && reads > calls + self.operator.reads()
        {
            wrong.push(format!("{reads} requests for {calls} calls"));
        }
        for (what, number) in [("retired", retired), ("forged", forged), ("unknown", noise)] {
            if number == 0 {
                wrong.push(format!("no {what} signature was refused"));
            }
        }
        let name = self.place.name();
        let figures = format!(
            "soak {name}: {signed} signed, {verified} verified; refused: {retired} retired, {forged} \
             forged, {noise} unknown; {rotations} rotations, {:.1} s down; {}; slowest good \
             verification {:.1?} sync, {:.1?} async; {count} findings",
            locked(&ledger.down).as_secs_f64(),
            asked.join(", "),
            ledger.slowest_sync.get(),
            ledger.slowest_async.get(),
        );
        (figures, wrong.into_iter().map(|what| format!("{name}: {what}")).collect())
    }
}

/// How often a process may ask: faults.md, section 5, with one call a load.
struct Bound {
    healthy: usize,
    down: usize,
    window: Duration,
}

impl Bound {
    fn new(window: Duration, down: Duration, rotations: usize) -> Self {
        let healthy = 1 + times(window, TTL.mul_f64(0.7)) + rotations;
        // Failing loads double their distance up to half a minute.
        Self { healthy, down: 6 + times(down, Duration::from_secs(30)), window }
    }

    fn unknown_keys(mut self, met: bool) -> Self {
        self.healthy += if met { times(self.window, COOLDOWN) } else { 0 };
        self
    }

    fn loads(&self) -> usize {
        self.healthy + self.down
    }

    /// Loads that fail have three attempts.
    fn calls(&self) -> usize {
        self.healthy + 3 * self.down
    }
}

/// How often a time fits into another, rounded up.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small number that is not negative"
)]
fn times(whole: Duration, part: Duration) -> usize {
    whole.div_duration_f64(part).ceil() as usize
}
