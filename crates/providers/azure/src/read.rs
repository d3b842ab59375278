//! Reading a secret, and finding out what is missing of one that cannot be read.

use azure_security_keyvault_secrets::models::SecretClientGetSecretOptions;
use strongroom_core::{
    Error, ErrorKind, Reason, Result, Secret, SecretName, SecretVersion, Select, VersionState,
};

use crate::name;
use crate::sdk::{call, read};
use crate::store::AzureStore;
use crate::wire::Bundle;

impl AzureStore {
    /// # Errors
    /// `NotFound`, reason `secret` or `version`; `Deleted` while it can be restored; `Disabled`, `Expired`,
    /// `NotYetValid`.
    pub(crate) async fn read(&self, name: &SecretName, select: &Select) -> Result<Secret> {
        match select {
            Select::Current => self.version(name, None).await,
            Select::Exact(version) => self.version(name, Some(version)).await,
            Select::Previous => {
                let versions = self.all_versions(name).await?;
                let previous = versions.iter().find(|one| one.state == VersionState::Previous);
                let previous = previous.ok_or_else(no_version)?;
                self.version(name, Some(&previous.version)).await
            }
            _ => {
                let message = "Key Vault holds no pending version";
                Err(Error::new(ErrorKind::Unsupported, message))
            }
        }
    }

    /// One version; the newest without one.
    pub(crate) async fn version(
        &self,
        name: &SecretName,
        version: Option<&SecretVersion>,
    ) -> Result<Secret> {
        let place = self.place(name)?;
        // The official client puts it into the path as it is.
        if version.is_some_and(|version| !name::is_version(version.as_str())) {
            return Err(self.what_is_missing(&place, true).await);
        }
        let bundle = match self.bundle(&place, version).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(self.what_is_missing(&place, version.is_some()).await);
            }
            bundle => bundle?,
        };
        let secret = bundle.into_secret(&place, self.clock.now())?;
        if version.is_some_and(|version| secret.version() != Some(version)) {
            let message = "the answer is about another version than the one that was asked for";
            return Err(Error::new(ErrorKind::Malformed, message));
        }
        self.found(&place);
        Ok(secret)
    }

    /// Key Vault API: `Get Secret`.
    pub(crate) async fn bundle(
        &self,
        place: &str,
        version: Option<&SecretVersion>,
    ) -> Result<Bundle> {
        let options = SecretClientGetSecretOptions {
            secret_version: version.map(|version| version.as_str().to_owned()),
            ..SecretClientGetSecretOptions::default()
        };
        let bundle: Bundle = read(call(self.client.get_secret(place, Some(options))).await?)?;
        match self.host.as_deref().is_none_or(|host| bundle.is_of(host)) {
            true => Ok(bundle),
            false => {
                let message = "the answer is about a secret of another vault";
                Err(Error::new(ErrorKind::Malformed, message))
            }
        }
    }

    /// A missing secret, a missing version and a deleted secret look alike. An outage never reads as any of them.
    async fn what_is_missing(&self, place: &str, had_version: bool) -> Error {
        if had_version {
            match self.bundle(place, None).await {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) if error.kind() != ErrorKind::Disabled => return error,
                _ => return no_version(),
            }
        }
        self.lost(place);
        match call(self.client.get_deleted_secret(place, None)).await {
            Ok(_) => {
                let message = "the secret is deleted, and can be restored";
                Error::new(ErrorKind::Deleted, message)
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) =>
            {
                let message = match error.kind() {
                    ErrorKind::NotFound => "no such secret",
                    _ => "no such secret, or it is deleted, which this identity may not see",
                };
                Error::new(ErrorKind::NotFound, message).with_reason(Reason::Secret)
            }
            Err(error) => error,
        }
    }
}

pub(crate) fn no_version() -> Error {
    Error::new(ErrorKind::NotFound, "the secret has no such version").with_reason(Reason::Version)
}
