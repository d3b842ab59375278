//! Fakes in one line.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::sync::Arc;

use strongroom_core::{Clock, SystemClock};

use crate::fake::Opening;
use crate::{Certificate, Fake, FakeAws, FakeAzure, FakeInfisical, FakeVault, Fault};

/// A fake of HashiCorp Vault and OpenBao: [`FakeVault`].
pub fn vault() -> Builder<FakeVault> {
    Builder::default()
}

/// A fake of Infisical: [`FakeInfisical`].
pub fn infisical() -> Builder<FakeInfisical> {
    Builder::default()
}

/// A fake of AWS Secrets Manager: [`FakeAws`].
pub fn aws() -> Builder<FakeAws> {
    Builder::default()
}

/// A fake of Azure Key Vault: [`FakeAzure`].
pub fn azure() -> Builder<FakeAzure> {
    Builder::default()
}

/// A fake that is about to start, with what it holds at first.
///
/// ```
/// use strongroom_testkit as testkit;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let fake = testkit::aws().secret("billing/key", "canary-1").start().await;
/// // In a test of a service: Secrets::from_settings(fake.settings()).await?
/// # let _ = fake.settings();
/// # }
/// ```
#[must_use]
pub struct Builder<F> {
    opening: Opening,
    secrets: Vec<(String, String)>,
    signing_key: Option<String>,
    faults: Vec<Fault>,
    fake: PhantomData<fn() -> F>,
}

/// A fake that holds nothing, by the clock of the machine, on a free port.
impl<F> Default for Builder<F> {
    fn default() -> Self {
        let opening = Opening {
            clock: Arc::new(SystemClock),
            port: 0,
            tls: false,
            certificate: Certificate::Good,
            namespace: None,
        };
        let (secrets, faults) = (Vec::new(), Vec::new());
        Self { opening, secrets, signing_key: None, faults, fake: PhantomData }
    }
}

impl<F: Fake> Builder<F> {
    /// Holds this secret, by the name that a service knows it by; see [`Fake::set_secret`]. The same name again is a
    /// further version.
    pub fn secret(mut self, name: &str, value: &str) -> Self {
        self.secrets.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Holds a key to sign with by this name, and has the settings name it as the signing key. It is
    /// [`SIGNING_KEY`](crate::SIGNING_KEY), unless [`secret`](Self::secret) says another one.
    pub fn signing_key(mut self, name: &str) -> Self {
        self.signing_key = Some(name.to_owned());
        self
    }

    /// Tells the fake the time: when secrets were made and deleted ones go, when tokens end. Default: the clock of the
    /// machine. A [`ManualClock`](crate::ManualClock) moves at the will of the test.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.opening.clock = Arc::new(clock);
        self
    }

    /// Begins with this fault, behind those that were added before.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Serves over TLS, under an authority that the settings name. Azure always does, as Key Vault knows nothing else.
    pub fn tls(mut self) -> Self {
        self.opening.tls = true;
        self
    }

    /// Shows this certificate, over TLS. All but [`Certificate::Good`] have to be refused by clients.
    pub fn certificate(mut self, certificate: Certificate) -> Self {
        self.opening.certificate = certificate;
        self.tls()
    }

    /// Listens on this port of 127.0.0.1. Default: 0, a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.opening.port = port;
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// If the port is taken, or the provider could not keep one of the secrets.
    pub async fn start(self) -> F {
        self.try_start().await.expect("loopback has this port")
    }

    /// Starts it, on a port that may be taken.
    ///
    /// # Errors
    /// Those of listening.
    ///
    /// # Panics
    /// If the provider could not keep one of the secrets.
    #[expect(clippy::unused_async, reason = "it may come to wait, and its callers need not know")]
    pub async fn try_start(self) -> io::Result<F> {
        let fake = F::open(self.opening)?;
        if let Some(name) = &self.signing_key {
            if !self.secrets.iter().any(|(secret, _)| secret == name) {
                fake.set_secret(name, crate::SIGNING_KEY);
            }
            fake.set_signing_key(name);
        }
        self.secrets.iter().for_each(|(name, value)| fake.set_secret(name, value));
        self.faults.into_iter().for_each(|fault| fake.fault(fault));
        Ok(fake)
    }
}

impl Builder<FakeVault> {
    /// Keeps the secrets in this namespace, which the settings name.
    pub fn namespace(mut self, name: &str) -> Self {
        self.opening.namespace = Some(name.to_owned());
        self
    }
}

/// Without values.
impl<F> fmt::Debug for Builder<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.secrets.iter().map(|(name, _)| name).collect();
        f.debug_struct("Builder").field("secrets", &names).finish_non_exhaustive()
    }
}
