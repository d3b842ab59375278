//! The transport below the official client: it says who asks, and what the answers mean.
//!
//! The official client is given a token that is none. So it builds URLs, reads pages and finds out how a vault
//! wants to be asked, and has no tokens of its own that could be too old, or sent to somebody else.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::http::headers::{AUTHORIZATION, Headers, WWW_AUTHENTICATE};
use azure_core::http::{
    AsyncRawResponse, ClientOptions, HttpClient, Method, Request, RetryOptions, Transport,
};
use azure_core::time::{Duration, OffsetDateTime};
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
use strongroom_core::{Error, ErrorKind, Result};
use strongroom_http::{Client, Header, Response, TokenCache};

use crate::challenge::Expected;
use crate::{classify, sdk};

/// The oldest version of the interface that has all of this: other clouds learn new ones years later.
pub(crate) const API_VERSION: &str = "7.4";

/// One vault.
#[derive(Debug)]
pub(crate) struct Vault {
    pub(crate) client: Client,
    pub(crate) tokens: TokenCache,
    pub(crate) expected: Expected,
    /// When the vault answered last, by its own clock.
    pub(crate) date: Mutex<Option<SystemTime>>,
}

impl Vault {
    /// The official client, which talks through this. `is_verified`: whether the vault's host has to be of the
    /// domain that it wants tokens for.
    ///
    /// # Errors
    /// `Internal` if it cannot be made.
    pub(crate) fn official(self: Arc<Self>, is_verified: bool) -> Result<SecretClient> {
        let url = self.client.endpoint().origin();
        let options = SecretClientOptions {
            api_version: API_VERSION.to_owned(),
            client_options: ClientOptions {
                retry: RetryOptions::none(),
                transport: Some(Transport::new(self)),
                ..ClientOptions::default()
            },
            verify_challenge_resource: Some(is_verified),
        };
        let made = SecretClient::new(&url, Arc::new(Placeholder), Some(options));
        made.map_err(|error| sdk::ours(&error))
    }

    async fn ask(&self, theirs: &Request) -> Result<Response> {
        // Not by asking for it: their error for a header that is missing may take a backtrace.
        let is_first = theirs.headers().iter().all(|(name, _)| *name != AUTHORIZATION);
        let response = match is_first {
            true => self.client.send(sdk::request(theirs)?).await?,
            false => self.ask_as_us(theirs).await?,
        };
        *self.date.lock().unwrap_or_else(PoisonError::into_inner) = response.date();
        match (response.status(), is_first) {
            (401, true) => self.expected.check(&response).map(|()| response),
            // What hands out secrets to anybody is no vault.
            (..=399, true) => Err(response.malformed()),
            (200, false) => Ok(response),
            _ => Err(classify::error(&response, matches!(theirs.method(), Method::Put))),
        }
    }

    async fn ask_as_us(&self, theirs: &Request) -> Result<Response> {
        let said = Mutex::default();
        let answer = self.tokens.call(
            |token| {
                let said = &said;
                async move {
                    let bearer = Header::bearer(token.value())?;
                    let response = self.client.send(sdk::request(theirs)?.header(bearer)).await?;
                    if response.status() == 401 {
                        self.expected.check_again(&response)?;
                        let code = classify::token_code(&response);
                        // So a vault says for some seconds that it has lost a key of Entra's. The token is good.
                        if code.as_deref() == Some("AKV10046") {
                            let message = "the vault cannot check tokens now (AKV10046)";
                            return Err(Error::new(ErrorKind::Unavailable, message));
                        }
                        *said.lock().unwrap_or_else(PoisonError::into_inner) = code;
                    }
                    Ok(response)
                }
            },
            // Of tokens alone, and nobody can be asked about them.
            |response| (response.status() == 401).then_some(false),
        );
        let refused =
            || Error::new(ErrorKind::Unauthenticated, "the vault does not accept the token");
        let answer = answer.await.and_then(|answer| answer.ok_or_else(refused));
        let said = said.into_inner().unwrap_or_else(PoisonError::into_inner);
        answer.map_err(|error| with_code(error, said))
    }
}

/// What the vault has said of the token, beside that it is not accepted.
fn with_code(error: Error, code: Option<String>) -> Error {
    let (ErrorKind::Unauthenticated, None, Some(code)) = (error.kind(), error.key(), code) else {
        return error;
    };
    let message = format!("{} ({code})", error.message());
    let told = Error::new(ErrorKind::Unauthenticated, message);
    match error.retry_after() {
        Some(after) => told.with_retry_after(after),
        None => told,
    }
}

#[async_trait]
impl HttpClient for Vault {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let response = self.ask(request).await.map_err(sdk::wrapped)?;
        let mut headers = Headers::new();
        if let Some(challenge) = response.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge.to_owned());
        }
        let status = response.status().into();
        Ok(AsyncRawResponse::from_bytes(status, headers, response.into_body()))
    }
}

/// In place of a token, which the transport knows.
#[derive(Debug)]
struct Placeholder;

#[async_trait]
impl TokenCredential for Placeholder {
    async fn get_token(
        &self,
        _: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        Ok(AccessToken::new("none", OffsetDateTime::now_utc() + Duration::days(1)))
    }
}
