//! What a program is told, and the file that is on no disk.

use strongroom_core::{ErrorKind, Key, Settings};
use strongroom_testkit::FakeInfisical;

const CA: Key = Key::path("INFISICAL_CA_BUNDLE_PATH", "the authority");

fn text(settings: &Settings, name: &'static str) -> Option<String> {
    settings.text(&Key::text(name, "a setting")).expect("a text")
}

#[tokio::test]
async fn each_kind_of_settings_has_what_it_needs_and_no_other_credential() {
    let infisical = FakeInfisical::start().await;
    let (secret, token) = ("INFISICAL_CLIENT_SECRET", "INFISICAL_TOKEN");
    let (service, plain) = ("INFISICAL_SERVICE_TOKEN", infisical.address());
    for (settings, provider, base, set, unset) in [
        (
            infisical.settings(),
            "infisical_self_host",
            Some(plain.clone()),
            secret,
            [token, service],
        ),
        (
            infisical.token_variables("canary-token").settings(),
            "infisical_self_host",
            Some(plain.clone()),
            token,
            [secret, service],
        ),
        (
            infisical.service_token_variables("st.canary.x").settings(),
            "infisical_self_host",
            Some(plain),
            service,
            [secret, token],
        ),
        (
            infisical.tls_variables().settings(),
            "infisical_self_host",
            Some(infisical.tls_address()),
            secret,
            [token, service],
        ),
        (infisical.cloud_variables().settings(), "infisical_cloud", None, secret, [token, service]),
    ] {
        assert_eq!(text(&settings, "SECRETS_PROVIDER").as_deref(), Some(provider));
        assert_eq!(text(&settings, "INFISICAL_BASE_URL"), base);
        assert_eq!(
            text(&settings, "INFISICAL_PROJECT_ID").as_deref(),
            Some(FakeInfisical::PROJECT_ID)
        );
        assert_eq!(text(&settings, "INFISICAL_ENVIRONMENT").as_deref(), Some("prod"));
        assert!(text(&settings, set).is_some(), "{set}");
        for name in unset {
            assert_eq!(text(&settings, name), None, "{name}");
        }
        assert!(!format!("{settings:?}{infisical:?}").contains(FakeInfisical::CLIENT_SECRET));
    }
}

#[tokio::test]
async fn the_authority_is_in_a_file_of_the_settings() {
    let infisical = FakeInfisical::start().await;
    for settings in [infisical.tls_variables().settings(), infisical.cloud_variables().settings()] {
        let bytes = settings.trusted_file(&CA, 65_536).expect("a file").expect("it is named");
        assert_eq!(bytes, infisical.ca_pem().as_bytes());
        let error = settings.trusted_file(&CA, 10).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        let elsewhere = settings.with("INFISICAL_CA_BUNDLE_PATH", "/fake-infisical/other.pem");
        assert!(elsewhere.trusted_file(&CA, 65_536).is_err());
    }
    let cloud = infisical.cloud_variables().settings();
    assert_eq!(text(&cloud, "SECRETS_PROXY"), Some(infisical.proxy_address()));
}
