//! The official client, with its own retries off, our deadlines, and no surprises from the environment.

use std::time::Duration;

use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::SharedHttpClient;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_types::service_config::ServiceConfigKey;
use strongroom_core::{Error, ErrorKind, Result, Settings};

use crate::config::{self, Config};
use crate::{auth, ca_bundle};

/// Longest time for a connection, and for one attempt with its answer, as of the other providers.
const CONNECT: Duration = Duration::from_secs(3);
const ATTEMPT: Duration = Duration::from_secs(5);

/// Loopback, and where AWS hands credentials out to containers and machines: a proxy would read them in clear.
const NEVER_PROXIED: &str = "localhost,127.0.0.0/8,::1,169.254.0.0/16,fd00:ec2::/32";

/// Builds the client of the first region, and one for each replica region. Reads AWS's files where a profile is
/// needed, and opens no connection.
///
/// # Errors
/// `Misconfigured`, naming the setting.
pub(crate) async fn open(
    settings: &Settings,
    config: &Config,
) -> Result<(Client, Vec<(String, Client)>)> {
    if let Some(profile) = &config.profile {
        auth::check_profile(profile).await?;
    }
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .read_timeout(ATTEMPT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(ATTEMPT)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http_client(settings, config)?)
        .region(region(config).await?)
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .timeout_config(timeouts);
    if let Some(profile) = &config.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(keys) = &config.keys {
        loader = loader.credentials_provider(keys.credentials()?);
    }
    if let Some((endpoint, _)) = &config.endpoint {
        loader = loader.endpoint_url(endpoint.url());
    }
    let shared = loader.load().await;
    let mut service = aws_sdk_secretsmanager::config::Builder::from(&shared);
    match &config.endpoint {
        // What the environment says besides is read by `Config`, under our rules.
        Some((endpoint, _)) => service = service.endpoint_url(endpoint.url()),
        None if names_endpoint(&shared) => {
            let message = "is not set, and AWS's configuration files name another endpoint (`endpoint_url`), which nobody checks there; set it here";
            return Err(
                Error::new(ErrorKind::Misconfigured, message).with_key(config::ENDPOINT.name)
            );
        }
        None => {}
    }
    let replica = |region: &String| {
        let there = service.clone().region(Region::new(region.clone()));
        (region.clone(), Client::from_conf(there.build()))
    };
    let replicas = config.replica_regions.iter().map(replica).collect();
    Ok((Client::from_conf(service.build()), replicas))
}

/// That of the settings, else that of the profile. Nobody is asked over a network.
async fn region(config: &Config) -> Result<Region> {
    if let Some(region) = &config.region {
        return Ok(Region::new(region.clone()));
    }
    let mut builder = ProfileFileRegionProvider::builder();
    if let Some(profile) = &config.profile {
        builder = builder.profile_name(profile);
    }
    use aws_config::meta::region::ProvideRegion;
    builder.build().region().await.ok_or_else(|| Settings::missing(&config::REGION))
}

/// Whether the SDK would find another endpoint than AWS's own, for all services or for this one.
fn names_endpoint(shared: &SdkConfig) -> bool {
    let key = ServiceConfigKey::builder().service_id("Secrets Manager");
    let key = key.env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok();
    let own = key.zip(shared.service_config()).and_then(|(key, files)| files.load_config(key));
    own.is_some() || shared.endpoint_url().is_some()
}

/// rustls with aws-lc-rs, no proxy but ours, and our authorities where they are given.
fn http_client(settings: &Settings, config: &Config) -> Result<SharedHttpClient> {
    let refuse = |message: &'static str, setting: &'static str| {
        Error::new(ErrorKind::Misconfigured, message).with_key(setting)
    };
    let mut context = TlsContext::builder();
    if let Some(bundle) = ca_bundle::read(settings)? {
        let store = TrustStore::empty().with_native_roots(false).with_pem_certificate(bundle);
        context = context.with_trust_store(store);
    }
    let context = context
        .build()
        .map_err(|_| refuse("holds no PEM certificate that can be used", config::CA_BUNDLE.name))?;
    let is_local = config.endpoint.as_ref().is_some_and(|(endpoint, _)| endpoint.is_loopback());
    let proxy = match config.proxy.as_ref().filter(|_| !is_local) {
        Some(proxy) => ProxyConfig::all(proxy.url())
            .map_err(|_| refuse("cannot be used as a proxy", strongroom_core::PROXY.name))?
            .no_proxy(NEVER_PROXIED),
        None => ProxyConfig::disabled(),
    };
    Ok(Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder();
        if let Some(settings) = settings {
            connector = connector.connector_settings(settings.clone());
        }
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector
            .proxy_config(proxy.clone())
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(context.clone())
            .build()
    }))
}
