//! Providers that are servers: each on its fake, and on what is real of it here.

use strongroom::Settings;
use strongroom::provider::Capabilities;
use strongroom_servers::{AwsServer, Ministack, Moto};
use strongroom_testkit::{FakeAws, FakeAzure, FakeInfisical};
use strongroom_tests::server::Server;

use crate::facade::{keyed, subject};
use crate::matrix::Row;

pub(crate) async fn vault(place: &'static str, server: &Server) -> [Row; 4] {
    let mut kv1 = Capabilities::default();
    (kv1.put, kv1.list, kv1.delete, kv1.fields) = (true, true, true, true);
    let mut kv2 = kv1;
    (kv2.cas, kv2.versions) = (true, true);
    let old = server.settings(&[("VAULT_KV_MOUNT", "kv1")]);
    let new = server.settings(&[]);
    let first = Row::new("vault", "KV v1", place).stores(&subject(&old, kv1).await).await;
    let second = Row::new("vault", "KV v2", place).stores(&subject(&new, kv2).await).await;
    [
        keyed(first, old).await,
        keyed(second, new).await,
        transit(place, server, "Transit, ed25519", "ed25519").await,
        transit(place, server, "Transit, HMAC", "hmac").await,
    ]
}

async fn transit(place: &'static str, server: &Server, form: &'static str, key_type: &str) -> Row {
    let key = format!("orders-{key_type}");
    server.transit_key(&key, key_type).await;
    let opened = server.open(&[("VAULT_TRANSIT_KEY", &key)]).await;
    Row::new("vault", form, place).signs(&opened.signer.expect("Transit signs"), &key).await
}

pub(crate) async fn aws() -> [Row; 3] {
    let fake = FakeAws::start().await;
    let moto = emulator(Moto::start).await;
    let ministack = emulator(Ministack::start).await;
    [
        secrets_manager("fake", fake.settings()).await,
        secrets_manager("moto", of(&moto)).await,
        secrets_manager("ministack", of(&ministack)).await,
    ]
}

async fn emulator(start: fn() -> Result<AwsServer, String>) -> AwsServer {
    let started = tokio::task::spawn_blocking(start).await.expect("no panic");
    started.unwrap_or_else(|problem| panic!("{problem}"))
}

fn of(server: &AwsServer) -> Settings {
    Settings::from_pairs(server.environment()).with("SECRETS_PROVIDER", "aws_sm")
}

async fn secrets_manager(place: &'static str, settings: Settings) -> Row {
    let mut can = Capabilities::default();
    (can.put, can.cas, can.list, can.versions) = (true, true, true, true);
    (can.pending, can.delete, can.batch, can.binary) = (true, true, true, true);
    let row = Row::new("aws_sm", "secrets", place).stores(&subject(&settings, can).await).await;
    keyed(row, settings).await
}

pub(crate) async fn azure(place: &'static str, fake: &FakeAzure) -> Row {
    let mut can = Capabilities::default();
    (can.put, can.list, can.versions, can.delete) = (true, true, true, true);
    let subject = subject(&fake.settings(), can).await.with_largest(25_600);
    let row = Row::new("azure_kv", "secrets", place).stores(&subject).await;
    keyed(row, fake.settings()).await
}

pub(crate) async fn infisical(form: &'static str, fake: &FakeInfisical) -> Row {
    let mut can = Capabilities::default();
    (can.put, can.list, can.delete, can.batch) = (true, true, true, true);
    can.overlap = true;
    let subject = subject(&fake.settings(), can).await.trimming();
    let row = Row::new("infisical", form, "fake").stores(&subject).await;
    keyed(row, fake.settings()).await
}
