//! Providers that are no servers: the real ones are here.

use std::path::Path;
use std::sync::Arc;

use strongroom::provider::Capabilities;
use strongroom::{MemoryStore, ProcessEnvironment, Settings};
use strongroom_testkit::conformance::Subject;
use strongroom_tests::key;

use crate::facade::{self, keyed, subject};
use crate::matrix::Row;

pub(crate) async fn rows() -> [Row; 4] {
    [flat().await, releases().await, env().await, memory().await]
}

fn file(folder: &Path) -> Settings {
    let folder = folder.to_str().expect("a path in UTF-8");
    Settings::new(ProcessEnvironment).with("SECRETS_PROVIDER", "file").with("SECRETS_DIR", folder)
}

async fn flat() -> Row {
    let folder = tempfile::tempdir().unwrap();
    // An empty one would be for releases.
    std::fs::write(folder.path().join("there"), "canary").unwrap();
    let mut can = Capabilities::default();
    (can.put, can.list, can.delete, can.binary) = (true, true, true, true);
    let settings = file(folder.path());
    let row = Row::new("file", "flat folder", "disk").stores(&subject(&settings, can).await).await;
    keyed(row, settings).await
}

async fn releases() -> Row {
    let folder = tempfile::tempdir().unwrap();
    let mut can = Capabilities::default();
    (can.put, can.cas, can.list, can.versions) = (true, true, true, true);
    (can.pending, can.delete, can.binary, can.snapshot) = (true, true, true, true);
    let settings = file(folder.path());
    let row = Row::new("file", "releases", "disk").stores(&subject(&settings, can).await).await;
    keyed(row, settings).await
}

async fn env() -> Row {
    let pairs = [("SECRETS_PROVIDER", "env"), ("THERE", "canary"), ("SIGNING_KEY", &key("1"))];
    let settings = Settings::from_pairs(pairs);
    let subject = subject(&settings, Capabilities::default()).await;
    let row = Row::new("env", "variables", "the process").stores(&subject).await;
    row.signs(&facade::signer(settings).await, "signing-key").await
}

/// For tests, in code only.
async fn memory() -> Row {
    let mut can = Capabilities::default();
    (can.put, can.cas, can.list, can.versions) = (true, true, true, true);
    (can.pending, can.delete, can.binary) = (true, true, true);
    let store = MemoryStore::new();
    let subject = Subject::new(Arc::new(store), can);
    Row::new("memory", "for tests", "the process").stores(&subject).await
}
