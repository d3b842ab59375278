//! Which version of the KV engine is mounted.

use std::sync::{Mutex, MutexGuard, PoisonError};

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
    said: Mutex<Said>,
}

/// What the server said last, and whether it has to be asked again.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    version: Option<KvVersion>,
    is_stale: bool,
}

/// A version, and whether it is certain or only the usual one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Version {
    pub(crate) number: KvVersion,
    pub(crate) is_certain: bool,
}

impl Engine {
    pub(crate) fn new(configured: Option<KvVersion>) -> Self {
        Self { configured, said: Mutex::default() }
    }

    /// What the server said, or what was configured as long as it has said nothing.
    pub(crate) fn known(&self) -> Option<KvVersion> {
        self.said().version.or(self.configured)
    }

    /// Asks again before the next call: something was not found, and the engine may have been replaced.
    pub(crate) fn forget(&self) {
        self.said().is_stale = true;
    }

    /// Asks the server once. Where the token may not ask, it is what was configured, else version 2 without
    /// certainty.
    ///
    /// Vault API: `GET /v1/sys/internal/ui/mounts/{path}`, which HashiCorp's own `vault kv` asks too.
    ///
    /// # Errors
    /// `Misconfigured` if something else is mounted there; those of an outage.
    pub(crate) async fn version(&self, api: &Api, mount: &SecretName) -> Result<Version> {
        let said = *self.said();
        if let (Some(number), false) = (said.version, said.is_stale) {
            return Ok(Version { number, is_certain: true });
        }
        let words = ["sys", "internal", "ui", "mounts"].into_iter().chain(mount.segments());
        let response = api.ask(&Call::get(words.map(str::to_owned).collect())).await?;
        match response.status() {
            200 => {
                let number = self.check(&response, mount)?;
                *self.said() = Said { version: Some(number), is_stale: false };
                Ok(Version { number, is_certain: true })
            }
            // No right to ask, no such mount, or a gateway that lets nothing below `sys` pass.
            403..=405 => Ok(Version {
                number: self.configured.unwrap_or(KvVersion::Two),
                is_certain: self.configured.is_some(),
            }),
            _ => Err(refusal::error(&response)),
        }
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
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
