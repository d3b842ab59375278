//! What an operator does beside the client under test, in the first region. Nothing here is counted, and no fault
//! hits it.

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

use crate::aws::FakeAws;
use crate::aws::secret::Secret;
use crate::aws::version::{CURRENT, PENDING};

impl FakeAws {
    /// Makes a secret with this value, or gives the one that is there a new version, which is current. Gives
    /// the id of the version. As everything that a test does by a method, it happens in
    /// [`REGION`](Self::REGION), is not among the [calls](Self::calls), and no fault hits it.
    ///
    /// # Panics
    /// If the service would refuse that.
    pub fn put(&self, name: &str, value: &str) -> String {
        self.add_version(name, "SecretString", value, CURRENT).expect(ALLOWED)
    }

    /// As [`put`](Self::put), with a value that is not text.
    ///
    /// # Panics
    /// If the service would refuse that.
    pub fn put_binary(&self, name: &str, value: &[u8]) -> String {
        self.try_put_binary(name, value).expect(ALLOWED)
    }

    /// Gives a secret a new version with the label `AWSPENDING` only, as the first step of a rotation does.
    ///
    /// # Panics
    /// If the service would refuse that, or there is no such secret.
    pub fn put_pending(&self, name: &str, value: &str) -> String {
        self.add_version(name, "SecretString", value, PENDING).expect(ALLOWED)
    }

    /// Moves `AWSCURRENT` to this version, as the last step of a rotation does, and a rollback.
    ///
    /// # Panics
    /// If there is no such secret or version.
    pub fn promote(&self, name: &str, version: &str) {
        let from = self.version_of(name, CURRENT);
        let mut fields = json!({
            "SecretId": name, "VersionStage": CURRENT, "MoveToVersionId": version,
        });
        if let Some(from) = from {
            fields["RemoveFromVersionId"] = from.into();
        }
        self.act("UpdateSecretVersionStage", fields).expect(ALLOWED);
    }

    /// Plans the deletion of a secret, 30 days from now by the clock of the fake.
    ///
    /// # Panics
    /// If there is no such secret, or it is planned already.
    pub fn delete(&self, name: &str) {
        self.plan_deletion(name).expect(ALLOWED);
    }

    /// Cancels the deletion of a secret.
    ///
    /// # Panics
    /// If there is no such secret any more.
    pub fn restore(&self, name: &str) {
        self.act("RestoreSecret", json!({ "SecretId": name })).expect(ALLOWED);
    }

    /// The id of the version that a label is on.
    ///
    /// # Panics
    /// If there is no such secret.
    pub fn version_of(&self, name: &str, stage: &str) -> Option<String> {
        self.with(name, |secret| secret.versions.holder(stage))
    }

    /// Whether the key that a secret is encrypted with can be used. It can until this says otherwise;
    /// then reads of any version are `DecryptionFailure`.
    ///
    /// # Panics
    /// If there is no such secret.
    pub fn set_decrypts(&self, name: &str, decrypts: bool) {
        self.with(name, |secret| secret.decrypts = decrypts);
    }

    /// As [`put_binary`](Self::put_binary), where the service may refuse it.
    ///
    /// # Errors
    /// The code of the refusal.
    #[doc(hidden)]
    pub fn try_put_binary(&self, name: &str, value: &[u8]) -> Result<String, String> {
        self.add_version(name, "SecretBinary", &Base64::encode_string(value), CURRENT)
    }

    pub(super) fn plan_deletion(&self, name: &str) -> Result<(), String> {
        self.act("DeleteSecret", json!({ "SecretId": name }))
    }

    pub(super) fn add_version(
        &self,
        name: &str,
        member: &str,
        value: &str,
        stage: &str,
    ) -> Result<String, String> {
        let (id, exists) = {
            let mut state = self.lock();
            state.puts += 1;
            let id = format!("00000000-0000-4000-9000-{:012x}", state.puts);
            (id, state.account.named(Self::REGION, name).is_some())
        };
        let mut fields = json!({ "ClientRequestToken": id, member: value });
        if exists || stage != CURRENT {
            fields["SecretId"] = name.into();
            fields["VersionStages"] = json!([stage]);
            self.act("PutSecretValue", fields)?;
        } else {
            fields["Name"] = name.into();
            self.act("CreateSecret", fields)?;
        }
        Ok(id)
    }

    fn act(&self, action: &'static str, fields: Value) -> Result<(), String> {
        let refused = self.lock().act(action, fields).err();
        refused.map_or(Ok(()), |refusal| Err(format!("{action} is {}", refusal.code)))
    }

    fn with<T>(&self, name: &str, use_it: impl FnOnce(&mut Secret) -> T) -> T {
        let mut state = self.lock();
        use_it(state.account.named(Self::REGION, name).expect("a secret of this name"))
    }
}

const ALLOWED: &str = "the service allows it";
