//! A provider of one's own: systemd credentials, selectable by `SECRETS_PROVIDER=systemd`.
//!
//! systemd hands a service its credentials as files in `$CREDENTIALS_DIRECTORY`
//! (<https://systemd.io/CREDENTIALS/>). A store needs three methods; everything else, `rotate` and `put`
//! included, answers `Unsupported` by itself. `cargo test --example custom_provider --features testing` runs
//! the suites at the end, which every backend has to pass.

#![expect(clippy::print_stdout, reason = "an example says what it did")]

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use strongroom::provider::{Capabilities, Open, Opened, Provider, ProviderInfo, SecretStore};
use strongroom::{Error, ErrorKind, GetOptions, Key, Reason, Result, Secret, SecretName};
use strongroom::{SecretValue, Secrets, Select, Settings};

const DIRECTORY: Key =
    Key::path("CREDENTIALS_DIRECTORY", "where systemd mounts the credentials").required();

const SYSTEMD: Provider = Provider::new(&["systemd"], &[DIRECTORY], |open: Open<'_>| {
    Box::pin(async move {
        let folder = open.settings.path(&DIRECTORY)?;
        let folder = folder.ok_or_else(|| Settings::missing(&DIRECTORY))?;
        Ok(Opened::new(Arc::new(SystemdStore { folder })))
    })
});

#[derive(Debug)]
struct SystemdStore {
    folder: PathBuf,
}

#[async_trait]
impl SecretStore for SystemdStore {
    fn info(&self) -> &ProviderInfo {
        const INFO: ProviderInfo = ProviderInfo::new("systemd");
        &INFO
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        let located =
            |error: Error| error.with_name(name.as_str()).with_operation("systemd", "get");
        if options.select != Select::Current || options.field.is_some() {
            return Err(located(Error::new(ErrorKind::Unsupported, "has one version, no fields")));
        }
        // The name was checked when it was made: it is no `..` and has no control characters.
        let read = tokio::fs::read(self.folder.join(name.as_str())).await;
        let bytes = read.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => located(
                Error::new(ErrorKind::NotFound, "no such credential").with_reason(Reason::Secret),
            ),
            _ => located(Error::new(ErrorKind::Unavailable, "cannot be read").with_source(error)),
        })?;
        Ok(Secret::new(SecretValue::from(bytes)))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    // In a service, systemd does this and the settings come from the environment.
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("database-password"), "canary-password").expect("a file");
    let settings = Settings::from_pairs([
        ("SECRETS_PROVIDER", "systemd".to_owned()),
        ("CREDENTIALS_DIRECTORY", folder.path().to_string_lossy().into_owned()),
    ]);
    let secrets = Secrets::builder().provider(SYSTEMD).settings(settings).build().await?;
    let secret = secrets.get("database-password").await?;
    println!("read {} bytes from {}", secret.value().len(), secrets.provider());
    let error = secrets.get("api-key").await.expect_err("there is none");
    println!("{}: {error}", error.kind());
    Ok(())
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use strongroom_testkit::conformance::{self, Subject};

    use super::*;

    #[tokio::test]
    async fn the_store_conforms() {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let store = Arc::new(SystemdStore { folder: folder.path().to_owned() });
        let subject = Subject::new(store, Capabilities::default());
        conformance::store(&subject).await.assert_passed();
        conformance::errors(&subject).await.assert_passed();
        conformance::redaction(&subject).await.assert_passed();
    }
}
