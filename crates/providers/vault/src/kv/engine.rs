//! Which version of the KV engine is mounted.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use strongroom_core::{Clock, Error, ErrorKind, Moment, Reason, Result, SecretName};
use strongroom_http::Response;

use super::config::KvVersion;
use crate::api::{Api, Call};
use crate::classify;

/// How long after it was asked the server is asked again because something was not found.
const ASKED_AGAIN: Duration = Duration::from_secs(30);

/// What was configured, and what the server said.
#[derive(Debug)]
pub(crate) struct Engine {
    configured: Option<KvVersion>,
    clock: Arc<dyn Clock>,
    said: Mutex<Option<Said>>,
}

/// What the server said last.
#[derive(Clone, Copy, Debug)]
struct Said {
    version: KvVersion,
    /// When it was asked last.
    at: Moment,
    doubt: Doubt,
}

/// Whether what the server said may no longer hold.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Doubt {
    None,
    /// Something was not found: in one case of many because the engine was replaced.
    Missing,
    /// The server said that the engine is another one.
    Replaced,
}

/// A version, and whether it is certain or only the usual one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Version {
    pub(crate) number: KvVersion,
    pub(crate) is_certain: bool,
}

impl Engine {
    pub(crate) fn new(configured: Option<KvVersion>, clock: Arc<dyn Clock>) -> Self {
        Self { configured, clock, said: Mutex::default() }
    }

    /// What the server said, or what was configured as long as it has said nothing.
    pub(crate) fn known(&self) -> Option<KvVersion> {
        (*self.said()).map(|said| said.version).or(self.configured)
    }

    /// Has the server asked again: at once if the engine was replaced, after a while if something was only
    /// not found.
    pub(crate) fn doubt(&self, doubt: Doubt) {
        if let Some(said) = &mut *self.said() {
            said.doubt = said.doubt.max(doubt);
        }
    }

    /// Asks the server once, and again in doubt. Where it does not say, it is what it said before, else what
    /// was configured, else version 2 without certainty.
    ///
    /// Vault API: `GET /v1/sys/internal/ui/mounts/{path}`, which HashiCorp's own `vault kv` asks too.
    ///
    /// # Errors
    /// `Misconfigured` if something else is mounted there; those of an outage, if the server has never said.
    pub(crate) async fn version(&self, api: &Api, mount: &SecretName) -> Result<Version> {
        let said = *self.said();
        let certain = |number| Version { number, is_certain: true };
        if let Some(said) = said.filter(|said| !self.is_asked_again(said)) {
            return Ok(certain(said.version));
        }
        let words = ["sys", "internal", "ui", "mounts"].into_iter().chain(mount.segments());
        let asked = api.ask(&Call::get(words.map(str::to_owned).collect())).await;
        let denied = |error: Error| match error.kind() {
            ErrorKind::PermissionDenied => Ok(None),
            _ => Err(error),
        };
        let answered = asked.map(Some).or_else(denied).and_then(|response| {
            let Some(response) = response else { return Ok(None) };
            match response.status() {
                200 => self.check(&response, mount).map(Some),
                // No right to ask, no such mount, or a gateway that lets nothing below `sys` pass.
                403..=405 => Ok(None),
                _ => Err(classify::error(&response)),
            }
        });
        match (answered, said) {
            (Ok(Some(version)), _) => {
                let at = Moment::now(&*self.clock);
                *self.said() = Some(Said { version, at, doubt: Doubt::None });
                Ok(certain(version))
            }
            (Err(error), _) if error.kind() == ErrorKind::Misconfigured => Err(error),
            (_, Some(said)) => {
                *self.said() = Some(Said { at: Moment::now(&*self.clock), ..said });
                Ok(certain(said.version))
            }
            (Ok(None), None) => match self.configured {
                // Nobody says otherwise, and it is not asked at each read.
                Some(version) => {
                    let at = Moment::now(&*self.clock);
                    *self.said() = Some(Said { version, at, doubt: Doubt::None });
                    Ok(certain(version))
                }
                None => Ok(Version { number: KvVersion::Two, is_certain: false }),
            },
            (Err(error), None) => Err(error),
        }
    }

    fn is_asked_again(&self, said: &Said) -> bool {
        match said.doubt {
            Doubt::None => false,
            Doubt::Missing => said.at.age(&*self.clock) >= ASKED_AGAIN,
            Doubt::Replaced => true,
        }
    }

    fn said(&self) -> MutexGuard<'_, Option<Said>> {
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
