//! Strongroom on AWS Secrets Manager.
//!
//! [`AWS`] is the provider, selected by `SECRETS_PROVIDER=aws_sm`. It talks through the official SDK, whose own
//! retries are off, as layers do that once. Staging labels are the versions' states: `AWSCURRENT` is current,
//! `AWSPENDING` pending, `AWSPREVIOUS` the one before.
//!
//! Wire shapes are those of the [Secrets Manager API]; errors are told apart by their codes, never by status or
//! text.
//!
//! [Secrets Manager API]: https://docs.aws.amazon.com/secretsmanager/latest/apireference/Welcome.html

#![forbid(unsafe_code)]

mod auth;
mod ca_bundle;
mod classify;
mod client;
mod config;
mod endpoint;
mod examine;
mod list;
mod live;
mod name;
mod read;
mod regions;
mod store;
mod wire;
mod write;

use std::sync::Arc;

use strongroom_core::{Error, ErrorKind, Open, Opened, Provider, Result};

use crate::config::Config;
use crate::examine::Examination;
use crate::regions::Regions;
use crate::store::AwsStore;

/// The provider `aws_sm`.
pub const AWS: Provider =
    Provider::new(&["aws_sm"], &config::KEYS, |open| Box::pin(async move { open_aws(open).await }));

async fn open_aws(open: Open<'_>) -> Result<Opened> {
    let config = Config::read(open.settings)?;
    let (client, replicas) = client::open(open.settings, &config).await?;
    let replicas = replicas.into_iter().map(|(region, client)| (region, AwsStore::new(client)));
    let (first, replicas) = (AwsStore::new(client.clone()), replicas.collect());
    let store = Arc::new(Regions { first, replicas });
    let mut opened = Opened::new(store);
    opened.warnings = config.warnings();
    opened.signing_key = Some(config.signing_secret.clone().ok_or_else(|| {
        let message = "no signing key is configured; set AWS_SM_SIGNING_SECRET_ARN to the ARN or name of its secret";
        Error::new(ErrorKind::Misconfigured, message)
    }));
    opened.signing_key_is_whole = true;
    opened.examine = Some(Arc::new(Examination { client, clock: open.clock.clone(), config }));
    Ok(opened)
}
