//! Which version of the KV engine is mounted.

use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use strongroom_core::{Error, ErrorKind, Reason, Result, SecretName};
use strongroom_http::Response;

use crate::api::{Api, Call};
use crate::config::KvVersion;
use crate::refusal;

/// What was configured, and what the server said.
#[derive(Debug)]
pub(crate) struct Engine {
    configured: Option<KvVersion>,
    known: Mutex<Option<KvVersion>>,
}

impl Engine {
    pub(crate) fn new(configured: Option<KvVersion>) -> Self {
        Self { configured, known: Mutex::default() }
    }

    /// What the server said, or what was configured as long as it has said nothing.
    pub(crate) fn known(&self) -> Option<KvVersion> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).or(self.configured)
    }

    /// Asks the server once. Where the token may not ask, it is what was configured, else version 2, and the
    /// server is asked again before the next call: a 404 of the wrong version must not pass for a missing
    /// secret once the token may ask.
    ///
    /// Vault API: `GET /v1/sys/internal/ui/mounts/{path}`, which HashiCorp's own `vault kv` asks too.
    ///
    /// # Errors
    /// `Misconfigured` if something else is mounted there; those of an outage.
    pub(crate) async fn version(&self, api: &Api, mount: &SecretName) -> Result<KvVersion> {
        let known = *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(version) = known {
            return Ok(version);
        }
        let words = ["sys", "internal", "ui", "mounts"].into_iter().chain(mount.segments());
        let response = api.ask(Call::get(words.map(str::to_owned).collect())).await?;
        let found = match response.status() {
            200 => self.check(&response, mount)?,
            // No right to ask, no such mount, or a gateway that lets nothing below `sys` pass.
            400..=428 | 430..=499 => return Ok(self.configured.unwrap_or(KvVersion::Two)),
            _ => return Err(refusal::error(&response)),
        };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        Ok(found)
    }

    fn check(&self, response: &Response, mount: &SecretName) -> Result<KvVersion> {
        let Mounted { data } = response.json()?;
        let refuse = |message: String| {
            Err(Error::new(ErrorKind::Misconfigured, message).with_reason(Reason::Mount))
        };
        let path = data.path.trim_end_matches('/');
        if path != mount.as_str() {
            return refuse(format!(
                "VAULT_KV_MOUNT is `{mount}`, and the mount is `{}`; what follows belongs into VAULT_KV_PREFIX",
                strongroom_core::escaped(path)
            ));
        }
        let found = match (data.kind.as_str(), data.options.unwrap_or_default().version.as_deref())
        {
            ("kv", Some("2")) => KvVersion::Two,
            ("kv" | "generic", None | Some("1")) => KvVersion::One,
            _ => {
                return refuse(format!(
                    "what is mounted at `{mount}` is not KV version 1 or 2; check VAULT_KV_MOUNT"
                ));
            }
        };
        match self.configured {
            Some(configured) if configured != found => refuse(format!(
                "VAULT_KV_VERSION says {}, so secrets would be at {}; KV version {} is mounted, where they are at {}",
                number(configured),
                shape(configured, mount),
                number(found),
                shape(found, mount),
            )),
            _ => Ok(found),
        }
    }
}

fn number(version: KvVersion) -> u8 {
    match version {
        KvVersion::One => 1,
        KvVersion::Two => 2,
    }
}

fn shape(version: KvVersion, mount: &SecretName) -> String {
    match version {
        KvVersion::One => format!("`{mount}/NAME`"),
        KvVersion::Two => format!("`{mount}/data/NAME`"),
    }
}

#[derive(Deserialize)]
struct Mounted {
    data: Mount,
}

#[derive(Deserialize)]
struct Mount {
    path: String,
    #[serde(rename = "type")]
    kind: String,
    options: Option<Options>,
}

#[derive(Default, Deserialize)]
struct Options {
    version: Option<String>,
}
