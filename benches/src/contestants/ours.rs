//! Strongroom, warm.

use std::time::Duration;

use strongroom::{
    Clock, KeyRing, KeySet, Live, LiveRef, MemoryStore, RawHmac, Ref, Secret, Secrets, Settings,
    SigningKey, SystemClock,
};

use super::{at_once, names, value};

/// A `Secrets` in which every secret was read and is watched.
pub(crate) struct Ours {
    secrets: Secrets,
    lives: Vec<Live<Secret>>,
}

impl Ours {
    /// With all secrets.
    pub(crate) async fn open() -> Self {
        let entries = names().into_iter().enumerate();
        let store = entries.fold(MemoryStore::new(), |store, (index, name)| {
            store.with(&name, value(index)).expect("a good name")
        });
        // No renewal while it is measured.
        let settings = Settings::from_pairs([("SECRETS_CACHE_TTL_SECONDS", "3600")]);
        let secrets = Secrets::builder().store(store).settings(settings).build().await;
        let secrets = secrets.expect("good settings");
        let mut lives = Vec::new();
        for name in names() {
            secrets.get(&name).await.expect("it is there");
            lives.push(secrets.watch(&name).await.expect("it is there"));
        }
        Self { secrets, lives }
    }

    /// `secrets.get(name).await`.
    pub(crate) fn get(&self, name: &str) -> Secret {
        at_once(self.secrets.get(name)).expect("all are there")
    }

    /// `secrets.cached(name)`.
    pub(crate) fn cached(&self, name: &str) -> Ref<'_, Secret> {
        self.secrets.cached(name).expect("all are watched")
    }

    /// `live.load()` of the secret of this index.
    pub(crate) fn load(&self, index: usize) -> LiveRef<'_, Secret> {
        self.lives[index].load().expect("it is fresh")
    }
}

/// The live versions of a signing key.
pub(crate) struct Keys {
    /// Signs and verifies as `sr1`.
    pub(crate) ring: KeyRing,
    /// Makes plain tags.
    pub(crate) raw: RawHmac,
}

impl Keys {
    /// So many versions; the first ever is the oldest, and the same whatever their number.
    pub(crate) async fn open(versions: usize) -> Self {
        let mut keys = (0..versions).map(key);
        let (now, grace) = (SystemClock.now(), Duration::from_secs(900));
        let set = KeySet::new(keys.next().expect("at least one"), now);
        let set = keys.fold(set, |set, key| set.rotated(key, now, grace).expect("a new key"));
        let store = MemoryStore::new().with("signing-key", set.render()).expect("a good name");
        let settings = Settings::from_pairs([
            ("SECRETS_CACHE_TTL_SECONDS", "3600"),
            ("SECRETS_SIGNING_KEY_ENCODING", "jwks"),
        ]);
        let secrets = Secrets::builder().store(store).settings(settings).build().await;
        let secrets = secrets.expect("good settings");
        let ring = secrets.key_ring().await.expect("a good key");
        Self { ring, raw: secrets.raw_hmac("signing-key").await.expect("a good key") }
    }
}

/// The bytes of this version of the key, the oldest first.
pub(crate) fn key_bytes(version: usize) -> String {
    format!("canary-key-of-thirty-two-bytes-{version}")
}

fn key(version: usize) -> SigningKey {
    SigningKey::new(key_bytes(version).as_str().into()).expect("long enough")
}
