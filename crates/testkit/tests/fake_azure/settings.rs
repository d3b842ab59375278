//! What a program is told, and the files that are on no disk.

use strongroom_core::{ErrorKind, Key, Settings};
use strongroom_testkit::{Certificate, FakeAzure};

use crate::client::connect;

const CA: Key = Key::path("AZURE_KV_CA_BUNDLE_PATH", "the authority");
const TOKEN: Key = Key::path("AZURE_FEDERATED_TOKEN_FILE", "the assertion");

fn text(settings: &Settings, name: &'static str) -> Option<String> {
    settings.text(&Key::text(name, "a setting")).expect("a text")
}

fn file(settings: &Settings, key: &Key) -> Option<String> {
    let bytes = settings.trusted_file(key, 65_536).expect("a file");
    bytes.map(|bytes| String::from_utf8(bytes).expect("text"))
}

#[tokio::test]
async fn each_kind_of_settings_has_what_it_needs_and_no_other_credential() {
    let azure = FakeAzure::start().await;
    let (secret, method) = ("AZURE_CLIENT_SECRET", "AZURE_AUTH_METHOD");
    let (client, token) = ("AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE");
    let identity = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
    for (settings, set, unset) in [
        (azure.settings(), secret, &[method, identity, token][..]),
        (azure.managed_identity_variables().settings(), identity, &[secret, token, client]),
        (azure.workload_identity_variables().settings(), token, &[secret, method, identity]),
    ] {
        assert!(text(&settings, set).is_some(), "{set}");
        for name in unset {
            assert_eq!(text(&settings, name), None, "{name}");
        }
        assert_eq!(text(&settings, "SECRETS_PROVIDER").as_deref(), Some("azure_kv"));
        for name in ["AZURE_KEY_VAULT_URL", "AZURE_AUTHORITY_HOST"] {
            assert_eq!(text(&settings, name), Some(azure.address()), "{name}");
        }
        assert_eq!(file(&settings, &CA).as_deref(), Some(azure.ca_pem()));
        assert!(!format!("{settings:?}{azure:?}").contains(FakeAzure::CLIENT_SECRET));
    }
}

#[tokio::test]
async fn case_49_the_file_of_a_workload_changes_under_its_reader() {
    let azure = FakeAzure::start().await;
    let settings = azure.workload_identity_variables().settings();
    let read = || file(&settings, &TOKEN);
    assert_eq!(read().as_deref(), Some("canary-assertion"));
    azure.set_assertion("canary-assertion-2");
    assert_eq!(read().as_deref(), Some("canary-assertion-2"));
    azure.set_token_file("canary-other");
    assert_eq!(read().as_deref(), Some("canary-other"));
}

#[tokio::test]
async fn no_other_file_is_there_and_none_is_longer_than_asked_for() {
    let azure = FakeAzure::start().await;
    let settings = azure.settings();
    let kind = |settings: &Settings, bytes| settings.trusted_file(&CA, bytes).unwrap_err().kind();
    assert_eq!(kind(&settings, 10), ErrorKind::Misconfigured);
    let elsewhere = settings.with("AZURE_KV_CA_BUNDLE_PATH", "/fake-azure/other.pem");
    assert_eq!(kind(&elsewhere, 65_536), ErrorKind::Misconfigured);
}

#[tokio::test]
async fn case_70_a_certificate_of_nobody_known_is_refused_before_any_request() {
    let azure = strongroom_testkit::azure().certificate(Certificate::SelfSigned).start().await;
    assert!(connect(&azure).await.is_err());
    assert_eq!((azure.connections(), azure.calls().len()), (1, 0));
}
