//! Writing, promoting, retiring, deleting, restoring.

use aws_sdk_secretsmanager::primitives::Blob;
use strongroom_core::{
    Error, ErrorKind, IfVersion, PutOptions, Reason, Result, SecretName, SecretValue,
    SecretVersion, Stage,
};

use crate::store::AwsStore;
use crate::wire::{CURRENT, PENDING, PREVIOUS, no_value};
use crate::{classify, name};

/// A label of ours, for a version that is not current yet and not to be taken for a pending one.
const WRITING: &str = "STRONGROOM_WRITING";

impl AwsStore {
    /// Writes a version. Its id is a token that we choose.
    ///
    /// # Errors
    /// `Conflict` if what has to hold does not: AWS moves a label from one version to another only if it is where
    /// it is said to be.
    pub(crate) async fn write(
        &self,
        name: &SecretName,
        value: &SecretValue,
        options: &PutOptions,
    ) -> Result<SecretVersion> {
        name::check(name.as_str())?;
        let token = token()?;
        match (&options.if_version, options.stage) {
            (IfVersion::Absent, Stage::Current) => self.create(name, value, token).await,
            (IfVersion::Absent, _) => Err(pending_without_current()),
            (IfVersion::Any, Stage::Current) => {
                match self.put_version(name, value, &token, None).await {
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        self.create(name, value, token).await
                    }
                    written => written,
                }
            }
            (IfVersion::Any, _) => {
                let written = self.put_version(name, value, &token, Some(PENDING)).await;
                written.map_err(|error| match error.kind() {
                    ErrorKind::NotFound => pending_without_current(),
                    _ => error,
                })
            }
            (IfVersion::Is(expected), _) if !name::is_version(expected.as_str()) => Err(conflict()),
            (IfVersion::Is(expected), Stage::Current) => {
                let written = self.put_version(name, value, &token, Some(WRITING)).await;
                let written = written.map_err(|error| match error.kind() {
                    ErrorKind::NotFound => conflict(),
                    _ => error,
                })?;
                let (new, old) = (written.as_str(), expected.as_str());
                let moved = self.move_stage(name, CURRENT, Some(new), Some(old)).await;
                // It is current, or it is nobody's.
                let unlabelled = self.move_stage(name, WRITING, None, Some(new)).await;
                moved.map_err(|error| match error.kind() {
                    // The new one is there, so it is the expected one that is not.
                    ErrorKind::NotFound => conflict(),
                    _ => refused_move(error),
                })?;
                drop(unlabelled);
                Ok(written)
            }
            (IfVersion::Is(expected), _) => {
                let current = self.read(name, &strongroom_core::Select::Current).await?;
                if current.version() != Some(expected) {
                    return Err(conflict());
                }
                self.put_version(name, value, &token, Some(PENDING)).await
            }
            _ => Err(Error::new(ErrorKind::Unsupported, "no such condition here")),
        }
    }

    /// AWS API: `CreateSecret`.
    async fn create(
        &self,
        name: &SecretName,
        value: &SecretValue,
        token: String,
    ) -> Result<SecretVersion> {
        let (text, binary) = parts(value);
        let call = self.client.create_secret().name(name.as_str()).client_request_token(&token);
        let created = call.set_secret_string(text).set_secret_binary(binary).send().await;
        let created = created.map_err(|error| classify::error(&error))?;
        Ok(SecretVersion::new(created.version_id.unwrap_or(token)))
    }

    /// AWS API: `PutSecretValue`.
    async fn put_version(
        &self,
        name: &SecretName,
        value: &SecretValue,
        token: &str,
        stage: Option<&str>,
    ) -> Result<SecretVersion> {
        let (text, binary) = parts(value);
        let call = self.client.put_secret_value().secret_id(name.as_str());
        let stages = stage.map(|stage| vec![stage.to_owned()]);
        let call = call.client_request_token(token).set_version_stages(stages);
        let written = call.set_secret_string(text).set_secret_binary(binary).send().await;
        let written = written.map_err(|error| classify::error(&error))?;
        Ok(SecretVersion::new(written.version_id.unwrap_or_else(|| token.to_owned())))
    }

    /// AWS API: `UpdateSecretVersionStage`.
    async fn move_stage(
        &self,
        name: &SecretName,
        stage: &str,
        to: Option<&str>,
        from: Option<&str>,
    ) -> Result<()> {
        let call = self.client.update_secret_version_stage().secret_id(name.as_str());
        let call = call.version_stage(stage).set_move_to_version_id(to.map(str::to_owned));
        let moved = call.set_remove_from_version_id(from.map(str::to_owned)).send().await;
        moved.map(drop).map_err(|error| classify::error(&error))
    }

    /// Makes a pending version current, if the current one is the expected one. `AWSPREVIOUS` follows by itself.
    pub(crate) async fn make_current(
        &self,
        name: &SecretName,
        version: &SecretVersion,
        expected: Option<&SecretVersion>,
    ) -> Result<()> {
        name::check(name.as_str())?;
        check_version(version)?;
        let current = match expected {
            Some(expected) if !name::is_version(expected.as_str()) => return Err(conflict()),
            Some(expected) => expected.clone(),
            None => {
                let current = self.read(name, &strongroom_core::Select::Current).await?;
                current.version().cloned().ok_or_else(conflict)?
            }
        };
        let to = Some(version.as_str());
        if let Err(error) = self.move_stage(name, CURRENT, to, Some(current.as_str())).await {
            return self.after_refused_move(name, version, error).await;
        }
        // A version that is current is pending no more. What is left of the label then says nothing.
        let _ = self.move_stage(name, PENDING, None, to).await;
        Ok(())
    }

    /// Finds out whether the move was made before, or what stood against it.
    async fn after_refused_move(
        &self,
        name: &SecretName,
        version: &SecretVersion,
        error: Error,
    ) -> Result<()> {
        if !matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::NotFound) {
            return Err(error);
        }
        match self.read(name, &strongroom_core::Select::Current).await {
            Ok(current) if current.version() == Some(version) => Ok(()),
            Err(now) if now.kind() == ErrorKind::Deleted => Err(now),
            _ => Err(refused_move(error)),
        }
    }

    /// Takes the label of the version before away, so that nobody uses it any more.
    pub(crate) async fn end(&self, name: &SecretName, version: &SecretVersion) -> Result<()> {
        name::check(name.as_str())?;
        check_version(version)?;
        self.move_stage(name, PREVIOUS, None, Some(version.as_str())).await
    }

    /// AWS API: `DeleteSecret`, with AWS's own recovery window of 30 days.
    pub(crate) async fn remove(&self, name: &SecretName) -> Result<()> {
        name::check(name.as_str())?;
        let removed = self.client.delete_secret().secret_id(name.as_str()).send().await;
        removed.map(drop).map_err(|error| missing(classify::error(&error)))
    }

    /// AWS API: `RestoreSecret`.
    pub(crate) async fn bring_back(&self, name: &SecretName) -> Result<()> {
        name::check(name.as_str())?;
        let restored = self.client.restore_secret().secret_id(name.as_str()).send().await;
        restored.map(drop).map_err(|error| missing(classify::error(&error)))
    }
}

/// Text as text, and everything else as bytes.
fn parts(value: &SecretValue) -> (Option<String>, Option<Blob>) {
    match value.expose_str() {
        Ok(text) => (Some(text.to_owned()), None),
        Err(_) => (None, Some(Blob::new(value.expose()))),
    }
}

/// A new version's id: 32 to 64 characters (`ClientRequestToken`), random.
fn token() -> Result<String> {
    use std::fmt::Write;
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Internal, "the operating system gives no random bytes")
            .with_source(error)
    })?;
    Ok(bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

fn check_version(version: &SecretVersion) -> Result<()> {
    match name::is_version(version.as_str()) {
        true => Ok(()),
        false => Err(no_value()),
    }
}

fn refused_move(error: Error) -> Error {
    match error.kind() {
        ErrorKind::InvalidValue => conflict(),
        _ => error,
    }
}

fn conflict() -> Error {
    Error::new(ErrorKind::Conflict, "the current version is not the expected one")
}

fn pending_without_current() -> Error {
    let message = "there is no current version that a pending one could follow; put one";
    Error::new(ErrorKind::NotFound, message).with_reason(Reason::Secret)
}

fn missing(error: Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => error.with_reason(Reason::Secret),
        _ => error,
    }
}
