//! Settings that a provider takes, spoiled one at a time.

#![expect(clippy::panic, reason = "support of tests")]

use strongroom::{ErrorKind, Secrets, Settings};

use crate::{FilesOnly, refused};

/// In place of a value: the setting is not there.
pub const UNSET: &str = "(unset)";

/// Settings with which a provider opens. Whatever is secret in them says `canary`, and nothing else does.
#[derive(Clone, Copy, Debug)]
pub struct Good(pub &'static [(&'static str, &'static str)]);

impl Good {
    /// These, and then those of the test.
    pub fn but(self, more: &[(&str, &str)]) -> Settings {
        let kept = self.0.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
        let kept = kept.chain(more.iter().filter(|(_, value)| *value != UNSET));
        kept.fold(Settings::new(FilesOnly), |settings, (name, value)| settings.with(*name, *value))
    }

    /// With those of the test the provider does not open, and the error names the setting and shows no value.
    ///
    /// # Panics
    /// If it opens, or says something else.
    pub async fn misconfigured(self, more: &[(&str, &str)], setting: &str, words: &str) {
        let opened = Secrets::from_settings(self.but(more)).await;
        let error = refused(opened, ErrorKind::Misconfigured);
        assert_eq!(error.key(), Some(setting), "{more:?}: {error}");
        assert!(error.to_string().contains(words), "{more:?}: {error}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }

    /// With those of the test the provider opens.
    ///
    /// # Panics
    /// If it does not.
    pub async fn accepted(self, more: &[(&str, &str)]) -> Secrets {
        let opened = Secrets::from_settings(self.but(more)).await;
        opened.unwrap_or_else(|error| panic!("{more:?}: {error}"))
    }
}
