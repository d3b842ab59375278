//! Using a secret that may just have been rotated.

use std::sync::Arc;
use std::time::Duration;

use strongroom_core::{GetOptions, Result, Secret, Select};
use strongroom_layers::Reloaded;

use crate::inner::Inner;
use crate::reads::Read;
use crate::rings::COOLDOWN;

/// What became of using a secret.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "a rejection is not an error: look at which it is"]
pub enum Use<T, R = ()> {
    /// It was accepted.
    Ok(T),
    /// Whoever it was shown to does not accept it (any more, or yet).
    Rejected(R),
}

impl<T, R> Use<T, R> {
    /// As a `Result`, for `?`.
    ///
    /// # Errors
    /// What came with the rejection.
    pub fn into_result(self) -> std::result::Result<T, R> {
        match self {
            Self::Ok(value) => Ok(value),
            Self::Rejected(rejection) => Err(rejection),
        }
    }
}

impl Inner {
    pub(crate) async fn use_secret<T, R, F: Future<Output = Use<T, R>>>(
        self: &Arc<Self>,
        name: &str,
        attempt: impl Fn(Secret) -> F,
    ) -> Result<Use<T, R>> {
        let reference = self.resolve(name)?;
        let read = Read::current(&reference);
        let first = match self.reads.hit(name) {
            Some(secret) => secret,
            None => self.reads.get(&read, Some(name), None).await?,
        };
        let mut rejected = match attempt(first.clone()).await {
            Use::Ok(value) => return Ok(Use::Ok(value)),
            Use::Rejected(rejection) => rejection,
        };
        let is_other = |secret: &Secret| !secret.value().ct_eq(first.value());
        let newer = match self.reads.reload(&read, COOLDOWN, is_other).await {
            Ok(Reloaded::Found(secret)) => Some(secret),
            // It is the same, was read a moment ago, or cannot be read now.
            _ => None,
        };
        if let Some(newer) = &newer {
            match attempt(newer.clone()).await {
                Use::Ok(value) => return Ok(Use::Ok(value)),
                Use::Rejected(rejection) => rejected = rejection,
            }
        }
        // Whoever checks it may not have been told of the new one yet.
        let mut options = GetOptions::default().select(Select::Previous);
        if newer.is_some() {
            // What was the previous one a moment ago is no longer.
            options = options.max_age(Duration::ZERO);
        }
        if let Ok(previous) = self.get(&reference, None, options).await
            && is_other(&previous)
            && newer.is_none_or(|newer| !newer.value().ct_eq(previous.value()))
        {
            return Ok(attempt(previous).await);
        }
        Ok(Use::Rejected(rejected))
    }
}
