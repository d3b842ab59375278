//! Where secrets are kept in a test.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use strongroom::provider::{Opened, SecretStore, open};
use strongroom::{MemoryStore, PutOptions, Secret, Secrets, Settings};
use strongroom_testkit::{ChaosStore, ManualClock};
use strongroom_tests::server::{Server, clock};
use tempfile::TempDir;

/// One store, seen by the service under test through a script that counts, and by an operator without it.
#[derive(Debug)]
pub(crate) struct Place {
    /// Counts and fails what the service asks.
    pub(crate) chaos: ChaosStore,
    /// Of the store and of the service.
    pub(crate) clock: ManualClock,
    store: Arc<dyn SecretStore>,
    _kept: Kept,
}

/// What has to outlive the store.
#[derive(Debug)]
#[expect(dead_code, reason = "dropped at the end")]
enum Kept {
    Nothing,
    Folder(TempDir),
    Server(Server),
}

impl Place {
    pub(crate) fn memory() -> Self {
        let clock = fixed();
        let store = MemoryStore::with_clock(Arc::new(clock.clone()));
        Self::new(Arc::new(store), clock, Kept::Nothing)
    }

    /// A folder that the first write makes one of releases.
    pub(crate) async fn file() -> Self {
        Self::folder(tempfile::tempdir().unwrap()).await
    }

    /// A folder of files without versions.
    pub(crate) async fn flat() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("other");
        std::fs::write(&file, "canary-other").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        Self::folder(folder).await
    }

    /// KV version 2 of the fake.
    pub(crate) async fn vault() -> Self {
        let clock = fixed();
        Self::server(Server::fake_at(&clock).await, clock).await
    }

    /// KV version 2 of a real server, which has a clock of its own.
    pub(crate) async fn bao() -> Self {
        Self::server(Server::real().await, clock()).await
    }

    async fn folder(folder: TempDir) -> Self {
        let clock = fixed();
        let settings = Settings::from_pairs([("SECRETS_PROVIDER", "file")])
            .with("SECRETS_DIR", text(folder.path()));
        let opened = open(&settings, Arc::new(clock.clone())).await.unwrap();
        Self::new(opened.store, clock, Kept::Folder(folder))
    }

    async fn server(server: Server, clock: ManualClock) -> Self {
        let opened = open(&server.settings(&[]), Arc::new(clock.clone())).await.unwrap();
        Self::new(opened.store, clock, Kept::Server(server))
    }

    fn new(store: Arc<dyn SecretStore>, clock: ManualClock, kept: Kept) -> Self {
        Self { chaos: ChaosStore::around(store.clone()), clock, store, _kept: kept }
    }

    /// A service, which tries everything once: so the calls that are counted are loads.
    pub(crate) async fn service(&self, settings: &[(&str, &str)]) -> Secrets {
        self.build(Arc::new(self.chaos.clone()), settings).await
    }

    /// Whoever writes, in another process: what it does is not scripted, and not counted.
    pub(crate) async fn operator(&self, settings: &[(&str, &str)]) -> Secrets {
        self.build(self.store.clone(), settings).await
    }

    /// Writes a value as an operator.
    pub(crate) async fn put(&self, name: &str, value: &str) {
        let operator = self.operator(&[]).await;
        operator.put(name, value, PutOptions::default()).await.unwrap();
    }

    async fn build(&self, store: Arc<dyn SecretStore>, settings: &[(&str, &str)]) -> Secrets {
        let builder =
            Secrets::builder().opened(Opened::new(store)).clock(self.clock.clone()).attempts(1);
        let settings = Settings::from_pairs(settings.iter().copied());
        builder.settings(settings).build().await.unwrap()
    }
}

/// The text of a secret.
pub(crate) fn value(secret: &Secret) -> &str {
    secret.value().expose_str().unwrap()
}

fn fixed() -> ManualClock {
    ManualClock::at(1_800_000_000)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
