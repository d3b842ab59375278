//! What every command needs: the settings, and where to write.

use strongroom::{ProcessEnvironment, Result, Secrets, Settings};

use crate::args::Global;
use crate::output::Output;

/// One run of the command.
#[derive(Debug)]
pub(crate) struct Session {
    /// Those of the environment, with the global options over them.
    pub(crate) settings: Settings,
    /// Where data and words go.
    pub(crate) output: Output,
}

impl Session {
    pub(crate) fn new(global: &Global) -> Self {
        let mut settings = Settings::new(ProcessEnvironment);
        if let Some(id) = &global.provider {
            settings = settings.with("SECRETS_PROVIDER", id);
        }
        if let Some(seconds) = &global.timeout {
            settings = settings.with("SECRETS_TIMEOUT_SECONDS", seconds);
        }
        Self { settings, output: Output::new(global.json) }
    }

    /// Opens the provider. No network yet.
    pub(crate) async fn secrets(&self) -> Result<Secrets> {
        Secrets::from_settings(self.settings.clone()).await
    }

    /// The id that selects a provider, if it is one: for telling of a provider that cannot be opened.
    pub(crate) fn selected(&self) -> Option<&'static str> {
        let listed = strongroom::providers();
        let mut keys = listed.iter().filter_map(|one| one.keys.as_ref()).flatten();
        let key = keys.find(|key| key.name == "SECRETS_PROVIDER")?;
        let selected = self.settings.text(key).ok()??;
        listed.iter().map(|one| one.id).find(|id| *id == selected)
    }
}
