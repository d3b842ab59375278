//! KV version 1: one value a name, no check-and-set.

use strongroom_core::{Error, ErrorKind, Field, Result, Secret, SecretName, SecretValue};
use zeroize::Zeroizing;

use super::KvStore;
use super::store::no_secret;
use super::wire::{ReadOne, object};
use crate::api::{Call, path};
use crate::classify;

impl KvStore {
    pub(super) async fn read_one(&self, place: &SecretName, field: &Field) -> Result<Secret> {
        let value = field.pick(&self.map_one(place).await?)?;
        value.check_size()?;
        Ok(Secret::new(value))
    }

    /// Writes the one field that there is. A map with other fields is not touched: without check-and-set, a
    /// sibling written at the same time would be lost.
    pub(super) async fn write_one(
        &self,
        place: &SecretName,
        field: &Field,
        value: &SecretValue,
    ) -> Result<()> {
        let empty = SecretValue::from("{}");
        let lone = field.replace(&empty, value)?;
        match self.map_one(place).await {
            Ok(map) if !has_only(&map, field) => {
                let message = "the secret has other fields, and KV version 1 cannot write one field without losing what is written to the others at the same time";
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let body = Zeroizing::new(lone.expose().to_vec());
        let response = self.api.call(Call::post(path(&self.mount, &[], Some(place)), body)).await?;
        match response.status() {
            200 | 204 => Ok(()),
            _ => Err(classify::error(&response)),
        }
    }

    /// # Errors
    /// `NotFound` if there is nothing, although the server would answer that it is deleted.
    pub(super) async fn delete_one(&self, place: &SecretName) -> Result<()> {
        self.map_one(place).await?;
        let response = self.api.call(Call::delete(path(&self.mount, &[], Some(place)))).await?;
        match response.status() {
            200 | 204 => Ok(()),
            _ => Err(classify::error(&response)),
        }
    }

    async fn map_one(&self, place: &SecretName) -> Result<SecretValue> {
        let response = self.api.call(Call::get(path(&self.mount, &[], Some(place)))).await?;
        match response.status() {
            200 => Ok(object(response.json::<ReadOne<'_>>()?.data)),
            _ => Err(classify::or_missing(&response, no_secret())),
        }
    }
}

fn has_only(map: &SecretValue, field: &Field) -> bool {
    let [name] = field.path() else { return false };
    let members = serde_json::from_slice::<std::collections::BTreeMap<String, serde::de::IgnoredAny>>(
        map.expose(),
    );
    members.is_ok_and(|members| members.keys().all(|member| member == name))
}
