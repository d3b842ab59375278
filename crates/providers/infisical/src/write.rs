//! Writing and deleting.

use strongroom_core::{
    Error, ErrorKind, IfVersion, PutOptions, Reason, Result, SecretName, SecretValue,
    SecretVersion, Stage,
};
use strongroom_http::Response;

use crate::api::Call;
use crate::classify;
use crate::name::Folder;
use crate::store::InfisicalStore;
use crate::wire::{Answer, has_reference, is_kept};

impl InfisicalStore {
    /// Infisical API: `PATCH /api/v4/secrets/{name}` for a version of a secret that is there, `POST` for one that is
    /// not; or those of v3.
    pub(crate) async fn write(
        &self,
        name: &SecretName,
        value: &SecretValue,
        options: &PutOptions,
    ) -> Result<SecretVersion> {
        let is_new = check(options)?;
        check_value(value)?;
        let (folder, key) = self.api.config.root.below(name)?;
        let (folder, key) = (&folder, key.as_str());
        // To the server these are calls of another sort.
        if matches!(key, "batch" | "move") {
            let message = "Infisical cannot write a secret of that name; choose another one";
            return Err(Error::new(ErrorKind::Misconfigured, message));
        }
        if is_new {
            return self.create(folder, key, value).await;
        }
        let update = Call::Update { folder, key, value };
        match self.change(update).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            written => return written,
        }
        match self.create(folder, key, value).await {
            // Somebody else has made it meanwhile.
            Err(error) if error.kind() == ErrorKind::Conflict => self.change(update).await,
            written => written,
        }
    }

    async fn create(
        &self,
        folder: &Folder,
        key: &str,
        value: &SecretValue,
    ) -> Result<SecretVersion> {
        let create = Call::Create { folder, key, value };
        match self.change(create).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.make(folder).await?;
                self.change(create).await
            }
            written => written,
        }
    }

    /// Makes a folder; the server makes those on the way to it. Infisical API: `POST /api/v2/folders`, or that of v1.
    async fn make(&self, folder: &Folder) -> Result<()> {
        let Some((at, name)) = folder.parent() else { return Ok(()) };
        let response = self.api.ask(Call::CreateFolder { at: &at, name }).await?;
        match response.status() {
            // It is there already.
            200 | 400 => Ok(()),
            _ => Err(classify::error(&response, true)),
        }
    }

    async fn change(&self, call: Call<'_>) -> Result<SecretVersion> {
        let response = self.api.ask(call).await?;
        let told = changed(&response)?.secret.ok_or_else(|| response.malformed())?;
        told.check_shared()?;
        Ok(SecretVersion::new(told.version.to_string()))
    }

    /// Infisical API: `DELETE /api/v4/secrets/{name}`, or that of v3. Nobody brings it back but a person.
    pub(crate) async fn remove(&self, name: &SecretName) -> Result<()> {
        let (folder, key) = self.api.config.root.below(name)?;
        let response = self.api.ask(Call::Delete { folder: &folder, key: &key }).await?;
        changed(&response)?;
        self.watched().remove(name);
        Ok(())
    }
}

/// # Errors
/// `PermissionDenied` if somebody has to approve the change first: nothing has been changed.
fn changed(response: &Response) -> Result<Answer> {
    if response.status() != 200 {
        return Err(classify::error(response, true));
    }
    let answer: Answer = response.json()?;
    match answer.approval {
        None => Ok(answer),
        Some(_) => {
            let message = "nothing is changed yet: a policy of the folder wants somebody to approve it, and the request for that was made";
            Err(Error::new(ErrorKind::PermissionDenied, message))
        }
    }
}

/// Whether the secret must not be there.
fn check(options: &PutOptions) -> Result<bool> {
    let message = match (options.stage, &options.if_version, &options.field) {
        (Stage::Current, _, Some(_)) => return Err(Error::no_fields()),
        (Stage::Current, IfVersion::Any, None) => return Ok(false),
        (Stage::Current, IfVersion::Absent, None) => return Ok(true),
        (Stage::Current, ..) => "Infisical cannot write only if a version is current",
        _ => "Infisical holds no pending version; what is put is current at once",
    };
    Err(Error::new(ErrorKind::Unsupported, message))
}

/// What would come back changed, or not at all, is not sent.
fn check_value(value: &SecretValue) -> Result<()> {
    let text = value.expose_str()?;
    let message = if !is_kept(text) {
        "Infisical cuts white space off the ends of values, but for one line feed; write such a value in base64"
    } else if has_reference(text.as_bytes()) {
        "to Infisical `${..}` is a reference to another secret; write such a value in base64"
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::InvalidValue, message).with_reason(Reason::Encoding))
}
