//! What a release holds, written last: a release whose manifest does not match is not read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rustix::fs::FileType;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use strongroom_core::{Error, ErrorKind, Reason, Result, SecretName, SecretValue, escaped};

use super::dir::Dir;
use super::disk_error::failed;
use super::paths::MAX_DEPTH;
use super::policy::Policy;

/// The file in a release. Secrets never begin with a dot.
pub(super) const FILE: &str = ".manifest.json";
/// Largest manifest that is read, in bytes: room for some 8,000 secrets.
const MAX_BYTES: usize = 1 << 20;
/// A secret's file: the value, and a newline that is not part of it.
pub(super) const MAX_FILE_BYTES: usize = SecretValue::MAX_BYTES + 2;
/// How many names an error lists.
const NAMED: usize = 5;

/// The manifest of one release.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    format: u8,
    /// What wrote it.
    tool: String,
    /// The release that this one was made from.
    pub(super) base: Option<String>,
    /// Hashed before each file, so that equal secrets of two releases do not show, and guesses at a
    /// short one cannot be looked up in a table.
    salt: String,
    files: BTreeMap<String, Entry>,
}

#[derive(Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    bytes: u64,
    sha256: String,
}

impl Manifest {
    /// A manifest without files, salted with these bytes.
    pub(super) fn new(base: Option<String>, salt: &[u8; 32]) -> Self {
        Self {
            format: 1,
            tool: concat!("strongroom ", env!("CARGO_PKG_VERSION")).to_owned(),
            base,
            salt: base16ct::lower::encode_string(salt),
            files: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, name: &SecretName, file: &[u8]) {
        let entry = self.entry(file);
        self.files.insert(name.to_string(), entry);
    }

    pub(super) fn render(&self) -> Result<Vec<u8>> {
        let json = serde_json::to_vec_pretty(self);
        json.map_err(|_| Error::new(ErrorKind::Internal, "the manifest cannot be written as JSON"))
    }

    /// Reads the manifest of a release; `None` for one that was made by hand.
    pub(super) fn read(release: &Dir, policy: &Policy) -> Result<Option<Self>> {
        let bytes = match release.read(FILE, policy, MAX_BYTES) {
            Ok((bytes, _)) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let manifest: Self = serde_json::from_slice(&bytes).map_err(|error| {
            mismatch(format!("its manifest is not one of ours (line {})", error.line()))
        })?;
        match manifest.format {
            1 => Ok(Some(manifest)),
            other => {
                Err(mismatch(format!("its manifest has format {other}; this version reads 1")))
            }
        }
    }

    /// Compares every file of a release with the manifest.
    pub(super) fn check_all(&self, release: &Dir, policy: &Policy) -> Result<()> {
        let contents = contents(release)?;
        let mut found: BTreeSet<String> = contents.names.iter().map(ToString::to_string).collect();
        found.extend(contents.odd);
        let listed: BTreeSet<String> = self.files.keys().cloned().collect();
        let named = |what: &str, names: Vec<&String>| {
            // A manifest may have been changed by anyone: its names are foreign text.
            let shown: Vec<_> = names.iter().take(NAMED).map(|name| escaped(name)).collect();
            mismatch(format!("{} file(s) {what}: {}", names.len(), shown.join(", ")))
        };
        let missing: Vec<_> = listed.difference(&found).collect();
        if !missing.is_empty() {
            return Err(named("of its manifest are missing", missing));
        }
        let extra: Vec<_> = found.difference(&listed).collect();
        if !extra.is_empty() {
            return Err(named("are not in its manifest", extra));
        }
        let mut different = Vec::new();
        for name in self.files.keys() {
            let file = read_nested(release, name, policy)?;
            if !self.matches(name, &file) {
                different.push(name);
            }
        }
        match different.is_empty() {
            true => Ok(()),
            false => Err(named("do not match its manifest", different)),
        }
    }

    /// Compares one file with the manifest.
    pub(super) fn check(&self, name: &SecretName, file: &[u8]) -> Result<()> {
        match self.matches(name.as_str(), file) {
            true => Ok(()),
            false => Err(mismatch(format!("`{name}` does not match its manifest"))),
        }
    }

    pub(super) fn lists(&self, name: &SecretName) -> bool {
        self.files.contains_key(name.as_str())
    }

    fn matches(&self, name: &str, file: &[u8]) -> bool {
        self.files.get(name).is_some_and(|entry| *entry == self.entry(file))
    }

    fn entry(&self, file: &[u8]) -> Entry {
        let digest = Sha256::new().chain_update(&self.salt).chain_update(file).finalize();
        Entry { bytes: file.len() as u64, sha256: base16ct::lower::encode_string(&digest) }
    }
}

/// Without salt and hashes: who has both can check guesses at a short secret.
impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = self.files.len();
        f.debug_struct("Manifest").field("files", &files).finish_non_exhaustive()
    }
}

/// What is in a folder, entries with a leading dot aside.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// The secrets, sorted.
    pub(super) names: Vec<SecretName>,
    /// Files whose names are no names of secrets: an editor's leftovers.
    pub(super) odd: Vec<String>,
}

/// The names of all secrets below a folder.
pub(super) fn names_in(dir: &Dir) -> Result<Vec<SecretName>> {
    contents(dir).map(|contents| contents.names)
}

/// Everything below a folder.
pub(super) fn contents(dir: &Dir) -> Result<Contents> {
    let mut contents = Contents::default();
    collect(dir, "", 0, &mut contents)?;
    contents.names.sort();
    Ok(contents)
}

fn collect(dir: &Dir, above: &str, depth: usize, contents: &mut Contents) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(super::misconfigured(format!("folders nest deeper than {MAX_DEPTH}")));
    }
    for (entry, kind) in dir.entries()? {
        if entry.starts_with('.') || (depth == 0 && entry == super::LOST_AND_FOUND) {
            continue;
        }
        let path = format!("{above}{entry}");
        match (kind, SecretName::new(&path)) {
            (FileType::Directory, _) => {
                let below = dir.open_dir(&entry).map_err(failed("listing"))?;
                collect(&below, &format!("{path}/"), depth + 1, contents)?;
            }
            // Anything else has a name too: reading it says what is wrong with it.
            (_, Ok(name)) => contents.names.push(name),
            (_, Err(_)) => contents.odd.push(path),
        }
    }
    Ok(())
}

fn read_nested(release: &Dir, name: &str, policy: &Policy) -> Result<zeroize::Zeroizing<Vec<u8>>> {
    let name = SecretName::new(name)?;
    super::snapshot::read_file(release, &name, policy, true).map(|(file, _)| file)
}

pub(super) fn mismatch(message: String) -> Error {
    let message = format!("the release cannot be read: {message}");
    Error::new(ErrorKind::Malformed, message).with_reason(Reason::Manifest)
}
