//! How a secret is told on the wire (`reshapeBridgeSecret`, and the answers' schemas in `sanitizedSchemas.ts`).

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::infisical::FakeInfisical;
use crate::infisical::secret::{Secret, Version};

/// A secret on its way out.
pub(super) struct Bundle<'a> {
    pub(super) secret: &'a Secret,
    pub(super) version: &'a Version,
    pub(super) environment: &'a str,
    /// As it was asked for.
    pub(super) path: &'a str,
    /// In place of that of the version.
    pub(super) value: Option<String>,
    pub(super) is_hidden: bool,
    /// Whether it was asked for by its number, and comes from another table.
    pub(super) by_number: bool,
}

impl Bundle<'_> {
    /// As a read tells it.
    pub(super) fn whole(&self) -> Value {
        let mut told = self.changed();
        told["secretPath"] = self.path.into();
        told["tags"] = json!([]);
        told["secretMetadata"] = self.version.metadata.clone();
        told
    }

    /// As an update and a deletion tell it: the schema drops the path.
    pub(super) fn changed(&self) -> Value {
        let mut told = self.made();
        told["secretValueHidden"] = self.is_hidden().into();
        told
    }

    /// As a creation tells it: the schema drops whether the value is hidden, too.
    pub(super) fn made(&self) -> Value {
        let value = match (self.is_hidden(), &self.value) {
            (true, _) => MASK,
            (false, Some(value)) => value,
            (false, None) => &self.version.value,
        };
        json!({
            "id": self.secret.id,
            "_id": self.secret.id,
            "workspace": FakeInfisical::PROJECT_ID,
            "environment": self.environment,
            "version": self.version.number,
            "type": self.secret.kind.name(),
            "secretKey": self.version.key,
            "secretValue": value,
            "secretComment": self.version.comment,
            "skipMultilineEncoding": self.version.skip_multiline_encoding,
            "createdAt": time(self.created()),
            "updatedAt": time(self.updated()),
            "isRotatedSecret": false,
        })
    }

    /// As it is told among imports: without the project and the times.
    pub(super) fn imported(&self) -> Value {
        let mut told = self.changed();
        told["workspace"] = "".into();
        told["secretMetadata"] = self.version.metadata.clone();
        if let Some(told) = told.as_object_mut() {
            told.remove("createdAt");
            told.remove("updatedAt");
        }
        told
    }

    fn is_hidden(&self) -> bool {
        self.is_hidden || self.secret.is_hidden
    }

    /// A version was made when it was made, and the secret when its first version was.
    fn created(&self) -> Timestamp {
        match self.by_number {
            true => self.version.created,
            false => self.secret.created(),
        }
    }

    fn updated(&self) -> Timestamp {
        let touched = self.secret.touched.filter(|_| !self.by_number);
        touched.unwrap_or(self.version.created)
    }
}

/// A time as JavaScript tells it: to the millisecond.
pub(super) fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// `INFISICAL_SECRET_VALUE_HIDDEN_MASK` of `services/secret/secret-fns.ts`.
pub(super) const MASK: &str = "<hidden-by-infisical>";
