//! The one way to a proxy.

use strongroom_core::{PROXY, Result, Settings};

use crate::{Endpoint, Plaintext};

/// A proxy that somebody asked for. For https it only forwards bytes (`CONNECT`).
#[derive(Clone, Debug)]
pub struct Proxy(Endpoint);

impl Proxy {
    /// Reads `SECRETS_PROXY`; `None` if it is not set.
    ///
    /// # Errors
    /// `Misconfigured` if it is no http or https URL, or holds credentials.
    pub fn read(settings: &Settings) -> Result<Option<Self>> {
        let text = settings.text(&PROXY)?;
        let parse = |text: String| Endpoint::parse(PROXY.name, &text, Plaintext::AnyHost).map(Self);
        text.map(parse).transpose()
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.0
    }
}
