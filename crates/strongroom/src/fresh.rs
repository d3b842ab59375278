//! Reading without waiting, and how it stands with what is read.

use strongroom_core::{Result, Secret, SecretRef};
use strongroom_layers::{Follow, Live, Ref};

use crate::reads::Read;
use crate::{Health, Secrets, Use};

impl Secrets {
    /// The current version of a secret in use, borrowed: no lock, no allocation, no waiting. The hot form.
    ///
    /// `None` until the secret was declared, watched, or read twice within its TTL; and once it cannot be
    /// used: [`get`](Self::get) it then, which tells why. The reference cannot be sent to another thread.
    ///
    /// ```
    /// use strongroom::{MemoryStore, Secrets};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> strongroom::Result<()> {
    /// let store = MemoryStore::new().with("a/b", "canary-password")?;
    /// let secrets = Secrets::builder().store(store).require(["a/b"]).build().await?;
    /// secrets.ready().await?;
    /// let Some(secret) = secrets.cached("a/b") else { panic!("it was declared and read") };
    /// assert_eq!(secret.value().expose(), b"canary-password");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn cached(&self, name: &str) -> Option<Ref<'_, Secret>> {
        self.reads.cached(name)
    }

    /// A handle that always shows the last value of a secret: reading it takes no lock, no allocation and no
    /// look at the clock. It keeps the secret in use, also after this `Secrets` is gone.
    ///
    /// ```
    /// use strongroom::{MemoryStore, PutOptions, Secrets};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> strongroom::Result<()> {
    /// let store = MemoryStore::new().with("a/b", "canary-1")?;
    /// let secrets = Secrets::builder().store(store).build().await?;
    /// let mut live = secrets.watch("a/b").await?;
    /// secrets.put("a/b", "canary-2", PutOptions::default()).await?;
    /// live.changed().await?;
    /// assert_eq!(live.load()?.value().expose(), b"canary-2");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn watch(&self, name: &str) -> Result<Live<Secret>> {
        let read = Read::current(&self.inner.resolve(name)?);
        let same = |secret: &Secret| Ok(secret.clone());
        self.inner.reads.watch(&read, Some(name), Follow::Renewals, same).await
    }

    /// As [`watch`](Self::watch), for what a function makes of each value: a pool's settings, a parsed key. A
    /// new value that it refuses is logged, without its error's text, and the last good one stays, up to its
    /// age limit.
    ///
    /// # Errors
    /// As [`get`](Self::get), and that of the function for the first value.
    pub async fn watch_as<T: Send + Sync + 'static>(
        &self,
        name: &str,
        parse: impl Fn(&Secret) -> Result<T> + Send + Sync + 'static,
    ) -> Result<Live<T>> {
        let read = Read::current(&self.inner.resolve(name)?);
        self.inner.reads.watch(&read, Some(name), Follow::Changes, parse).await
    }

    /// Reads what was declared with [`Builder::require`](crate::Builder::require) and
    /// [`Builder::critical`](crate::Builder::critical), and keeps it in use from now on, however rarely it is read.
    /// Call it before a service takes requests.
    ///
    /// # Errors
    /// The first of those of reading them, once all were tried; as [`get`](Self::get). What failed is tried
    /// again in the background.
    pub async fn ready(&self) -> Result<()> {
        self.inner.ready().await
    }

    /// Whether what was declared, and what is in use, can be used. Asks nobody and waits for nothing itself.
    ///
    /// If the last call of a provider that signs failed, and that is 5 s ago, it starts that call again in the
    /// background of the runtime that it is called in, over a message of its own and at most every 5 s: a
    /// service that gets no requests while it is not ready would not find out that it could work. What comes of
    /// it is told by the next call.
    pub fn health(&self) -> Health {
        self.inner.health()
    }

    /// Drops what is held of a secret, all its fields and versions and a signing key made of it, and public keys
    /// that the provider publishes under this name: nothing that
    /// was read before is served once this returns, also where a read is under way. What is in use is read again
    /// in the background, at once.
    ///
    /// # Errors
    /// `Misconfigured` if the name is not one.
    pub async fn invalidate(&self, name: &str) -> Result<()> {
        let reference = self.inner.resolve(name)?;
        self.inner.invalidate(reference.name());
        if reference.field().is_none() {
            self.inner.invalidate_published(SecretRef::new(name)?.name());
        }
        Ok(())
    }

    /// Uses a secret that may just have been rotated: if it is rejected, by a database that already has the new
    /// password for example, it is read again, at most every 30 s; then the new one is tried, then the previous
    /// one, where the provider keeps it.
    ///
    /// ```
    /// use strongroom::{MemoryStore, Secrets, Use};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> strongroom::Result<()> {
    /// let store = MemoryStore::new().with("db", "canary-password")?;
    /// let secrets = Secrets::builder().store(store).build().await?;
    /// let used = secrets.use_secret("db", |secret| async move {
    ///     match secret.value().expose() == b"canary-password" {
    ///         true => Use::Ok("connected"),
    ///         false => Use::Rejected("wrong password"),
    ///     }
    /// });
    /// assert_eq!(used.await?, Use::Ok("connected"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`get`](Self::get) for the first try. A rejection is no error: it is what the last try gave.
    pub async fn use_secret<T, R, F: Future<Output = Use<T, R>>>(
        &self,
        name: &str,
        attempt: impl Fn(Secret) -> F,
    ) -> Result<Use<T, R>> {
        self.inner.use_secret(name, attempt).await
    }

    /// Drops everything that is held, wipes it, and ends all background work. Reads, and handles of what was
    /// read, answer `Unavailable` (reason `closed`) from then on; writes, and signatures that the provider makes,
    /// go to it as before. Without this, the last handle that is dropped does so.
    pub async fn shutdown(&self) {
        // All are closed before any is waited for.
        self.inner.rings.close();
        if let Some(remote) = &self.inner.remote {
            remote.close();
        }
        self.inner.reads.shutdown().await;
        self.inner.rings.shutdown().await;
        if let Some(remote) = &self.inner.remote {
            remote.shutdown(self.inner.common.timeout).await;
        }
    }
}
