//! Settings of the provider: every mistake is said before anything is sent.

use strongroom::Secrets;
use strongroom_tests::spoiled::{Good, UNSET};

const GOOD: Good = Good(&[
    ("SECRETS_PROVIDER", "azure_kv"),
    ("AZURE_KEY_VAULT_URL", "https://contoso.vault.azure.net"),
    ("AZURE_TENANT_ID", "11111111-1111-1111-1111-111111111111"),
    ("AZURE_CLIENT_ID", "22222222-2222-2222-2222-222222222222"),
    ("AZURE_CLIENT_SECRET", "canary-secret"),
]);

const URL: &str = "AZURE_KEY_VAULT_URL";
const ACKNOWLEDGED: (&str, &str) = ("AZURE_KV_VERIFY_CHALLENGE_RESOURCE", "false");

#[tokio::test]
async fn the_provider_opens_with_settings_alone() {
    let secrets = GOOD.accepted(&[]).await;
    assert_eq!(secrets.provider(), "azure_kv");
    assert!(secrets.warnings().is_empty(), "{:?}", secrets.warnings());
    GOOD.misconfigured(&[(URL, UNSET)], URL, "is not set").await;
}

#[tokio::test]
async fn b047_a_vault_has_a_suffix_of_key_vault_or_is_acknowledged() {
    for url in [
        "https://contoso.vault.azure.net",
        "https://contoso.vault.azure.net/",
        "https://contoso.vault.azure.net:443",
        "https://CANARY.vault.azure.cn",
        "https://contoso.vault.usgovcloudapi.net",
    ] {
        GOOD.accepted(&[(URL, url)]).await;
    }
    for url in [
        "https://vault.azure.net",
        "https://contoso.vault.azure.net.example",
        "https://contoso.privatelink.vaultcore.azure.net",
        "https://vault.internal.example",
    ] {
        GOOD.misconfigured(&[(URL, url)], URL, "AZURE_KV_VERIFY_CHALLENGE_RESOURCE=false").await;
        let secrets = GOOD.accepted(&[(URL, url), ACKNOWLEDGED]).await;
        let [warning] = secrets.warnings() else { panic!("{:?}", secrets.warnings()) };
        assert!(warning.contains("AZURE_KV_VERIFY_CHALLENGE_RESOURCE"), "{warning}");
    }
    let hsm = "https://contoso.managedhsm.azure.net";
    GOOD.misconfigured(&[(URL, hsm)], URL, "managed HSM").await;
    GOOD.misconfigured(&[(URL, hsm), ACKNOWLEDGED], URL, "managed HSM").await;
}

#[tokio::test]
async fn b048_b049_addresses_are_what_they_are_and_https() {
    for (url, words) in [
        ("http://contoso.vault.azure.net", "plain http"),
        ("http://127.0.0.1:8443", "must be https"),
        ("https://169.254.169.254", "link-local"),
        ("https://[fe80::1]", "link-local"),
        ("https://[::ffff:169.254.169.254]", "link-local"),
        ("https://contoso.vault.azure.net/secrets", "no path"),
        ("https://contoso.vault.azure.net?x=1", "query"),
        ("https://canary:canary-secret@contoso.vault.azure.net", "user name"),
        ("contoso.vault.azure.net", "https://"),
        ("", "set and empty"),
    ] {
        GOOD.misconfigured(&[(URL, url), ACKNOWLEDGED], URL, words).await;
        if !url.contains("contoso.vault") && !url.is_empty() {
            let authority = "AZURE_AUTHORITY_HOST";
            GOOD.misconfigured(&[(authority, url)], authority, words).await;
        }
    }
    for url in ["https://0x7f000001", "https://2130706433", "https://0xa9fea9fe"] {
        let opened = Secrets::from_settings(GOOD.but(&[(URL, url), ACKNOWLEDGED])).await;
        match opened {
            // Taken for the address that it is.
            Ok(_) => assert!(url.contains("7f") || url.contains("2130706433"), "{url}"),
            Err(error) => assert_eq!(error.key(), Some(URL), "{error}"),
        }
    }
}

#[tokio::test]
async fn case_40_b035_what_is_missing_of_a_credential_is_named() {
    let secret = ("AZURE_CLIENT_SECRET", UNSET);
    GOOD.misconfigured(&[("AZURE_TENANT_ID", UNSET)], "AZURE_TENANT_ID", "is not set").await;
    GOOD.misconfigured(&[("AZURE_CLIENT_ID", UNSET)], "AZURE_CLIENT_ID", "is not set").await;
    GOOD.misconfigured(&[secret], "AZURE_AUTH_METHOD", "AZURE_CLIENT_SECRET").await;
    let method = |word| ("AZURE_AUTH_METHOD", word);
    let word = "client_secret";
    GOOD.misconfigured(&[secret, method(word)], "AZURE_CLIENT_SECRET", "is not set").await;
    let file = "AZURE_FEDERATED_TOKEN_FILE";
    GOOD.misconfigured(&[secret, method("workload_identity")], file, "is not set").await;
    GOOD.misconfigured(&[method("default")], "AZURE_AUTH_METHOD", "managed_identity").await;
    GOOD.misconfigured(&[secret, (file, "/nonexistent/token")], file, "does not exist").await;
    GOOD.accepted(&[secret, method("managed_identity")]).await;
    GOOD.accepted(&[secret, method("azure_cli")]).await;
}

#[tokio::test]
async fn two_credentials_are_an_error_unless_the_method_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "canary-assertion").unwrap();
    let file = ("AZURE_FEDERATED_TOKEN_FILE", file.to_str().unwrap());
    GOOD.misconfigured(&[file], "AZURE_AUTH_METHOD", "both").await;
    let secrets = GOOD.accepted(&[file, ("AZURE_AUTH_METHOD", "workload_identity")]).await;
    let [warning] = secrets.warnings() else { panic!("{:?}", secrets.warnings()) };
    assert!(warning.contains("AZURE_CLIENT_SECRET is not read"), "{warning}");
}

#[tokio::test]
async fn the_ttl_of_the_provider_wins() {
    let (common, grace) =
        (("SECRETS_CACHE_TTL_SECONDS", "600"), ("SECRETS_PREVIOUS_KEY_GRACE_SECONDS", "2"));
    GOOD.misconfigured(&[common, grace], grace.0, "from 1800 ").await;
    let own = ("AZURE_KV_CACHE_TTL_SECONDS", "100");
    GOOD.misconfigured(&[common, own, grace], grace.0, "from 800 ").await;
    for value in ["0", "3601", "1m"] {
        GOOD.misconfigured(&[(own.0, value)], own.0, "from 1 to 3600").await;
    }
}

#[tokio::test]
async fn b012_the_name_of_the_signing_key_is_checked_at_the_start() {
    let name = "AZURE_KV_SIGNING_SECRET_NAME";
    GOOD.misconfigured(&[(name, "my_key")], name, "0-9, A-Z, a-z").await;
    GOOD.misconfigured(&[(name, "a//b")], name, "").await;
    GOOD.accepted(&[(name, "keys/signing")]).await;
}

#[tokio::test]
async fn case_71_f078_a_bundle_that_cannot_be_used_is_said_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    for (path, words) in [
        (folder.path().join("missing").to_str().unwrap().to_owned(), "does not exist"),
        (write("empty", ""), "PEM"),
        (write("garbage", "canary"), "PEM"),
    ] {
        let setting = "AZURE_KV_CA_BUNDLE_PATH";
        GOOD.misconfigured(&[(setting, &path)], setting, words).await;
    }
}
