//! AWS's own caching client, on answers made in this process.

use std::num::NonZeroUsize;
use std::time::Duration;

use aws_sdk_secretsmanager::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_secretsmanager::{Client, Config};
use aws_secretsmanager_caching::SecretsManagerCachingClient;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use super::{SECRETS, at_once, names, value};

/// `aws_secretsmanager_caching`, warm.
pub(crate) struct AwsCaching(SecretsManagerCachingClient);

impl AwsCaching {
    /// With all secrets read.
    pub(crate) async fn open() -> Self {
        let answers = http_client_fn(|_, _| SharedHttpConnector::new(Answers));
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(Credentials::new("canary", "canary", None, None, "bench"))
            .http_client(answers)
            .build();
        let size = NonZeroUsize::new(1000).expect("not zero");
        let ttl = Duration::from_secs(3600);
        let client = SecretsManagerCachingClient::new(Client::from_conf(config), size, ttl, true);
        let client = client.expect("a good configuration");
        for name in names() {
            client.get_secret_value(&name, None, None, false).await.expect("an answer");
        }
        Self(client)
    }

    /// A hit.
    pub(crate) fn get(&self, name: &str) -> impl Sized {
        at_once(self.0.get_secret_value(name, None, None, false)).expect("all are there")
    }
}

/// Answers `GetSecretValue` with the value of the secret that is asked for.
#[derive(Debug)]
struct Answers;

impl HttpConnector for Answers {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let asked: Value =
            serde_json::from_slice(request.body().bytes().expect("it is in memory")).expect("JSON");
        let name = asked["SecretId"].as_str().expect("the name of a secret");
        let index = names().iter().position(|other| other == name).expect("one of ours");
        assert!(index < SECRETS);
        let answer = json!({
            "ARN": format!("arn:aws:secretsmanager:eu-central-1:000000000000:secret:{name}"),
            "Name": name,
            "VersionId": format!("00000000-0000-0000-0000-{index:012}"),
            "SecretString": value(index),
            "VersionStages": ["AWSCURRENT"],
            "CreatedDate": 1_800_000_000,
        });
        let status = StatusCode::try_from(200).expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(answer.to_string()))))
    }
}
