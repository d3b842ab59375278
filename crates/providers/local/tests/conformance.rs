//! The suites for every store, on those without a network.

use std::path::Path;
use std::sync::Arc;

use strongroom_core::{Capabilities, Open, SecretStore, Settings, SystemClock};
use strongroom_local::{ENV, FILE, MemoryStore, ProcessEnvironment};
use strongroom_testkit::conformance::{Subject, errors, redaction, store};

async fn passes(opened: Arc<dyn SecretStore>, can: Capabilities) {
    let subject = Subject::new(opened, can);
    store(&subject).await.assert_passed();
    errors(&subject).await.assert_passed();
    redaction(&subject).await.assert_passed();
}

async fn file(dir: &Path) -> Arc<dyn SecretStore> {
    let settings = Settings::new(ProcessEnvironment)
        .with("SECRETS_DIR", dir.to_str().expect("a path in UTF-8"));
    let clock: Arc<dyn strongroom_core::Clock> = Arc::new(SystemClock);
    FILE.open(Open::new("file", &settings, &clock)).await.expect("a folder").store
}

#[tokio::test]
async fn memory() {
    let mut can = Capabilities::default();
    (can.put, can.cas, can.list, can.versions) = (true, true, true, true);
    (can.pending, can.delete, can.binary) = (true, true, true);
    passes(Arc::new(MemoryStore::new()), can).await;
}

#[tokio::test]
async fn releases() {
    let dir = tempfile::tempdir().unwrap();
    let mut can = Capabilities::default();
    (can.put, can.cas, can.list, can.versions) = (true, true, true, true);
    (can.pending, can.delete, can.binary, can.snapshot) = (true, true, true, true);
    passes(file(dir.path()).await, can).await;
}

#[tokio::test]
async fn flat_folder() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("there"), "canary").unwrap();
    let mut can = Capabilities::default();
    (can.put, can.list, can.delete, can.binary) = (true, true, true, true);
    passes(file(dir.path()).await, can).await;
}

#[tokio::test]
async fn env() {
    let settings = Settings::from_pairs([("THERE", "canary")]);
    let clock: Arc<dyn strongroom_core::Clock> = Arc::new(SystemClock);
    let opened = ENV.open(Open::new("env", &settings, &clock)).await.unwrap();
    passes(opened.store, Capabilities::default()).await;
}
