//! What settings select as a subject of the suites: the store alone, and signing with its keys, which is the whole
//! product, as a signer.

use std::sync::Arc;

use async_trait::async_trait;
use strongroom::provider::{Capabilities, Rotated, SignOptions, Signer, open};
use strongroom::{
    Error, ErrorKind, PutOptions, Result, SecretName, Secrets, Settings, Signature, SystemClock,
    Verified,
};
use strongroom_testkit::conformance::Subject;
use strongroom_tests::key;

use crate::matrix::Row;

/// The store that these settings select, alone, which can do exactly this.
pub(crate) async fn subject(settings: &Settings, can: Capabilities) -> Subject {
    Subject::new(open(settings, Arc::new(SystemClock)).await.unwrap().store, can)
}

/// Puts a signing key, and runs the suite for signers with it.
pub(crate) async fn keyed(row: Row, settings: Settings) -> Row {
    let secrets = Secrets::from_settings(settings.clone()).await.unwrap();
    secrets.put("orders", key("1"), PutOptions::default()).await.unwrap();
    row.signs(&signer(settings).await, "orders").await
}

/// A service with these settings, whose keys are those of its store.
pub(crate) async fn signer(settings: Settings) -> Arc<dyn Signer> {
    Arc::new(Facade(Secrets::from_settings(settings).await.unwrap()))
}

#[derive(Debug)]
struct Facade(Secrets);

impl Facade {
    async fn with(&self, key: &SecretName, options: SignOptions) -> Result<strongroom::Signer> {
        self.0.signer_for(key.as_str()).await?.for_purpose(options.purpose.as_str())
    }
}

#[async_trait]
impl Signer for Facade {
    async fn sign(
        &self,
        key: &SecretName,
        message: &[u8],
        options: SignOptions,
    ) -> Result<Signature> {
        self.with(key, options).await?.sign(message).await
    }

    async fn verify(
        &self,
        key: &SecretName,
        message: &[u8],
        signature: &Signature,
        options: SignOptions,
    ) -> Result<Verified> {
        self.with(key, options).await?.verify(message, signature).await
    }

    async fn rotate(&self, key: &SecretName) -> Result<Rotated> {
        let rotation = self.0.rotate(key.as_str()).no_wait().run().await?;
        let versions = rotation.version.zip(rotation.previous);
        let (version, previous) =
            versions.ok_or_else(|| Error::new(ErrorKind::Internal, "rotated without versions"))?;
        Ok(Rotated::new(version, previous))
    }
}
