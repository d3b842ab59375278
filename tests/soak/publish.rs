//! The two ways in which an operator publishes a key and makes it sign later.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use strongroom::provider::SecretStore;
use strongroom::{
    GetOptions, IfVersion, KeyEncoding, KeyId, PutOptions, Secret, SecretName, SecretVersion,
    Secrets, SigningKey, Stage,
};

use crate::GRACE;
use crate::ledger::now;

/// The secret that holds the key.
pub(crate) const KEY: &str = "signing-key";

/// Who rotates the key.
pub(crate) enum Operator {
    /// Each version of the key is a release.
    Releases(Arc<dyn SecretStore>),
    /// All live keys are one JWK Set.
    Sets(Secrets),
}

/// A key that verifies everywhere once it was read, and does not sign yet.
pub(crate) struct Published {
    pub(crate) key: KeyId,
    /// The release that holds it; a set has no version a key.
    version: Option<SecretVersion>,
}

/// A key that signs no more, and since when.
pub(crate) struct Retired {
    pub(crate) key: KeyId,
    pub(crate) since: SystemTime,
}

impl Operator {
    /// Writes the first key.
    pub(crate) async fn found(&self) -> KeyId {
        match self {
            Self::Releases(store) => {
                let value = KeyEncoding::Raw.generate(32, now()).expect("random bytes");
                let key = SigningKey::decode(&value, KeyEncoding::Raw).expect("a key");
                store.put(&name(), value, PutOptions::default()).await.expect("a first release");
                *key.id()
            }
            Self::Sets(secrets) => {
                let set = new_set();
                let absent = PutOptions::default().if_version(IfVersion::Absent);
                secrets.put(KEY, set.to_string(), absent).await.expect("a first set");
                id(&set["keys"][0])
            }
        }
    }

    /// Writes a new key that does not sign yet.
    pub(crate) async fn publish(&self) -> Published {
        match self {
            Self::Releases(store) => {
                let value = KeyEncoding::Raw.generate(32, now()).expect("random bytes");
                let key = *SigningKey::decode(&value, KeyEncoding::Raw).expect("a key").id();
                let current = store.get(&name(), GetOptions::default()).await.expect("a release");
                let options = if_still(&current).stage(Stage::Pending);
                let version = store.put(&name(), value, options).await.expect("a pending release");
                Published { key, version }
            }
            Self::Sets(secrets) => {
                let (current, mut set) = read(secrets).await;
                let mut new = new_set()["keys"][0].take();
                new["state"] = json!("pending");
                let key = id(&new);
                let keys = set["keys"].as_array_mut().expect("keys");
                // As a rotation does: what is past its grace leaves the set, and is not known any more.
                let over = now() - GRACE;
                keys.retain(|key| key["state"] != "retiring" || since(key) > over);
                keys.push(new);
                write(secrets, &current, &set).await;
                Published { key, version: None }
            }
        }
    }

    /// Makes it sign instead of the one that does.
    pub(crate) async fn activate(&self, published: Published) -> Retired {
        match self {
            Self::Releases(store) => {
                let old = store.get(&name(), GetOptions::default()).await.expect("a release");
                let key = SigningKey::decode(old.value(), KeyEncoding::Raw).expect("a key");
                let new = published.version.expect("releases are versions");
                store.promote(&name(), &new, old.version()).await.expect("it is in force");
                let versions = store.versions(&name()).await.expect("releases");
                let old = versions.iter().find(|info| Some(&info.version) == old.version());
                let since = old.and_then(|info| info.retired_at).expect("when it was retired");
                Retired { key: *key.id(), since }
            }
            Self::Sets(secrets) => {
                let (current, mut set) = read(secrets).await;
                let since = now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
                let mut retired = None;
                for key in set["keys"].as_array_mut().expect("keys") {
                    if key["state"] == "current" {
                        (key["state"], key["since"]) = (json!("retiring"), json!(since));
                        retired = Some(id(key));
                    } else if id(key) == published.key {
                        (key["state"], key["since"]) = (json!("current"), json!(since));
                    }
                }
                write(secrets, &current, &set).await;
                let since = UNIX_EPOCH + Duration::from_secs(since);
                Retired { key: retired.expect("one was current"), since }
            }
        }
    }

    /// Whether the provider answers.
    pub(crate) async fn is_answered(&self) -> bool {
        let fresh = GetOptions::default().max_age(Duration::ZERO);
        match self {
            Self::Releases(store) => store.get(&name(), fresh).await.is_ok(),
            Self::Sets(secrets) => secrets.get_with(KEY, fresh).await.is_ok(),
        }
    }
}

fn name() -> SecretName {
    SecretName::new(KEY).expect("a name")
}

/// A write that happens only if nobody has written since this was read.
fn if_still(current: &Secret) -> PutOptions {
    let version = current.version().expect("the store has versions").clone();
    PutOptions::default().if_version(IfVersion::Is(version))
}

/// A set of one new key, which is current.
fn new_set() -> Value {
    let value = KeyEncoding::Jwks.generate(32, now()).expect("random bytes");
    serde_json::from_slice(value.expose()).expect("a JWK Set is JSON")
}

async fn read(secrets: &Secrets) -> (Secret, Value) {
    let fresh = GetOptions::default().max_age(Duration::ZERO);
    let current = secrets.get_with(KEY, fresh).await.expect("a set");
    let set = serde_json::from_slice(current.value().expose()).expect("a JWK Set is JSON");
    (current, set)
}

async fn write(secrets: &Secrets, current: &Secret, set: &Value) {
    secrets.put(KEY, set.to_string(), if_still(current)).await.expect("nobody else writes");
}

/// The id of a member of a set.
fn id(key: &Value) -> KeyId {
    let bytes = key["k"].as_str().expect("its bytes").into();
    *SigningKey::decode(&bytes, KeyEncoding::Base64url).expect("a key").id()
}

fn since(key: &Value) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(key["since"].as_u64().expect("since when"))
}
