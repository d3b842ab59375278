//! The keys of a Transit mount, and what is done to them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::vault::ask::Operation;
use crate::vault::fields::Fields;
use crate::vault::reply::{Outcome, Reply};
use crate::vault::transit::key::{Key, Kind};
use crate::vault::transit::proof;

/// The keys of one mount.
#[derive(Default)]
pub(in crate::vault) struct Transit {
    keys: BTreeMap<String, Key>,
    /// How many keys were deleted: one that is made again is another one.
    deleted: usize,
}

impl Transit {
    pub(in crate::vault) fn answer(
        &mut self,
        operation: Operation,
        rest: &str,
        fields: &mut Fields,
        now: Timestamp,
    ) -> Outcome {
        let mut words = rest.splitn(3, '/');
        let (verb, name, more) = (words.next().unwrap_or_default(), words.next(), words.next());
        let (verb, name) = match (verb, name) {
            ("keys", None | Some("")) if operation == Operation::List => {
                return Reply::keys(self.keys.keys().cloned().collect());
            }
            ("keys", None | Some("")) => return Err(Reply::unsupported_operation()),
            ("keys" | "sign" | "hmac" | "verify", Some(name)) if is_name(name) => (verb, name),
            _ => return Err(Reply::unsupported_path()),
        };
        match (verb, more, operation) {
            (_, Some(""), _) => Err(Reply::unsupported_path()),
            ("keys", None, Operation::Read) => {
                Ok(self.keys.get(name).ok_or_else(Reply::not_found)?.describe(name))
            }
            ("keys", None, Operation::Write) => self.create(name, fields, now),
            ("keys", None, Operation::Delete) => self.delete(name),
            ("keys", Some("rotate"), Operation::Write) => {
                let key =
                    self.keys.get_mut(name).ok_or_else(|| Reply::error(400, "key not found"))?;
                key.rotate(now);
                Ok(key.describe(name))
            }
            ("keys", Some("config"), Operation::Write) => self.configure(name, fields),
            ("keys", None | Some("rotate" | "config"), _) => Err(Reply::unsupported_operation()),
            ("keys", Some(_), _) => Err(Reply::unsupported_path()),
            (_, _, operation) if operation != Operation::Write => {
                Err(Reply::unsupported_operation())
            }
            ("sign", algorithm, _) => proof::sign(self.keys.get(name), algorithm, fields),
            ("hmac", algorithm, _) => proof::hmac(self.keys.get(name), algorithm, fields),
            (_, algorithm, _) => proof::verify(self.keys.get(name), algorithm, fields),
        }
    }

    fn create(&mut self, name: &str, fields: &mut Fields, now: Timestamp) -> Outcome {
        let kind = fields.text("type")?.unwrap_or_else(|| Kind::Aes.name().to_owned());
        let size = fields.int("key_size")?.unwrap_or_default();
        let exportable = fields.boolean("exportable")?.unwrap_or_default();
        let backup = fields.boolean("allow_plaintext_backup")?.unwrap_or_default();
        fields.discard(&["auto_rotate_period", "context", "convergent_encryption", "derived"]);
        let unknown = || Reply::error(400, format!("unknown key type {kind}"));
        let kind = Kind::of(&kind).ok_or_else(unknown)?;
        match kind {
            _ if size == 0 => {}
            Kind::Hmac if (32..=512).contains(&size) => {}
            Kind::Hmac => return Err(Reply::error(400, format!("invalid key_size {size}"))),
            _ => {
                let text = format!("key_size is not valid for algorithm {}", kind.name());
                return Err(Reply::error(400, text));
            }
        }
        if !self.keys.contains_key(name) {
            if kind == Kind::Hmac && size == 0 {
                let text = "invalid key size for HMAC key, must be between 32 and 512 bytes";
                return Err(Reply::listed(500, text));
            }
            let seed = format!("{name}/{}", self.deleted);
            let mut key = Key::new(kind, size, seed, now);
            (key.exportable, key.backup) = (exportable, backup);
            self.keys.insert(name.to_owned(), key);
        }
        self.keys.get(name).map(|key| key.describe(name)).ok_or_else(Reply::not_found)
    }

    fn delete(&mut self, name: &str) -> Outcome {
        let reason = match self.keys.get(name) {
            None => "could not delete key; not found",
            Some(key) if !key.deletion_allowed => "deletion is not allowed for this key",
            Some(_) => {
                self.keys.remove(name);
                self.deleted += 1;
                return Ok(Reply::empty(204));
            }
        };
        Err(Reply::error(400, format!("error deleting policy {name}: {reason}")))
    }

    fn configure(&mut self, name: &str, fields: &mut Fields) -> Outcome {
        let min_decryption = fields.int("min_decryption_version")?;
        let min_encryption = fields.int("min_encryption_version")?;
        let deletion_allowed = fields.boolean("deletion_allowed")?;
        fields.discard(&["allow_plaintext_backup", "auto_rotate_period", "exportable"]);
        let missing = || Reply::error(400, format!("no existing key named {name} could be found"));
        let key = self.keys.get_mut(name).ok_or_else(missing)?;
        let latest = key.latest();
        for (what, asked) in [("decryption", min_decryption), ("encryption", min_encryption)] {
            let text = match asked {
                Some(..0) => format!("min {what} version cannot be negative"),
                Some(asked) if asked > latest => {
                    format!(
                        "cannot set min {what} version of {asked}, latest key version is {latest}"
                    )
                }
                _ => continue,
            };
            return Err(Reply::error(400, text));
        }
        let decryption = min_decryption.unwrap_or(key.min_decryption).max(1);
        let encryption = min_encryption.unwrap_or(key.min_encryption);
        if encryption > 0 && encryption < decryption {
            let text = format!(
                "cannot set min encryption/decryption values; min encryption version of {encryption} \
                 must be greater than or equal to min decryption version of {decryption}"
            );
            return Err(Reply::error(400, text));
        }
        (key.min_decryption, key.min_encryption) = (decryption, encryption);
        key.deletion_allowed = deletion_allowed.unwrap_or(key.deletion_allowed);
        let reply = key.describe(name);
        match min_decryption {
            Some(0) => Ok(reply.warn(
                "since Vault 0.3 (prior to the OpenBao fork), transit key numbering starts at 1; \
                 forcing minimum to 1",
            )),
            _ => Ok(reply),
        }
    }
}

/// Letters, digits and underscores, with dots and dashes inside.
fn is_name(name: &str) -> bool {
    let word = |found: char| found.is_ascii_alphanumeric() || found == '_';
    name.starts_with(word)
        && name.ends_with(word)
        && name.chars().all(|found| word(found) || found == '.' || found == '-')
}
