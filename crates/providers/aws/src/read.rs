//! Reading one secret, and several in one call.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use strongroom_core::{Error, ErrorKind, Reason, Result, Secret, SecretName, Select};

use crate::store::AwsStore;
use crate::wire::{CURRENT, PENDING, PREVIOUS, Parts, no_value};
use crate::{classify, name};

/// Most secrets of one `BatchGetSecretValue`.
const BATCH: usize = 20;

/// After how many reads of several secrets it is tried again in one call, if that was denied: somebody may have given
/// us the right.
const ALONE: u32 = 20;

impl AwsStore {
    /// AWS API: `GetSecretValue`. The stage is always said, also that of the default.
    ///
    /// # Errors
    /// `NotFound`, reason `secret` or `version`; `Deleted` while it is scheduled for deletion.
    pub(crate) async fn read(&self, name: &SecretName, select: &Select) -> Result<Secret> {
        name::check(name.as_str())?;
        let mut call = self.client.get_secret_value().secret_id(name.as_str());
        call = match select {
            Select::Previous => call.version_stage(PREVIOUS),
            Select::Pending => call.version_stage(PENDING),
            // What cannot be the id of a version is not looked for, but the secret is.
            Select::Exact(version) if !name::is_version(version.as_str()) => {
                return Err(self.what_is_missing(name, no_value()).await);
            }
            Select::Exact(version) => call.version_id(version.as_str()),
            _ => call.version_stage(CURRENT),
        };
        match call.send().await {
            Ok(answer) => {
                check_identity(name, answer.name(), answer.arn())?;
                Parts {
                    version: answer.version_id,
                    created: answer.created_date,
                    text: answer.secret_string,
                    binary: answer.secret_binary,
                }
                .into_secret()
            }
            Err(error) => {
                let is_unclear = matches!(
                    classify::code(&error),
                    Some("ResourceNotFoundException" | "InvalidRequestException")
                );
                let error = classify::error(&error);
                Err(if is_unclear { self.what_is_missing(name, error).await } else { error })
            }
        }
    }

    /// AWS API: `BatchGetSecretValue`, which answers for each name by itself. Those it has no answer for are read
    /// one by one.
    pub(crate) async fn read_many(&self, names: &[SecretName]) -> Vec<Result<Secret>> {
        let mut found: HashMap<&SecretName, Result<Secret>> = HashMap::new();
        let is_alone = |left: u32| left.checked_sub(1);
        let alone = self.alone.fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_alone).is_ok();
        let mut down = None;
        for chunk in names.chunks(BATCH).filter(|_| !alone) {
            match self.read_chunk(chunk, &mut found).await {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    self.alone.store(ALONE, Ordering::Relaxed);
                    break;
                }
                // It is about the provider, and so about every name.
                Err(error)
                    if error.kind().allows_stale()
                        || error.kind() == ErrorKind::Unauthenticated =>
                {
                    down = Some(error);
                    break;
                }
                // About one of them; which, each by itself tells.
                Err(_) => {}
            }
        }
        let mut results = Vec::with_capacity(names.len());
        for name in names {
            results.push(match found.remove(name) {
                Some(result) => result,
                None => match &down {
                    // Others are asked in time only if nobody is waited for twice.
                    Some(error) => Err(error.clone()),
                    None => self.read(name, &Select::Current).await,
                },
            });
            if let Some(Err(error)) = results.last()
                && error.kind() == ErrorKind::Unavailable
            {
                down.get_or_insert(error.clone());
            }
        }
        results
    }

    async fn read_chunk<'a>(
        &self,
        names: &'a [SecretName],
        found: &mut HashMap<&'a SecretName, Result<Secret>>,
    ) -> Result<()> {
        let (good, bad): (Vec<_>, Vec<_>) =
            names.iter().partition(|one| name::check(one.as_str()).is_ok());
        for one in bad {
            let checked = name::check(one.as_str()).err();
            found.extend(checked.map(|error| (one, Err(error))));
        }
        if good.is_empty() {
            return Ok(());
        }
        let ids = good.iter().map(|name| name.as_str().to_owned()).collect();
        let call = self.client.batch_get_secret_value().set_secret_id_list(Some(ids));
        let answer = call.send().await.map_err(|error| classify::error(&error))?;
        let of = |id: Option<&str>, arn: Option<&str>| {
            good.iter().copied().find(|name| [id, arn].contains(&Some(name.as_str())))
        };
        for one in answer.secret_values.unwrap_or_default() {
            let Some(name) = of(one.name(), one.arn()) else { continue };
            let parts = Parts {
                version: one.version_id,
                created: one.created_date,
                text: one.secret_string,
                binary: one.secret_binary,
            };
            found.insert(name, parts.into_secret());
        }
        for error in answer.errors.unwrap_or_default() {
            let Some(name) = of(error.secret_id(), None) else { continue };
            let told = classify::of_item(error.error_code());
            // What is missing is found out by reading it alone.
            if told.kind() != ErrorKind::NotFound && told.kind() != ErrorKind::InvalidValue {
                found.insert(name, Err(told));
            }
        }
        Ok(())
    }

    /// A missing secret, a missing version, and a secret that is scheduled for deletion look alike.
    /// `DescribeSecret` tells them apart, where it is allowed.
    async fn what_is_missing(&self, name: &SecretName, error: Error) -> Error {
        let absent = || {
            let message = "no such secret";
            Error::new(ErrorKind::NotFound, message).with_reason(Reason::Secret)
        };
        match self.describe(name).await {
            Ok(described) if described.deleted_date.is_some() => deleted(),
            Ok(_) if error.kind() == ErrorKind::NotFound => no_value(),
            Ok(_) => error,
            Err(described) if described.kind() == ErrorKind::NotFound => absent(),
            Err(described) if described.kind() == ErrorKind::PermissionDenied => match error.kind()
            {
                ErrorKind::NotFound => absent(),
                _ => error,
            },
            // An outage never reads as an absence.
            Err(described) => described,
        }
    }

    /// AWS API: `DescribeSecret`.
    pub(crate) async fn describe(&self, name: &SecretName) -> Result<DescribeSecretOutput> {
        let described = self.client.describe_secret().secret_id(name.as_str()).send().await;
        let described = described.map_err(|error| classify::error(&error))?;
        check_identity(name, described.name(), described.arn())?;
        Ok(described)
    }
}

pub(crate) fn deleted() -> Error {
    Error::new(ErrorKind::Deleted, "the secret is scheduled for deletion, and can be restored")
}

/// An answer about another secret than the one that was asked for is of no use, whatever it holds.
fn check_identity(asked: &SecretName, name: Option<&str>, arn: Option<&str>) -> Result<()> {
    match [name, arn].contains(&Some(asked.as_str())) {
        true => Ok(()),
        false => {
            let message = "the answer is about another secret than the one that was asked for";
            Err(Error::new(ErrorKind::Malformed, message))
        }
    }
}
