//! The settings that every provider has.

use std::time::Duration;

use strongroom_core::{Error, ErrorKind, Key, Result, SecretName, Settings};
use strongroom_layers::Limits;
use strongroom_signing::{KeyEncoding, KeyLimits};

pub(crate) const PROVIDER: Key =
    Key::text("SECRETS_PROVIDER", "which provider; there is no default").required();

const PREFIX: Key =
    Key::text("SECRETS_PREFIX", "put before every logical name, as in `nexus-engine/prod`");

const ENCODING: Key = Key::choice(
    "SECRETS_SIGNING_KEY_ENCODING",
    KeyEncoding::WORDS,
    "how the signing key is written down; never guessed",
)
.with_default("raw");

const TTL: Key = Key::seconds(
    "SECRETS_CACHE_TTL_SECONDS",
    1,
    3_600,
    "how long secrets and signing keys count as fresh",
)
.with_default("60");

const MAX_STALE: Key = Key::seconds(
    "SECRETS_MAX_STALE_SECONDS",
    0,
    3_600,
    "how long after that they are served while the provider fails; 0 turns it off",
)
.with_default("300");

const TIMEOUT: Key = Key::seconds(
    "SECRETS_TIMEOUT_SECONDS",
    1,
    60,
    "longest time of one operation, all its attempts included",
)
.with_default("10");

const DEFAULT_GRACE: Duration = Duration::from_secs(900);

const MAX_GRACE: u64 = 2_592_000;
const GRACE: Key = Key::seconds(
    "SECRETS_PREVIOUS_KEY_GRACE_SECONDS",
    2,
    MAX_GRACE,
    "how long a retired key still verifies; default max(900, 2 × (TTL + stale)), at least 2 × (TTL + stale)",
);

const VERIFY: Key = Key::boolean(
    "VAULT_VERIFY_ENABLED",
    "`false` makes `enforce` accept everything, and is refused without `SECRETS_ALLOW_UNVERIFIED`",
)
.with_default("true");

const ALLOW_UNVERIFIED: Key = Key::boolean(
    "SECRETS_ALLOW_UNVERIFIED",
    "the second word that switching verification off needs",
)
.with_default("false");

const TELEMETRY: Key = Key::boolean(
    "ENABLE_SECRETS_PROVIDER_TELEMETRY",
    "logs the provider's name once at the start, and nothing else",
)
.with_default("false");

/// In the order in which documents list them.
pub(crate) const KEYS: [Key; 10] = [
    PROVIDER,
    PREFIX,
    ENCODING,
    TTL,
    MAX_STALE,
    TIMEOUT,
    GRACE,
    VERIFY,
    ALLOW_UNVERIFIED,
    TELEMETRY,
];

/// What the common settings say.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    pub(crate) prefix: Option<SecretName>,
    pub(crate) encoding: KeyEncoding,
    /// How long what was read is used.
    pub(crate) limits: Limits,
    /// How long a retired key verifies.
    pub(crate) grace: Duration,
    pub(crate) timeout: Duration,
    pub(crate) verify: bool,
    pub(crate) telemetry: bool,
}

impl Common {
    /// How long keys are used.
    pub(crate) fn key_limits(&self) -> KeyLimits {
        KeyLimits { age: self.limits.age(), grace: self.grace }
    }

    /// Reads them; a TTL that the selected provider has a setting of its own for wins over the common one.
    ///
    /// # Errors
    /// `Misconfigured`, naming the setting.
    pub(crate) fn read(settings: &Settings, provider: &[Key]) -> Result<Self> {
        let word = settings.choice(&ENCODING)?.and_then(KeyEncoding::from_word);
        let timeout = settings.seconds(&TIMEOUT)?.unwrap_or_default();
        let limits = limits(settings, provider, timeout)?;
        Ok(Self {
            prefix: settings.name(&PREFIX)?,
            encoding: word.unwrap_or_default(),
            limits,
            grace: grace(settings, &limits)?,
            timeout,
            verify: verify(settings)?,
            telemetry: settings.boolean(&TELEMETRY)?.unwrap_or(false),
        })
    }
}

fn limits(settings: &Settings, provider: &[Key], timeout: Duration) -> Result<Limits> {
    let seconds = |key: &Key| settings.seconds(key).map(Option::unwrap_or_default);
    let own_ttl = provider.iter().find(|key| key.name.ends_with("_CACHE_TTL_SECONDS"));
    let own_ttl = own_ttl.map(|key| settings.seconds(key)).transpose()?.flatten();
    let ttl = seconds(&TTL)?;
    let mut limits = Limits::new(own_ttl.unwrap_or(ttl), seconds(&MAX_STALE)?);
    limits.attempt = limits.attempt.min(timeout);
    limits.operation = timeout;
    Ok(limits)
}

fn grace(settings: &Settings, limits: &Limits) -> Result<Duration> {
    // A key has to be accepted for as long as any process may sign with it, or verify without having
    // seen its successor.
    let least = 2 * limits.age();
    let grace = Key::seconds(GRACE.name, least.as_secs(), MAX_GRACE, GRACE.meaning);
    Ok(settings.seconds(&grace)?.unwrap_or(least.max(DEFAULT_GRACE)))
}

fn verify(settings: &Settings) -> Result<bool> {
    let verify = settings.boolean(&VERIFY)?.unwrap_or(true);
    let allowed = settings.boolean(&ALLOW_UNVERIFIED)?.unwrap_or(false);
    match verify || allowed {
        true => Ok(verify),
        false => {
            let message = "is false, which accepts every message as signed; set it to true, or also set SECRETS_ALLOW_UNVERIFIED=true";
            Err(Error::new(ErrorKind::Misconfigured, message).with_key(VERIFY.name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Common> {
        Common::read(&Settings::from_pairs(pairs.iter().copied()), &[])
    }

    #[test]
    fn defaults_are_those_of_the_contract() {
        let common = read(&[]).unwrap();
        let seconds = |duration: Duration| duration.as_secs();
        let limits = common.limits;
        let times = [limits.ttl, limits.max_stale, limits.attempt, common.grace];
        assert_eq!(times.map(seconds), [60, 300, 5, 900]);
        assert_eq!(common.timeout.as_secs(), 10);
        assert_eq!((common.prefix, common.encoding, common.verify), (None, KeyEncoding::Raw, true));
    }

    #[test]
    fn the_grace_is_never_shorter_than_twice_the_age_limit() {
        let key = "SECRETS_PREVIOUS_KEY_GRACE_SECONDS";
        let long = read(&[("SECRETS_CACHE_TTL_SECONDS", "600")]).unwrap();
        assert_eq!(long.grace.as_secs(), 1_800);
        assert_eq!(read(&[(key, "720")]).unwrap().grace.as_secs(), 720);
        for value in ["719", "2592001", "-1", ""] {
            let error = read(&[(key, value)]).unwrap_err();
            assert_eq!(
                (error.kind(), error.key()),
                (ErrorKind::Misconfigured, Some(key)),
                "{value:?}"
            );
        }
        let error = read(&[(key, "719")]).unwrap_err();
        assert!(error.to_string().contains("from 720 to 2592000"), "{error}");
    }

    #[test]
    fn f096_f097_verification_is_on_unless_two_settings_say_otherwise() {
        assert!(read(&[("VAULT_VERIFY_ENABLED", "true")]).unwrap().verify);
        let error = read(&[("VAULT_VERIFY_ENABLED", "false")]).unwrap_err();
        assert_eq!(error.key(), Some("VAULT_VERIFY_ENABLED"));
        let off = [("VAULT_VERIFY_ENABLED", "false"), ("SECRETS_ALLOW_UNVERIFIED", "true")];
        assert!(!read(&off).unwrap().verify);
        assert!(read(&off[1..]).unwrap().verify, "the second word alone switches nothing off");
        for value in ["ture", " ", "0x1", "TRUE "] {
            let error = read(&[("VAULT_VERIFY_ENABLED", value)]).unwrap_err();
            assert!(error.to_string().contains("true, false, 1, 0"), "F098 {value:?}: {error}");
        }
    }

    #[test]
    fn b001_a_prefix_that_is_no_name_names_its_setting() {
        for prefix in ["../x", "a//b", "/a", " a"] {
            let error = read(&[("SECRETS_PREFIX", prefix)]).unwrap_err();
            assert_eq!(
                (error.kind(), error.key()),
                (ErrorKind::Misconfigured, Some("SECRETS_PREFIX"))
            );
        }
    }
}
