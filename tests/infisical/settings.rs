//! Settings of the provider: every mistake is said before anything is sent.

use strongroom_tests::spoiled::{Good, UNSET};

const GOOD: Good = Good(&[
    ("SECRETS_PROVIDER", "infisical_cloud"),
    ("INFISICAL_CLIENT_ID", "canary-id"),
    ("INFISICAL_CLIENT_SECRET", "canary-secret"),
    ("INFISICAL_PROJECT_ID", "11111111-1111-1111-1111-111111111111"),
    ("INFISICAL_ENVIRONMENT", "prod"),
]);

const HOSTED: (&str, &str) = ("SECRETS_PROVIDER", "infisical_self_host");

#[tokio::test]
async fn case_40_the_cloud_has_a_url_of_its_own_and_a_server_of_ones_own_needs_one() {
    let secrets = GOOD.accepted(&[]).await;
    assert_eq!(secrets.provider(), "infisical_cloud");
    assert!(secrets.warnings().is_empty(), "{:?}", secrets.warnings());
    let url = "INFISICAL_BASE_URL";
    GOOD.accepted(&[(url, "https://eu.infisical.com")]).await;
    GOOD.misconfigured(&[HOSTED], url, "is not set").await;
    GOOD.accepted(&[HOSTED, (url, "https://secrets.example.com/infisical")]).await;
    GOOD.accepted(&[HOSTED, (url, "http://127.0.0.1:8080")]).await;
    for (address, words) in [
        ("http://secrets.example.com", "plain http"),
        ("https://secrets.example.com/api", "must not end in `/api`"),
        ("https://169.254.169.254", "link-local"),
        ("https://x:canary@secrets.example.com", "user name"),
        ("", "set and empty"),
    ] {
        GOOD.misconfigured(&[HOSTED, (url, address)], url, words).await;
    }
    GOOD.misconfigured(&[(url, "http://127.0.0.1:8080")], url, "must be https").await;
}

#[tokio::test]
async fn b019_paths_and_slugs_are_refused_with_the_rule() {
    for (path, rule) in [
        ("backend", "begins with `/`"),
        ("/a//b", "no `//`"),
        ("/a/", "at its end"),
        ("/a b", "letters"),
    ] {
        GOOD.misconfigured(&[("INFISICAL_SECRET_PATH", path)], "INFISICAL_SECRET_PATH", rule).await;
    }
    for setting in ["INFISICAL_PROJECT_ID", "INFISICAL_ENVIRONMENT"] {
        GOOD.misconfigured(&[(setting, UNSET)], setting, "is not set").await;
        for bad in ["a b", "a/b", "a&b=c", "\u{e9}"] {
            GOOD.misconfigured(&[(setting, bad)], setting, "letters, digits").await;
        }
    }
    let name = "INFISICAL_SIGNING_SECRET_NAME";
    GOOD.misconfigured(&[(name, "a:b")], name, "`:`").await;
    GOOD.accepted(&[(name, "keys/SIGNING"), ("INFISICAL_SECRET_PATH", "/app")]).await;
}

#[tokio::test]
async fn b038_case_71_a_bundle_that_cannot_be_used_is_said_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let key = "-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----\n";
    for (path, words) in [
        (folder.path().to_str().unwrap().to_owned(), "regular file"),
        (folder.path().join("missing").to_str().unwrap().to_owned(), "does not exist"),
        (write("empty", ""), "PEM"),
        (write("garbage", "canary"), "PEM"),
        (write("key", key), "private key"),
    ] {
        let setting = "INFISICAL_CA_BUNDLE_PATH";
        GOOD.misconfigured(&[(setting, &path)], setting, words).await;
    }
}

#[tokio::test]
async fn there_is_exactly_one_credential_and_the_deprecated_one_is_a_warning() {
    let none = [("INFISICAL_CLIENT_ID", UNSET), ("INFISICAL_CLIENT_SECRET", UNSET)];
    GOOD.misconfigured(&none, "INFISICAL_CLIENT_ID", "is not set").await;
    GOOD.misconfigured(&none[1..], "INFISICAL_CLIENT_SECRET", "is not set").await;
    let token = ("INFISICAL_TOKEN", "canary-token");
    GOOD.misconfigured(&[token], "INFISICAL_TOKEN", "set one of them").await;
    let service = ("INFISICAL_SERVICE_TOKEN", "st.canary.token");
    let secrets = GOOD.accepted(&[none[0], none[1], service]).await;
    let [warning] = secrets.warnings() else { panic!("{:?}", secrets.warnings()) };
    assert!(warning.contains("deprecated"), "{warning}");
}

#[tokio::test]
async fn the_ttl_of_the_provider_wins() {
    let (common, grace) =
        (("SECRETS_CACHE_TTL_SECONDS", "600"), ("SECRETS_PREVIOUS_KEY_GRACE_SECONDS", "2"));
    GOOD.misconfigured(&[common, grace], grace.0, "from 1800 ").await;
    let own = ("INFISICAL_CACHE_TTL_SECONDS", "100");
    GOOD.misconfigured(&[common, own, grace], grace.0, "from 800 ").await;
}
