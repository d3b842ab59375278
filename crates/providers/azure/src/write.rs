//! Writing, disabling, deleting, restoring.

use azure_core::http::Body;
use azure_security_keyvault_secrets::models::SecretClientUpdateSecretPropertiesOptions;
use bytes::Bytes;
use strongroom_core::{
    Error, ErrorKind, IfVersion, PutOptions, Reason, Result, SecretName, SecretValue,
    SecretVersion, Stage,
};
use strongroom_http::json_body;

use crate::name;
use crate::read::no_version;
use crate::sdk::{call, read};
use crate::store::AzureStore;
use crate::wire::{Bundle, Set, unreadable};

/// Longest value, in bytes ("Azure Key Vault service limits": 25 KB).
const MAX_BYTES: usize = 25_600;

impl AzureStore {
    /// Key Vault API: `Set Secret`, which makes a version that is current at once. It has the tags and the content
    /// type of the one before, where that can be read.
    pub(crate) async fn write(
        &self,
        name: &SecretName,
        value: &SecretValue,
        options: &PutOptions,
    ) -> Result<SecretVersion> {
        check(options)?;
        let text = value.expose_str()?;
        if text.len() > MAX_BYTES {
            let message = "the value is longer than the 25600 bytes of Key Vault";
            return Err(Error::new(ErrorKind::InvalidValue, message).with_reason(Reason::TooLarge));
        }
        let place = self.place(name)?;
        let (content_type, tags) = match self.bundle(&place, None).await {
            Ok(last) => (last.content_type, last.tags),
            Err(error) if error.kind().allows_stale() => return Err(error),
            Err(_) => (None, None),
        };
        let body = Bytes::from_owner(json_body(&Set { value: text, content_type, tags })?);
        let written = call(self.client.set_secret(&place, Body::from(body).into(), None)).await;
        let bundle: Bundle = read(written?)?;
        self.found(&place);
        bundle.version().ok_or_else(unreadable)
    }

    /// Disables a version that is not current.
    pub(crate) async fn disable(&self, name: &SecretName, version: &SecretVersion) -> Result<()> {
        if !name::is_version(version.as_str()) {
            return Err(no_version());
        }
        let current = self.version(name, None).await?;
        if current.version() == Some(version) {
            let message = "the version is current; put another one first";
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        self.enable(&self.place(name)?, Some(version), false).await
    }

    /// Key Vault API: `Delete Secret`. It is kept, and its name with it, as long as the vault's settings say.
    pub(crate) async fn remove(&self, name: &SecretName) -> Result<()> {
        let place = self.place(name)?;
        call(self.client.delete_secret(&place, None)).await?;
        self.lost(&place);
        self.watched().remove(name);
        Ok(())
    }

    /// Key Vault API: `Recover Deleted Secret`; a secret whose current version is disabled has that enabled again.
    pub(crate) async fn bring_back(&self, name: &SecretName) -> Result<()> {
        let place = self.place(name)?;
        match self.version(name, None).await {
            Err(error) if error.kind() == ErrorKind::Disabled => {
                self.enable(&place, None, true).await
            }
            Err(error) if error.kind() == ErrorKind::Deleted => {
                call(self.client.recover_deleted_secret(&place, None)).await.map(drop)
            }
            read => read.map(drop),
        }
    }

    /// Key Vault API: `Update Secret`; what is not said stays.
    async fn enable(&self, place: &str, version: Option<&SecretVersion>, on: bool) -> Result<()> {
        let body = match on {
            true => &br#"{"attributes":{"enabled":true}}"#[..],
            false => br#"{"attributes":{"enabled":false}}"#,
        };
        let options = SecretClientUpdateSecretPropertiesOptions {
            secret_version: version.map(|version| version.as_str().to_owned()),
            ..SecretClientUpdateSecretPropertiesOptions::default()
        };
        let body = Body::from(Bytes::from_static(body)).into();
        let updated = self.client.update_secret_properties(place, body, Some(options));
        match call(updated).await {
            Err(error) if error.kind() == ErrorKind::NotFound && version.is_some() => {
                Err(no_version())
            }
            updated => updated.map(drop),
        }
    }
}

fn check(options: &PutOptions) -> Result<()> {
    let message = match (options.stage, &options.if_version, &options.field) {
        (Stage::Current, IfVersion::Any, None) => return Ok(()),
        (Stage::Current, IfVersion::Any, Some(_)) => return Err(Error::no_fields()),
        (Stage::Current, ..) => "Key Vault cannot write on a condition",
        _ => "Key Vault holds no pending version; what is put is current at once",
    };
    Err(Error::new(ErrorKind::Unsupported, message))
}
