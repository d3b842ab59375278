//! The versions of a secret that may still be in use, found without its metadata.

use std::time::SystemTime;

use strongroom_core::{
    Error, ErrorKind, LiveVersion, Reason, Result, SecretName, VersionInfo, VersionState,
};

use super::KvStore;
use super::config::KvVersion;
use super::data::{VersionTwo, id};
use super::store::field;

/// Versions that are read at most besides the current one: a key ring holds 16 keys.
const MOST: usize = 16;

impl KvStore {
    /// From the current version back, as long as the one above is so young that the one below was retired after
    /// `since`. Each data read tells when its version was written, so no metadata is needed.
    pub(super) async fn read_live(
        &self,
        name: &SecretName,
        since: SystemTime,
    ) -> Result<Vec<LiveVersion>> {
        let (place, field) = (self.place(name)?, field(None)?);
        if self.version().await? == KvVersion::One {
            let secret = self.read_one(&place, &field).await?;
            return Ok(vec![LiveVersion::unversioned(secret)]);
        }
        let current = self.version_two(&place, &field, None).await?;
        let mut above = current.created_at;
        let told = info(current.number, VersionState::Current, above);
        let mut live = vec![LiveVersion::new(told, Ok(current.secret?))];
        for number in (1..current.number).rev().take(MOST) {
            // Nobody knows when a version was retired if the time of its successor is not known.
            let Some(retired_at) = above.filter(|created| *created > since) else { break };
            let one = match self.version_two(&place, &field, Some(number)).await {
                // A gateway that drops the query answers with the current version each time.
                Ok(one) if one.number != number => unknown(number, another_version()),
                Ok(one) => one,
                // The oldest are dropped first, so there is none below either.
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                Err(error) if LiveVersion::is_about_one(&error) => unknown(number, error),
                Err(error) => return Err(error),
            };
            above = one.created_at;
            // A deleted one verifies nothing, and still tells when the one below it was retired.
            if !one.deleted {
                let mut told = info(number, VersionState::Previous, above);
                told.retired_at = Some(retired_at);
                live.push(LiveVersion::new(told, one.secret));
            }
        }
        Ok(live)
    }
}

fn info(number: u64, state: VersionState, created_at: Option<SystemTime>) -> VersionInfo {
    let mut info = VersionInfo::new(id(number), state);
    info.created_at = created_at;
    info
}

/// A version of which only the number is known.
fn unknown(number: u64, error: Error) -> VersionTwo {
    VersionTwo { number, created_at: None, deleted: false, secret: Err(error) }
}

fn another_version() -> Error {
    let message = "the server answered with another version than the one asked for";
    Error::new(ErrorKind::Malformed, message).with_reason(Reason::Version)
}

#[cfg(test)]
mod tests;
