//! Logging in by the official credentials. Each login makes one anew, so that none of them keeps a token of its own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{AccessToken, Secret, TokenCredential};
use azure_core::http::{ClientMethodOptions, ClientOptions, RetryOptions, Transport};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertion, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
};
use strongroom_core::{
    Clock, Error, ErrorKind, Moment, Reason, Result, SecretValue, Settings, SystemClock,
};
use strongroom_http::{Client, Config as HttpConfig, Lease, Login, Token};

use super::config::{CLIENT_SECRET, Credential, FEDERATED_TOKEN_FILE, IdentityHost, METHOD};
use super::transport::{IdentityTransport, Server};
use crate::config::Config;
use crate::sdk::{self, quiet};

/// Longest time for one login. The Azure CLI takes seconds; the official credentials would try for minutes.
const LOGIN: Duration = Duration::from_secs(10);

/// Longest time for a connection to the machine's own host: it is there, or it is not.
const NEAR: Duration = Duration::from_secs(1);

/// Logs in with the credential that the settings name.
#[derive(Debug)]
pub(crate) struct AzureLogin {
    settings: Settings,
    credential: Credential,
    clock: Arc<dyn Clock>,
    scope: String,
    options: ClientOptions,
    /// What was sent last.
    last: Mutex<Option<SecretValue>>,
}

impl AzureLogin {
    /// # Errors
    /// `Misconfigured` if the official credential cannot be made: on hosts that it does not know.
    pub(crate) fn new(settings: &Settings, config: &Config, clock: Arc<dyn Clock>) -> Result<Self> {
        let mut options = ClientOptions { retry: RetryOptions::none(), ..ClientOptions::default() };
        if let Some(transport) = transport(config, &clock)? {
            options.transport = Some(Transport::new(Arc::new(transport)));
        }
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host = config.authority.origin();
        options.cloud = Some(Arc::new(CloudConfiguration::Custom(cloud)));
        let login = Self {
            settings: settings.clone(),
            credential: config.credential.clone(),
            clock,
            scope: format!("{}/.default", config.cloud.resource),
            options,
            last: Mutex::default(),
        };
        login.credential()?;
        Ok(login)
    }

    /// The official credential, with what the settings hold now.
    fn credential(&self) -> Result<Arc<dyn TokenCredential>> {
        let client_options = self.options.clone();
        let made = match &self.credential {
            Credential::ClientSecret { tenant, client } => {
                let secret = self.secret()?;
                let options = Some(ClientSecretCredentialOptions { client_options });
                let secret = Secret::new(secret.expose_str()?.to_owned());
                ClientSecretCredential::new(tenant, client.clone(), secret, options)
                    .map(|made| made as Arc<dyn TokenCredential>)
            }
            Credential::WorkloadIdentity { tenant, client } => {
                let assertion = Assertion(self.secret()?);
                let options = Some(ClientAssertionCredentialOptions { client_options });
                ClientAssertionCredential::new(tenant.clone(), client.clone(), assertion, options)
                    .map(|made| made as Arc<dyn TokenCredential>)
            }
            Credential::ManagedIdentity { client, .. } => {
                let user_assigned_id = client.clone().map(UserAssignedId::ClientId);
                let options = ManagedIdentityCredentialOptions { user_assigned_id, client_options };
                ManagedIdentityCredential::new(Some(options))
                    .map(|made| made as Arc<dyn TokenCredential>)
            }
            Credential::AzureCli { tenant } => {
                let tenant_id = tenant.clone();
                let options = AzureCliCredentialOptions { tenant_id, ..Default::default() };
                AzureCliCredential::new(Some(options)).map(|made| made as Arc<dyn TokenCredential>)
            }
        };
        made.map_err(|_| {
            let message = format!(
                "`{}` is not possible on this host: its environment names a kind of host that the official credential does not know",
                self.credential.method()
            );
            Error::new(ErrorKind::Misconfigured, message).with_key(METHOD.name)
        })
    }

    /// The secret of the credential as it is now, where it has one.
    fn secret(&self) -> Result<SecretValue> {
        let (key, secret) = match &self.credential {
            Credential::ClientSecret { .. } => {
                (&CLIENT_SECRET, self.settings.secret(&CLIENT_SECRET)?)
            }
            _ => (&FEDERATED_TOKEN_FILE, self.settings.secret_file(&FEDERATED_TOKEN_FILE)?),
        };
        secret.ok_or_else(|| Settings::missing(key))
    }

    fn has_secret(&self) -> bool {
        use Credential::{ClientSecret, WorkloadIdentity};
        matches!(self.credential, ClientSecret { .. } | WorkloadIdentity { .. })
    }

    async fn token(&self) -> Result<Token> {
        if self.has_secret() {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.secret()?);
        }
        let since = Moment::now(&*self.clock);
        let asked = tokio::time::timeout(LOGIN, quiet(self.ask())).await;
        let token = asked.map_err(|_| too_late())??;
        if token.token.secret().is_empty() {
            return Err(Error::new(ErrorKind::Malformed, "an answer of success without a token"));
        }
        let now = match self.credential {
            // The one time that the other side says, and that the official credential does not count from now.
            Credential::ManagedIdentity { .. } => self.clock.now(),
            _ => SystemClock.now(),
        };
        let ends = std::time::SystemTime::from(token.expires_on);
        let Some(length) = ends.duration_since(now).ok().filter(|length| !length.is_zero()) else {
            let message = "the token was over when it came; is the clock of this machine right?";
            return Err(Error::new(ErrorKind::Unauthenticated, message));
        };
        let value = SecretValue::from(token.token.secret());
        Ok(Token::new(value, Lease::Ends { since, length, renewable: false }))
    }

    async fn ask(&self) -> Result<AccessToken> {
        let asked = self.credential()?;
        let asked = asked.get_token(&[self.scope.as_str()], None).await;
        asked.map_err(|error| self.told(&error))
    }

    fn told(&self, error: &azure_core::Error) -> Error {
        match &self.credential {
            // What the tool prints may hold anything.
            Credential::AzureCli { .. } => {
                let message = "the Azure CLI hands out no token; install it as `az` (2.54 or newer), and log in with `az login`";
                Error::new(ErrorKind::Unauthenticated, message).with_key(METHOD.name)
            }
            _ => sdk::ours(error),
        }
    }
}

#[async_trait]
impl Login for AzureLogin {
    async fn login(&self) -> Result<Token> {
        self.token().await.map_err(|error| error.with_operation(crate::ID, "login"))
    }

    /// None of these can be: another one is asked for in time.
    async fn renew(&self, _: &Token) -> Result<Token> {
        Err(Error::new(ErrorKind::Unsupported, "tokens of Entra cannot be renewed"))
    }

    /// A vault says 401 of tokens alone, and nobody can be asked about them.
    async fn is_alive(&self, _: &Token) -> Result<bool> {
        Ok(false)
    }

    fn has_new_credentials(&self) -> bool {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match (self.has_secret(), last) {
            (true, Some(last)) => self.secret().is_ok_and(|now| !now.ct_eq(&last)),
            _ => false,
        }
    }
}

/// The token of a workload, read just before.
#[derive(Debug)]
struct Assertion(SecretValue);

#[async_trait]
impl ClientAssertion for Assertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        self.0.expose_str().map(str::to_owned).map_err(sdk::wrapped)
    }
}

/// The way to whoever hands out tokens; `None` for a tool on this machine.
fn transport(config: &Config, clock: &Arc<dyn Clock>) -> Result<Option<IdentityTransport>> {
    let setting = config.credential.setting();
    let (http, server) = match &config.credential {
        Credential::AzureCli { .. } => return Ok(None),
        Credential::ManagedIdentity { client, host } => {
            let is_named = client.is_some();
            let mut http = HttpConfig::new(host.endpoint().clone());
            http.connect = NEAR;
            let server = match host {
                IdentityHost::Metadata(_) => Server::Metadata { is_named },
                IdentityHost::AppService(_) => Server::AppService { is_named },
            };
            (http, server)
        }
        Credential::ClientSecret { .. } | Credential::WorkloadIdentity { .. } => {
            (config.http(config.authority.clone()), Server::Entra { setting })
        }
    };
    let client = Client::new(http, clock.clone())?;
    Ok(Some(IdentityTransport { client, server }))
}

fn too_late() -> Error {
    Error::new(ErrorKind::Unavailable, "no token in time").with_reason(Reason::Timeout)
}
