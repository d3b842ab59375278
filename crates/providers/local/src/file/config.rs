//! The settings of the provider, and how it is opened.

use std::path::PathBuf;
use std::sync::Arc;

use strongroom_core::{Key, Open, Opened, Provider, Result, Settings};

use super::FileStore;
use crate::SIGNING_SECRET_NAME;

const DIR: Key = Key::path(
    "SECRETS_DIR",
    "a flat folder of files, or one with `releases/` and `current`; an empty one becomes the latter at the first `put`",
)
.required();

const STRICT: Key = Key::boolean(
    "SECRETS_FILE_STRICT",
    "files over 0640, folders over 0750, foreign owners and ACLs are errors instead of warnings",
)
.with_default("false");

const EXACT: Key = Key::boolean(
    "SECRETS_FILE_EXACT",
    "a trailing newline is part of the value, and `put` adds none",
)
.with_default("false");

/// The provider `file`, selected by `SECRETS_PROVIDER=file`.
pub const FILE: Provider =
    Provider::new(&["file"], &[DIR, STRICT, EXACT, SIGNING_SECRET_NAME], |open| {
        Box::pin(async move { open_file(open).await })
    });

async fn open_file(open: Open<'_>) -> Result<Opened> {
    let config = Config::read(open.settings)?;
    let store = Arc::new(FileStore::open_config(config, open.clock.clone()).await?);
    let warnings = store.inspect().await?;
    let mut opened = Opened::new(store.clone());
    opened.warnings = warnings;
    opened.examine = Some(store);
    Ok(opened)
}

/// What the settings say.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) root: PathBuf,
    pub(super) strict: bool,
    pub(super) exact: bool,
}

impl Config {
    fn read(settings: &Settings) -> Result<Self> {
        Ok(Self {
            root: settings.path(&DIR)?.ok_or_else(|| Settings::missing(&DIR))?,
            strict: settings.boolean(&STRICT)?.unwrap_or(false),
            exact: settings.boolean(&EXACT)?.unwrap_or(false),
        })
    }

    pub(super) const DIR: &str = DIR.name;
}
