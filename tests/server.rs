//! One server of two sorts: the fake, and OpenBao.

#![expect(clippy::panic, reason = "support of tests")]

mod roles;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;

use reqwest::Method;
use serde_json::{Value, json};
use strongroom::provider::{Opened, open};
use strongroom::{Clock, Result, Secrets, Settings, SystemClock};
use strongroom_servers::OpenBao;
use strongroom_testkit::{FakeVault, ManualClock, ServerState};
use tokio::sync::{Semaphore, SemaphorePermit};
use vaultrs::api::token::requests::CreateTokenRequest;
use vaultrs::client::{VaultClient, VaultClientSettingsBuilder};

pub use roles::AppRole;
use roles::Counted;

/// A server of its own for one test, with KV v2 at `secret`, KV v1 at `kv1` and Transit at `transit`.
#[derive(Debug)]
pub struct Server {
    sort: Sort,
    http: reqwest::Client,
    tokens: AtomicUsize,
    roles: Mutex<Vec<Counted>>,
}

/// Which of the two.
#[derive(Debug)]
pub enum Sort {
    /// The fake.
    Fake(FakeVault),
    /// A real one, that ends with the test.
    Real(OpenBao, SemaphorePermit<'static>),
}

/// A clock that begins at the time of the machine: by that, a server says when something was written.
pub fn clock() -> ManualClock {
    let now = SystemClock.now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    ManualClock::at(now.as_secs())
}

/// A machine with many cores runs many tests at once, and each server takes a few hundred megabytes.
static RUNNING: Semaphore = Semaphore::const_new(8);

impl Server {
    /// The fake.
    pub async fn fake() -> Self {
        Self::new(Sort::Fake(FakeVault::start().await))
    }

    /// The fake, on a clock that the test moves.
    pub async fn fake_at(clock: &ManualClock) -> Self {
        Self::new(Sort::Fake(strongroom_testkit::vault().clock(clock.clone()).start().await))
    }

    /// OpenBao.
    ///
    /// # Panics
    /// If it cannot be started, with what to do about it: a test that needs it is never skipped.
    pub async fn real() -> Self {
        let permit = RUNNING.acquire().await.expect("never closed");
        let started = tokio::task::spawn_blocking(OpenBao::start).await.expect("no panic");
        Self::new(Sort::Real(started.unwrap_or_else(|problem| panic!("{problem}")), permit))
    }

    fn new(sort: Sort) -> Self {
        let http =
            reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let http = http.build().expect("a plain client");
        Self { sort, http, tokens: AtomicUsize::new(0), roles: Mutex::default() }
    }

    /// Which of the two.
    pub fn sort(&self) -> &Sort {
        &self.sort
    }

    /// The fake, in tests of what only a fake can do.
    pub fn as_fake(&self) -> &FakeVault {
        match &self.sort {
            Sort::Fake(fake) => fake,
            Sort::Real(..) => panic!("this test is for the fake"),
        }
    }

    /// `http://127.0.0.1:port`
    pub fn address(&self) -> String {
        match &self.sort {
            Sort::Fake(fake) => fake.address(),
            Sort::Real(bao, _) => bao.address().to_owned(),
        }
    }

    /// The token that may do everything.
    pub fn root(&self) -> &str {
        match &self.sort {
            Sort::Fake(_) => FakeVault::TOKEN,
            Sort::Real(bao, _) => bao.token(),
        }
    }

    /// What selects this server, and then these.
    pub fn settings(&self, more: &[(&str, &str)]) -> Settings {
        let settings = Settings::from_pairs([
            ("SECRETS_PROVIDER", "vault_dev"),
            ("VAULT_ADDR", &self.address()),
            ("VAULT_TOKEN", self.root()),
        ]);
        more.iter().fold(settings, |settings, (name, value)| settings.with(*name, *value))
    }

    /// The provider alone: no retry, no deadline.
    pub async fn open(&self, more: &[(&str, &str)]) -> Opened {
        open(&self.settings(more), Arc::new(SystemClock)).await.expect("good settings")
    }

    /// The whole product.
    pub async fn secrets(&self, more: &[(&str, &str)]) -> Result<Secrets> {
        Secrets::from_settings(self.settings(more)).await
    }

    /// The whole product, on a clock that the test moves.
    pub async fn secrets_at(&self, clock: &ManualClock, more: &[(&str, &str)]) -> Secrets {
        let builder = Secrets::builder().settings(self.settings(more)).clock(clock.clone());
        builder.build().await.expect("good settings")
    }

    /// A plain request with the root token: status and body, `null` if there is none.
    pub async fn raw(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.raw_as(self.root(), &[], method, path, body.map(|body| body.to_string())).await
    }

    /// A plain request of this token, with these headers and this text as its body.
    pub async fn raw_as(
        &self,
        token: &str,
        headers: &[(&str, &str)],
        method: &str,
        path: &str,
        body: Option<String>,
    ) -> (u16, Value) {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method, format!("{}{path}", self.address()));
        if !token.is_empty() {
            request = request.header("x-vault-token", token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a whole answer");
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// An independent client, with the root token.
    pub fn vaultrs(&self) -> VaultClient {
        let mut settings = VaultClientSettingsBuilder::default();
        let settings = settings.address(self.address()).token(self.root()).build();
        VaultClient::new(settings.expect("good settings")).expect("a client")
    }

    /// A new token that may do what these rules say.
    pub async fn token(&self, policy: &[(&str, &[&str])]) -> String {
        match &self.sort {
            Sort::Fake(fake) => {
                let token = format!("canary-token-{}", self.tokens.fetch_add(1, Ordering::Relaxed));
                fake.add_token(&token, policy);
                token
            }
            Sort::Real(..) => {
                let rules = policy.iter().map(|(path, capabilities)| {
                    format!("path \"{path}\" {{ capabilities = {} }}\n", json!(capabilities))
                });
                let client = self.vaultrs();
                let policy = format!("test-{}", self.tokens.fetch_add(1, Ordering::Relaxed));
                vaultrs::sys::policy::set(&client, &policy, &rules.collect::<String>())
                    .await
                    .expect("a policy");
                let mut wanted = CreateTokenRequest::builder();
                wanted.policies(vec![policy]);
                let made = vaultrs::token::new(&client, Some(&mut wanted)).await;
                made.expect("a token").client_token
            }
        }
    }

    /// Ends a token.
    pub async fn revoke(&self, token: &str) {
        match &self.sort {
            Sort::Fake(fake) => fake.revoke_token(token),
            Sort::Real(..) => {
                vaultrs::token::revoke(&self.vaultrs(), token).await.expect("a token to revoke");
            }
        }
    }

    /// Makes a Transit key: `hmac` or `ed25519`. By plain calls, as vaultrs knows no `hmac`.
    pub async fn transit_key(&self, name: &str, key_type: &str) {
        let body = match key_type {
            "hmac" => json!({"type": "hmac", "key_size": 32}),
            other => json!({"type": other}),
        };
        let (status, answer) =
            self.raw("POST", &format!("/v1/transit/keys/{name}"), Some(body)).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// Adds a namespace with KV v2 at `secret` and Transit at `transit`.
    pub async fn add_namespace(&self, name: &str) {
        match &self.sort {
            Sort::Fake(fake) => fake.add_namespace(name),
            Sort::Real(bao, _) => {
                let inside = format!("-namespace={name}");
                for words in [
                    &["namespace", "create", name][..],
                    &["secrets", "enable", &inside, "-path=secret", "-version=2", "kv"],
                    &["secrets", "enable", &inside, "transit"],
                ] {
                    bao.bao(words).unwrap_or_else(|problem| panic!("{problem}"));
                }
            }
        }
    }

    /// Seals the server, or unseals it.
    pub async fn seal(&self, sealed: bool) {
        match (&self.sort, sealed) {
            (Sort::Fake(fake), true) => fake.set_state(ServerState::Sealed),
            (Sort::Fake(fake), false) => fake.set_state(ServerState::Active),
            (Sort::Real(..), true) => {
                assert_eq!(self.raw("PUT", "/v1/sys/seal", None).await.0, 204);
            }
            (Sort::Real(bao, _), false) => {
                let key = json!({"key": bao.unseal_key()});
                assert_eq!(self.raw("PUT", "/v1/sys/unseal", Some(key)).await.0, 200);
            }
        }
    }
}

/// Runs each test on the fake and on OpenBao.
#[macro_export]
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod fake {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&strongroom_tests::server::Server::fake().await).await;
            })+
        }

        mod real {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&strongroom_tests::server::Server::real().await).await;
            })+
        }
    };
}
