//! A signer that does what the test says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use strongroom::provider::{Opened, SignOptions, Signer};
use strongroom::{
    Algorithm, Error, ErrorKind, KeyId, MemoryStore, NativeSignature, Reason, Result, SecretName,
    Secrets, Settings, Signature, Verified,
};
use strongroom_testkit::ManualClock;
use strongroom_tests::settle;
use tokio::sync::Semaphore;

/// What each call is answered, and how often it was made. A message verifies if it is `hi`.
#[derive(Debug)]
pub(crate) struct Script {
    failing: Mutex<HashMap<&'static str, Error>>,
    /// How the next call fails, before the others are as above.
    next: Mutex<Option<Error>>,
    calls: Mutex<Vec<(&'static str, String)>>,
    /// Closed, no call is answered.
    gate: Semaphore,
}

impl Script {
    pub(crate) fn fail(&self, call: &'static str, error: Error) {
        self.failing.lock().unwrap().insert(call, error);
    }

    pub(crate) fn fail_next(&self, error: Error) {
        *self.next.lock().unwrap() = Some(error);
    }

    pub(crate) fn heal(&self) {
        self.failing.lock().unwrap().clear();
    }

    /// The calls since the last time, and the keys that they were about.
    pub(crate) fn calls(&self) -> Vec<(&'static str, String)> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    /// From now on no call is answered.
    pub(crate) fn hold(&self) {
        self.gate.forget_permits(1);
    }

    pub(crate) fn let_go(&self) {
        self.gate.add_permits(1);
    }

    async fn answer(&self, call: &'static str, key: &SecretName) -> Result<()> {
        self.calls.lock().unwrap().push((call, key.to_string()));
        let _pass = self.gate.acquire().await.unwrap();
        if let Some(error) = self.next.lock().unwrap().take() {
            return Err(error);
        }
        self.failing.lock().unwrap().get(call).cloned().map_or(Ok(()), Err)
    }
}

#[derive(Debug)]
struct ScriptedSigner(Arc<Script>);

#[async_trait]
impl Signer for ScriptedSigner {
    async fn sign(&self, key: &SecretName, _: &[u8], _: SignOptions) -> Result<Signature> {
        self.0.answer("sign", key).await.map(|()| signature())
    }

    async fn verify(
        &self,
        key: &SecretName,
        message: &[u8],
        signature: &Signature,
        _: SignOptions,
    ) -> Result<Verified> {
        if signature.key() != &known() {
            return Err(Error::signature(Reason::UnknownKey));
        }
        self.0.answer("verify", key).await?;
        match message == b"hi" {
            true => Ok(Verified::by(known(), true)),
            false => Err(Error::signature(Reason::Tag)),
        }
    }

    async fn sign_native(&self, key: &SecretName, _: &[u8]) -> Result<NativeSignature> {
        self.0.answer("sign_native", key).await?;
        "canary:v1:c2lnbmF0dXJl".parse()
    }

    async fn verify_native(
        &self,
        key: &SecretName,
        message: &[u8],
        _: &NativeSignature,
    ) -> Result<()> {
        self.0.answer("verify_native", key).await?;
        if message == b"hi" { Ok(()) } else { Err(Error::signature(Reason::Tag)) }
    }

    async fn check(&self, key: &SecretName) -> Result<()> {
        self.0.answer("check", key).await
    }
}

fn known() -> KeyId {
    KeyId::transit("signing-key", 1)
}

/// One of the key that the script knows.
pub(crate) fn signature() -> Signature {
    Signature::new(known(), Algorithm::Hs256, &[7; 32]).unwrap()
}

/// One of a key that nobody knows, which is refused without a call.
pub(crate) fn forged() -> Signature {
    Signature::new(KeyId::transit("other", 1), Algorithm::Hs256, &[7; 32]).unwrap()
}

/// A service whose provider signs, by the script; its signing key is critical.
pub(crate) struct Signing {
    pub(crate) secrets: Secrets,
    pub(crate) script: Arc<Script>,
    pub(crate) clock: ManualClock,
}

impl Signing {
    /// At work: its key was found.
    pub(crate) async fn new() -> Self {
        let signing = Self::unread().await;
        signing.secrets.ready().await.unwrap();
        assert_eq!(signing.script.calls(), calls(&["check"]));
        signing
    }

    pub(crate) async fn unread() -> Self {
        let script = Arc::new(Script {
            failing: Mutex::default(),
            next: Mutex::default(),
            calls: Mutex::default(),
            gate: Semaphore::new(1),
        });
        let clock = ManualClock::at(1_800_000_000);
        let mut opened = Opened::new(Arc::new(MemoryStore::new()));
        opened.signer = Some(Arc::new(ScriptedSigner(script.clone())));
        let builder = Secrets::builder().opened(opened).clock(clock.clone()).attempts(1);
        let secrets = builder.settings(Settings::from_pairs::<&str, &str>([]));
        let secrets = secrets.critical_signing_key().build().await.unwrap();
        Self { secrets, script, clock }
    }

    pub(crate) async fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        settle().await;
    }

    /// What `health` says of the signing key: nothing if it is ready. Lets come what that starts.
    pub(crate) async fn health(&self) -> Option<(&'static str, ErrorKind)> {
        let health = self.secrets.health();
        settle().await;
        assert!(health.problems().len() <= 1, "{health:?}");
        let problem = health.problems().first()?;
        assert_eq!((health.as_str(), problem.name.as_str()), ("not_ready", "signing-key"));
        Some((problem.what.as_str(), problem.kind.unwrap()))
    }
}

/// Calls about the configured key.
pub(crate) fn calls(these: &[&'static str]) -> Vec<(&'static str, String)> {
    these.iter().map(|call| (*call, "signing-key".to_owned())).collect()
}
