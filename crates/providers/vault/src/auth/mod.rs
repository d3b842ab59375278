//! Who we are, and how the server is told.

mod app_role;
mod config;
mod given;
mod jwt;
mod login;
mod wire;

use std::sync::Arc;

use strongroom_core::{Result, Settings};
use strongroom_http::TokenCache;

use crate::auth::app_role::AppRole;
pub(crate) use crate::auth::config::{
    Auth, JWT_FILE, METHOD, MOUNT, ROLE, ROLE_ID, SECRET_ID, SECRET_ID_WRAPPED, TOKEN,
};
use crate::auth::given::GivenToken;
use crate::auth::jwt::Jwt;
use crate::auth::login::{Method, VaultLogin};
pub(crate) use crate::auth::wire::{About, look_up};
use crate::server::Server;

impl Auth {
    /// Checks that what is needed to log in is there, and asks nobody. `None` behind an agent.
    ///
    /// # Errors
    /// `Misconfigured`, naming the setting.
    pub(crate) fn open(
        self,
        server: &Arc<Server>,
        settings: &Settings,
    ) -> Result<Option<TokenCache>> {
        let (settings, server) = (settings.clone(), server.clone());
        Ok(Some(match self {
            Self::Agent => return Ok(None),
            Self::Token { refuses_dev_tokens } => {
                cache(server, GivenToken::new(settings, refuses_dev_tokens)?)
            }
            Self::AppRole { mount, is_wrapped } => {
                cache(server, AppRole::new(settings, mount, is_wrapped)?)
            }
            Self::Jwt { mount, role, file } => {
                cache(server, Jwt::new(settings, mount, role, file)?)
            }
        }))
    }
}

fn cache(server: Arc<Server>, method: impl Method) -> TokenCache {
    let clock = server.clock.clone();
    TokenCache::new(VaultLogin { server, method }, clock)
}

/// What makes a text no credential of any sort: it is one word as it was copied.
fn credential_fault(text: &[u8]) -> Option<&'static str> {
    if text.iter().any(|byte| !byte.is_ascii_graphic()) {
        return Some("has blanks or non-printable characters; expected the credential alone");
    }
    let is_quoted = text.first().is_some_and(|first| b"\"'`".contains(first));
    is_quoted
        .then_some("begins with a quotation mark, which a shell would have removed; leave it out")
}
