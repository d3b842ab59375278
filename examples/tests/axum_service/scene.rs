//! The service in this process, on the providers that its tests need.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use strongroom::{Secrets, Settings};
use strongroom_testkit::FakeVault;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::axum_service::{self, Service};
use crate::client::{Answer, ask};

pub(crate) const KEY: &str = "canary-key-of-thirty-two-bytes-1";
pub(crate) const ORDER: &str = "pay 10 to alice";

/// The service, on a port of its own.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) stop: oneshot::Sender<()>,
    /// Done when it has stopped.
    pub(crate) served: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn on(settings: Settings) -> Self {
        Self::with(axum_service::open(settings).await.unwrap(), Duration::from_secs(20)).await
    }

    pub(crate) async fn with(secrets: Secrets, grace: Duration) -> Self {
        let router = axum_service::router(Service::start(secrets).await.unwrap());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async { stopped.await.unwrap() };
        let served = async move {
            axum_service::serve(listener, router, grace, stopped).await.unwrap();
        };
        Self { address, stop, served: tokio::spawn(served) }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        ask(self.address, &format!("GET {path}"), &[], "").await
    }

    /// The signature of an order.
    pub(crate) async fn sign(&self, order: &str) -> String {
        let answer = ask(self.address, "POST /orders", &[], order).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.header("x-signature").unwrap().to_owned()
    }

    pub(crate) async fn verify(&self, order: &str, signature: &str) -> Answer {
        ask(self.address, "POST /orders/verify", &[("x-signature", signature)], order).await
    }
}

/// A folder with a signing key, and the settings that select it.
pub(crate) fn folder() -> (TempDir, Settings) {
    let folder = tempfile::tempdir().unwrap();
    write_key(folder.path());
    let path = folder.path().to_str().unwrap().to_owned();
    let settings =
        Settings::from_pairs([("SECRETS_PROVIDER", "file".to_owned()), ("SECRETS_DIR", path)]);
    (folder, settings)
}

fn write_key(folder: &Path) {
    let mut options = OpenOptions::new();
    let mut file =
        options.write(true).create_new(true).mode(0o600).open(folder.join("signing-key")).unwrap();
    file.write_all(KEY.as_bytes()).unwrap();
}

/// A Vault whose Transit signs with key `orders`, and the settings that select it.
pub(crate) async fn transit(key_type: &str) -> (FakeVault, Settings) {
    let vault = FakeVault::start().await;
    let address = vault.address().strip_prefix("http://").unwrap().parse().unwrap();
    let token = [("x-vault-token", FakeVault::TOKEN)];
    let body = match key_type {
        "hmac" => json!({ "type": "hmac", "key_size": 32 }),
        other => json!({ "type": other }),
    };
    let made = ask(address, "POST /v1/transit/keys/orders", &token, &body.to_string()).await;
    assert!(made.status < 300, "{made:?}");
    let settings = vault.settings().with("VAULT_TRANSIT_KEY", "orders");
    (vault, settings)
}
