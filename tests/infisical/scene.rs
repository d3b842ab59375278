//! A service on a fake of its own.

use std::time::Duration;

use strongroom::{Secrets, Settings};
use strongroom_testkit::{FakeInfisical, ManualClock};
use strongroom_tests::server::clock;

pub(crate) const TTL: Duration = Duration::from_secs(60);
/// How long an answer about the secret itself is believed.
pub(crate) const NEGATIVE: Duration = Duration::from_secs(5);

/// A service, with secret `A`, on a clock that the test moves.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) fake: FakeInfisical,
    pub(crate) clock: ManualClock,
    pub(crate) secrets: Secrets,
}

impl Scene {
    pub(crate) async fn with(more: &[(&str, &str)]) -> Self {
        let clock = clock();
        let fake = strongroom_testkit::infisical().clock(clock.clone()).start().await;
        fake.put("/", "A", "canary-a");
        let secrets = secrets(&clock, fake.settings(), more).await;
        Self { fake, clock, secrets }
    }

    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// Another service on the same fake.
    pub(crate) async fn another(&self, more: &[(&str, &str)]) -> Secrets {
        self.from(self.fake.settings(), more).await
    }

    /// Another service on the same fake, with other settings.
    pub(crate) async fn from(&self, settings: Settings, more: &[(&str, &str)]) -> Secrets {
        secrets(&self.clock, settings, more).await
    }

    /// Another service that may do this alone.
    pub(crate) async fn limited(
        &self,
        rights: &[(&str, &str, &[&str])],
        more: &[(&str, &str)],
    ) -> Secrets {
        self.fake.add_identity("canary-limited", "canary-limited-secret", rights);
        let limited = [
            ("INFISICAL_CLIENT_ID", "canary-limited"),
            ("INFISICAL_CLIENT_SECRET", "canary-limited-secret"),
        ];
        self.another(&[&limited, more].concat()).await
    }
}

/// Without retries, which wait by the real clock for as long as a login that failed says.
async fn secrets(clock: &ManualClock, settings: Settings, more: &[(&str, &str)]) -> Secrets {
    let settings = with(settings, more);
    let builder = Secrets::builder().settings(settings).clock(clock.clone()).attempts(1);
    builder.build().await.expect("good settings")
}

pub(crate) fn with(settings: Settings, more: &[(&str, &str)]) -> Settings {
    more.iter().fold(settings, |settings, (name, value)| settings.with(*name, *value))
}
