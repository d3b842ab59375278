//! Secrets Manager of three sorts: the fake, moto and ministack.

use std::sync::Arc;

use serde_json::Value;
use strongroom::provider::{Opened, open};
use strongroom::{Secrets, Settings, SystemClock};
use strongroom_servers::{AwsServer, Ministack, Moto, Python};
use strongroom_testkit::{FakeAws, ManualClock};
use strongroom_tests::server::clock;
use tokio::sync::{Semaphore, SemaphorePermit};

/// A server of its own for one test.
#[derive(Debug)]
pub(crate) enum Place {
    Fake(FakeAws),
    /// An emulator, that ends with the test.
    Emulator(AwsServer, #[expect(dead_code, reason = "held")] SemaphorePermit<'static>),
}

/// Each emulator is a Python of its own.
static RUNNING: Semaphore = Semaphore::const_new(4);

impl Place {
    pub(crate) async fn fake() -> Self {
        Self::Fake(FakeAws::start().await)
    }

    pub(crate) async fn moto() -> Self {
        Self::emulator(Moto::start).await
    }

    pub(crate) async fn ministack() -> Self {
        Self::emulator(Ministack::start).await
    }

    async fn emulator(start: fn() -> Result<AwsServer, String>) -> Self {
        let permit = RUNNING.acquire().await.expect("never closed");
        let started = tokio::task::spawn_blocking(start).await.expect("no panic");
        Self::Emulator(started.unwrap_or_else(|problem| panic!("{problem}")), permit)
    }

    /// The variables by which boto3 finds this server, as a script of ours reads them.
    pub(crate) fn environment(&self) -> [(&'static str, String); 4] {
        let (address, region, id, secret) = match self {
            Self::Fake(fake) => (fake.address(), FakeAws::REGION, FakeAws::KEY_ID, FakeAws::SECRET),
            Self::Emulator(server, _) => (
                server.address().to_owned(),
                server.region(),
                server.access_key_id(),
                server.secret_access_key(),
            ),
        };
        [
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", address),
            ("AWS_REGION", region.to_owned()),
            ("AWS_ACCESS_KEY_ID", id.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", secret.to_owned()),
        ]
    }

    /// Runs a script with boto3 against this server, and gives what it printed. A fake serves on meanwhile.
    pub(crate) async fn boto3(&self, script: &'static str, arguments: &[&str]) -> String {
        self.boto3_with(script, arguments, &[]).await
    }

    /// The same, with these variables too.
    pub(crate) async fn boto3_with(
        &self,
        script: &'static str,
        arguments: &[&str],
        more: &[(&'static str, &str)],
    ) -> String {
        let mut environment = self.environment().to_vec();
        environment.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
        let run = move || {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let environment: Vec<_> =
                environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
            Python::Boto3.run(script, &arguments, &environment)
        };
        let printed = tokio::task::spawn_blocking(run).await.expect("no panic");
        printed.unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// What selects this server, and then these.
    pub(crate) fn settings(&self, more: &[(&str, &str)]) -> Settings {
        let settings = Settings::from_pairs([("SECRETS_PROVIDER", "aws_sm")]);
        let settings = self
            .environment()
            .into_iter()
            .fold(settings, |settings, (name, value)| settings.with(name, value));
        more.iter().fold(settings, |settings, (name, value)| settings.with(*name, *value))
    }

    /// The provider alone: no retry, no deadline.
    pub(crate) async fn open(&self, more: &[(&str, &str)]) -> Opened {
        open(&self.settings(more), Arc::new(SystemClock)).await.expect("good settings")
    }

    /// The whole product.
    pub(crate) async fn secrets(&self, more: &[(&str, &str)]) -> Secrets {
        Secrets::from_settings(self.settings(more)).await.expect("good settings")
    }

    /// The whole product, on a clock that the test moves.
    pub(crate) async fn secrets_at(&self, clock: &ManualClock, more: &[(&str, &str)]) -> Secrets {
        let builder = Secrets::builder().settings(self.settings(more)).clock(clock.clone());
        builder.build().await.expect("good settings")
    }
}

/// A service on a fake of its own, with secret `a`, on a clock that the test moves.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) fake: FakeAws,
    pub(crate) clock: ManualClock,
    pub(crate) secrets: Secrets,
}

impl Scene {
    pub(crate) async fn with(more: &[(&str, &str)]) -> Self {
        let clock = clock();
        let fake = strongroom_testkit::aws().clock(clock.clone()).start().await;
        fake.put("a", "canary-a");
        let secrets = Place::Fake(fake.clone()).secrets_at(&clock, more).await;
        Self { fake, clock, secrets }
    }

    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// Another service on the same fake.
    pub(crate) async fn another(&self, more: &[(&str, &str)]) -> Secrets {
        Place::Fake(self.fake.clone()).secrets_at(&self.clock, more).await
    }
}

/// Lets somebody else call the fake, for what the provider has no word for.
pub(crate) async fn act(fake: &FakeAws, action: &str, members: &str) -> Value {
    fake.allow_unsigned();
    let client = reqwest::Client::builder().no_proxy().build().expect("a plain client");
    let request = client.post(fake.address()).body(members.to_owned());
    let request = request.header("x-amz-target", format!("secretsmanager.{action}"));
    let answer = request.header("content-type", "application/x-amz-json-1.1").send().await;
    let answer = answer.expect("an answer");
    let (status, text) = (answer.status(), answer.text().await.expect("a whole answer"));
    assert!(status.is_success(), "{action}: {status}: {text}");
    serde_json::from_str(&text).expect("JSON")
}

/// Runs each test on the fake and on both emulators.
#[macro_export]
macro_rules! on_all {
    ($($test:ident),+ $(,)?) => {
        mod fake {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&$crate::place::Place::fake().await).await;
            })+
        }

        mod moto {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&$crate::place::Place::moto().await).await;
            })+
        }

        mod ministack {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&$crate::place::Place::ministack().await).await;
            })+
        }
    };
}
