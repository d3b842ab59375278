//! A provider as data: its ids, its settings, and how to open it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::{Clock, Examine, Key, Result, SecretName, SecretStore, Settings, Signer};

/// A boxed future, as `async-trait` makes them.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What `SECRETS_PROVIDER` can select. A backend crate exports one as a constant.
#[derive(Clone, Copy)]
pub struct Provider {
    ids: &'static [&'static str],
    keys: &'static [Key],
    open: for<'a> fn(Open<'a>) -> BoxFuture<'a, Result<Opened>>,
}

impl Provider {
    /// Ids that select it, the settings it reads, and the function that opens it. Opening checks the
    /// settings and does no network I/O.
    pub const fn new(
        ids: &'static [&'static str],
        keys: &'static [Key],
        open: for<'a> fn(Open<'a>) -> BoxFuture<'a, Result<Opened>>,
    ) -> Self {
        Self { ids, keys, open }
    }

    /// The ids, most usual first.
    pub const fn ids(&self) -> &'static [&'static str] {
        self.ids
    }

    /// The settings it reads, besides those that every provider has.
    pub const fn keys(&self) -> &'static [Key] {
        self.keys
    }

    /// Opens it.
    ///
    /// # Errors
    /// `Misconfigured`, naming the setting; other kinds if what a setting points to cannot be used.
    pub fn open<'a>(&self, open: Open<'a>) -> BoxFuture<'a, Result<Opened>> {
        (self.open)(open)
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Provider").field(&self.ids).finish()
    }
}

/// What a provider is opened with.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Open<'a> {
    /// Which of its ids was selected.
    pub id: &'static str,
    /// Where its settings are.
    pub settings: &'a Settings,
    /// The time.
    pub clock: &'a Arc<dyn Clock>,
}

impl<'a> Open<'a> {
    /// The three together.
    pub fn new(id: &'static str, settings: &'a Settings, clock: &'a Arc<dyn Clock>) -> Self {
        Self { id, settings, clock }
    }
}

/// An open provider.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Opened {
    /// The secrets.
    pub store: Arc<dyn SecretStore>,
    /// What signs, where the provider does so itself; `None` if keys are read from the store.
    pub signer: Option<Arc<dyn Signer>>,
    /// The logical name of the signing key, or what has to be set to have one. `None` if the provider has
    /// no setting of its own for it: then `SECRETS_SIGNING_SECRET_NAME` names it.
    pub signing_key: Option<Result<SecretName>>,
    /// Whether that name is whole as it is, so that no prefix is put before it.
    pub signing_key_is_whole: bool,
    /// A key of the store whose signatures still verify, while `signer` signs: for moving to a provider
    /// that signs itself.
    pub also_verifies: Option<SecretName>,
    /// What a person should look at, though it works: loose modes, foreign owners.
    pub warnings: Vec<String>,
    /// What looks for mistakes in the set-up, where the provider has something to say on it.
    pub examine: Option<Arc<dyn Examine>>,
}

impl Opened {
    /// A store and nothing else.
    pub fn new(store: Arc<dyn SecretStore>) -> Self {
        Self {
            store,
            signer: None,
            signing_key: None,
            signing_key_is_whole: false,
            also_verifies: None,
            warnings: Vec::new(),
            examine: None,
        }
    }
}

/// Who answers: part of every error and of every span.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProviderInfo {
    id: &'static str,
}

impl ProviderInfo {
    /// A provider with this id.
    pub const fn new(id: &'static str) -> Self {
        Self { id }
    }

    /// The id.
    pub const fn id(&self) -> &'static str {
        self.id
    }
}
