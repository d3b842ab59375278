//! Who asks: keys that somebody made, else whom AWS's own chain finds.

use std::borrow::Cow;

use aws_runtime::env_config::file::EnvConfigFiles;
use aws_sdk_secretsmanager::config::Credentials;
use aws_types::os_shim_internal::{Env, Fs};
use strongroom_core::{Key, Result, SecretValue, Settings};

use crate::config::fault;

pub(crate) const PROFILE: Key = Key::text(
    "AWS_PROFILE",
    "profile of AWS's own configuration files; one that is not there is an error",
)
.without_twin();
pub(crate) const ACCESS_KEY_ID: Key = Key::text(
    "AWS_ACCESS_KEY_ID",
    "id of a static key; without one, AWS's own chain finds credentials: profile, web identity, ECS, EC2",
);
pub(crate) const SECRET_ACCESS_KEY: Key =
    Key::secret("AWS_SECRET_ACCESS_KEY", "the static key itself");
pub(crate) const SESSION_TOKEN: Key =
    Key::secret("AWS_SESSION_TOKEN", "session token of temporary static keys");

/// Keys that somebody made.
#[derive(Clone, Debug)]
pub(crate) struct StaticKeys {
    id: String,
    secret: SecretValue,
    pub(crate) session: Option<SecretValue>,
}

impl StaticKeys {
    /// `None` if none are set.
    ///
    /// # Errors
    /// `Misconfigured`, naming the setting, if one of them is missing or no key.
    pub(crate) fn read(settings: &Settings) -> Result<Option<Self>> {
        let id = settings.text(&ACCESS_KEY_ID)?;
        let secret = settings.secret(&SECRET_ACCESS_KEY)?;
        let session = settings.secret(&SESSION_TOKEN)?;
        match (id, secret, session) {
            (Some(id), Some(secret), session) => {
                let graphic = |text: &[u8]| text.iter().all(u8::is_ascii_graphic);
                let token = session.as_ref().map_or(&[][..], SecretValue::expose);
                for (key, text) in [
                    (ACCESS_KEY_ID, id.as_bytes()),
                    (SECRET_ACCESS_KEY, secret.expose()),
                    (SESSION_TOKEN, token),
                ] {
                    if !graphic(text) {
                        return Err(fault(
                            &key,
                            "has blanks or non-printable characters; expected the key alone",
                        ));
                    }
                }
                Ok(Some(Self { id, secret, session }))
            }
            (None, None, None) => Ok(None),
            (Some(_), None, _) => Err(fault(
                &SECRET_ACCESS_KEY,
                "is not set, and AWS_ACCESS_KEY_ID is; set both or none",
            )),
            (None, Some(_), _) => Err(fault(
                &ACCESS_KEY_ID,
                "is not set, and AWS_SECRET_ACCESS_KEY is; set both or none",
            )),
            (None, None, Some(_)) => Err(fault(
                &ACCESS_KEY_ID,
                "is not set, and AWS_SESSION_TOKEN is; set all three or none",
            )),
        }
    }

    /// As the SDK takes them.
    pub(crate) fn credentials(&self) -> Result<Credentials> {
        let session = self.session.as_ref().map(|token| token.expose_str().map(str::to_owned));
        let secret = self.secret.expose_str()?;
        Ok(Credentials::new(&self.id, secret, session.transpose()?, None, "settings"))
    }
}

/// The SDK takes a profile that is not there for one that says nothing.
///
/// # Errors
/// `Misconfigured` for such a profile, and for files that cannot be read.
pub(crate) async fn check_profile(name: &str) -> Result<()> {
    let selected = Some(Cow::Owned(name.to_owned()));
    let refuse = |message: &'static str| Err(fault(&PROFILE, message));
    let files = EnvConfigFiles::default();
    match aws_config::profile::load(&Fs::real(), &Env::real(), &files, selected).await {
        Ok(found) if found.get_profile(name).is_some() => Ok(()),
        Ok(_) => refuse("there is no profile of that name in AWS's configuration files"),
        // What the parser says may quote the file.
        Err(_) => refuse("AWS's configuration files cannot be read"),
    }
}
