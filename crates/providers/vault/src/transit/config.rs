//! The settings of Transit.

use strongroom_core::{Error, ErrorKind, Key, Result, SecretName, Settings};

use crate::config::{fault, mount};

pub(crate) const KEY: Key = Key::text(
    "VAULT_TRANSIT_KEY",
    "name of the Transit key that signs; its bytes never leave the server",
);
pub(crate) const MOUNT: Key =
    Key::text("VAULT_TRANSIT_MOUNT", "where Transit is mounted").with_default("transit");
pub(crate) const KEY_TYPE: Key = Key::choice(
    "VAULT_TRANSIT_KEY_TYPE",
    &["hmac", "ed25519"],
    "type of the keys; needed only where the policy denies reading `transit/keys/KEY`",
);
pub(crate) const PREVIOUS_KEYS: Key = Key::text(
    "VAULT_TRANSIT_PREVIOUS_KEYS",
    "names, separated by commas, of keys that still verify after a key was renamed",
);

/// Which keys of Transit sign and verify.
#[derive(Debug)]
pub(crate) struct TransitConfig {
    pub(crate) mount: SecretName,
    pub(crate) key: SecretName,
    pub(crate) previous: Vec<SecretName>,
    pub(crate) key_type: Option<KeyType>,
}

/// The types of Transit keys that sign here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum KeyType {
    Hmac,
    Ed25519,
}

impl KeyType {
    /// Reads the server's, and our, spelling.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        match word {
            "hmac" => Some(Self::Hmac),
            "ed25519" => Some(Self::Ed25519),
            _ => None,
        }
    }
}

impl TransitConfig {
    /// `None` where Transit does not sign.
    ///
    /// # Errors
    /// `Misconfigured`, naming the setting.
    pub(crate) fn read(settings: &Settings) -> Result<Option<Self>> {
        let mount = mount(settings, &MOUNT)?;
        let previous = settings.text(&PREVIOUS_KEYS)?;
        let word = settings.choice(&KEY_TYPE)?;
        let Some(key) = settings.text(&KEY)? else {
            for (key, set) in [(PREVIOUS_KEYS, previous.is_some()), (KEY_TYPE, word.is_some())] {
                if set {
                    return Err(fault(&key, "is set without VAULT_TRANSIT_KEY"));
                }
            }
            return Ok(None);
        };
        let key = transit_key(&KEY, &key)?;
        let previous = previous.as_deref().unwrap_or_default();
        let previous = previous.split(',').map(str::trim).filter(|name| !name.is_empty());
        let previous =
            previous.map(|name| transit_key(&PREVIOUS_KEYS, name)).collect::<Result<Vec<_>>>()?;
        if previous.contains(&key) {
            return Err(fault(&PREVIOUS_KEYS, "names the key that signs; leave it out"));
        }
        Ok(Some(Self { mount, key, previous, key_type: word.and_then(KeyType::from_word) }))
    }
}

fn transit_key(setting: &Key, name: &str) -> Result<SecretName> {
    let name = SecretName::new(name).map_err(|error| error.with_key(setting.name))?;
    check_transit_key(&name).map_err(|error| error.with_key(setting.name))?;
    Ok(name)
}

/// Longest name of a Transit key that is taken here. The vendor documents none.
const MAX_KEY_NAME: usize = 128;

/// The server's own rule for names in a path: letters, digits and `_`, inside also `-` and `.`.
///
/// # Errors
/// `Misconfigured` with the rule.
pub(crate) fn check_transit_key(name: &SecretName) -> Result<()> {
    let text = name.as_str();
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let good = text.len() <= MAX_KEY_NAME
        && text.bytes().all(|byte| word(byte) || b"-.".contains(&byte))
        && text.bytes().next().is_some_and(word)
        && text.bytes().last().is_some_and(word);
    match good {
        true => Ok(()),
        false => Err(Error::new(
            ErrorKind::Misconfigured,
            "a Transit key has a name of at most 128 letters, digits, `_`, and inside also `-` and `.`",
        )),
    }
}
