//! Settings of the provider: every mistake is said before anything is sent.

use strongroom::{ErrorKind, Secrets, Settings};

use crate::refused;

/// Good settings, and then these; an empty value takes one away.
fn settings(id: &str, more: &[(&str, &str)]) -> Settings {
    let address =
        if id == "vault_dev" { "http://127.0.0.1:1" } else { "https://vault.example.com" };
    let good = [("SECRETS_PROVIDER", id), ("VAULT_ADDR", address), ("VAULT_TOKEN", "canary-token")];
    let kept = good.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    Settings::from_pairs(kept.chain(more.iter().filter(|(_, value)| *value != UNSET)).copied())
}

const UNSET: &str = "(unset)";

async fn misconfigured(id: &str, more: &[(&str, &str)], setting: &str, words: &str) {
    let error = refused(Secrets::from_settings(settings(id, more)).await, ErrorKind::Misconfigured);
    assert_eq!(error.key(), Some(setting), "{more:?}: {error}");
    assert!(error.to_string().contains(words), "{more:?}: {error}");
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}

async fn accepted(id: &str, more: &[(&str, &str)]) -> Secrets {
    Secrets::from_settings(settings(id, more)).await.unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test]
async fn each_id_opens_with_what_it_needs() {
    for id in ["vault", "vault_hcp", "vault_dev"] {
        assert_eq!(accepted(id, &[]).await.provider(), id);
        misconfigured(
            id,
            &[("VAULT_TOKEN", UNSET)],
            "VAULT_TOKEN",
            "is not set (or VAULT_TOKEN_FILE)",
        )
        .await;
    }
    accepted("vault_dev", &[("VAULT_ADDR", UNSET)]).await;
    for id in ["vault", "vault_hcp"] {
        misconfigured(id, &[("VAULT_ADDR", UNSET)], "VAULT_ADDR", "is not set").await;
    }
    accepted("vault", &[("VAULT_ADDR", UNSET), ("BAO_ADDR", "https://bao.example.com")]).await;
}

#[tokio::test]
async fn b028_tokens_with_odd_characters_are_refused_and_not_shown() {
    for token in
        ["canary\n", "canary\ttoken", "canary token", "canary-ünïcödé", "canary\u{7f}", " canary"]
    {
        misconfigured("vault", &[("VAULT_TOKEN", token)], "VAULT_TOKEN", "non-printable").await;
    }
    for token in ["\"canary\"", "'canary'"] {
        misconfigured("vault", &[("VAULT_TOKEN", token)], "VAULT_TOKEN", "quotation mark").await;
    }
    misconfigured("vault", &[("VAULT_TOKEN", "")], "VAULT_TOKEN", "set and empty").await;
}

#[tokio::test]
async fn b029_tokens_that_everybody_knows_are_for_development() {
    for token in ["root", "dev-only-token", "myroot"] {
        for id in ["vault", "vault_hcp"] {
            misconfigured(id, &[("VAULT_TOKEN", token)], "VAULT_TOKEN", "vault_dev").await;
        }
        accepted("vault_dev", &[("VAULT_TOKEN", token)]).await;
        accepted("vault", &[("VAULT_TOKEN", token), ("VAULT_ADDR", "http://127.0.0.1:1")]).await;
    }
}

#[tokio::test]
async fn b030_two_addresses_have_to_agree() {
    let other = [("BAO_ADDR", "https://other.example.com")];
    misconfigured("vault", &other, "VAULT_ADDR and BAO_ADDR", "two different").await;
    accepted("vault", &[("BAO_ADDR", "https://VAULT.example.com:443/")]).await;
}

#[tokio::test]
async fn b031_verification_of_certificates_cannot_be_switched_off() {
    for value in ["1", "true"] {
        misconfigured(
            "vault_dev",
            &[("VAULT_SKIP_VERIFY", value)],
            "VAULT_SKIP_VERIFY",
            "VAULT_CACERT",
        )
        .await;
    }
    misconfigured("vault", &[("VAULT_SKIP_VERIFY", "")], "VAULT_SKIP_VERIFY", "set and empty")
        .await;
    accepted("vault", &[("VAULT_SKIP_VERIFY", "false")]).await;
}

#[tokio::test]
async fn b040_b041_s20_plain_http_is_for_loopback_unless_it_is_a_development_server() {
    for id in ["vault", "vault_hcp", "vault_dev"] {
        for host in ["vault", "localhost", "127.0.0.1.nip.io", "[::ffff:8.8.8.8]", "0.0.0.0"] {
            let address = format!("http://{host}:8200");
            misconfigured(id, &[("VAULT_ADDR", &address)], "VAULT_ADDR", "plain http").await;
        }
        accepted(id, &[("VAULT_ADDR", "http://[::1]:8200")]).await;
    }
    let allowed = [("VAULT_ADDR", "http://vault:8200"), ("VAULT_ALLOW_PLAINTEXT", "true")];
    accepted("vault_dev", &allowed).await;
    misconfigured("vault", &allowed, "VAULT_ALLOW_PLAINTEXT", "vault_dev only").await;
}

#[tokio::test]
async fn b042_b046_addresses_follow_one_rule() {
    for (address, words) in [
        ("https://canary:canary@host", "user name or password"),
        ("https://host/v1/", "`/v1`"),
        ("https://host/vault/v1", "`/v1`"),
        ("https://host?x=canary", "query"),
        ("https://host/#f", "fragment"),
        ("https://\u{435}xample.com", "xn--"),
        ("vault.example.com:8200", "no scheme"),
        ("//host", "no scheme"),
        ("ftp://host", "is not spoken here"),
        ("unix:/x", "no scheme"),
        ("file:///x", "is not spoken here"),
        ("https://host:0", "port"),
        ("https://host:99999", "port"),
        ("https://", "host"),
        ("https:///x", "host"),
    ] {
        misconfigured("vault", &[("VAULT_ADDR", address)], "VAULT_ADDR", words).await;
    }
    for address in ["https://host/vault/", "HTTPS://HOST:443/", "https://host."] {
        accepted("vault", &[("VAULT_ADDR", address)]).await;
    }
}

#[tokio::test]
async fn b018_namespaces_have_one_spelling() {
    for namespace in
        ["root", "/admin", "admin/", "/admin/", "admin/../x", "admin//x", ".", "a b", "é", "a%2fb"]
    {
        misconfigured("vault_hcp", &[("VAULT_NAMESPACE", namespace)], "VAULT_NAMESPACE", "").await;
    }
    for namespace in ["admin", "admin/team-a", "ns_1/x.y"] {
        accepted("vault", &[("VAULT_NAMESPACE", namespace)]).await;
    }
}

#[tokio::test]
async fn choices_mounts_and_prefixes_say_what_would_be_right() {
    for (setting, value, words) in [
        ("VAULT_AUTH_METHOD", "ldap", "must be one of token"),
        ("VAULT_KV_VERSION", "3", "auto, 1, 2"),
        ("VAULT_KV_VERSION", "v2", "auto, 1, 2"),
        ("VAULT_KV_MOUNT", "secret/", "without slashes"),
        ("VAULT_KV_MOUNT", "../sys", "`..`"),
        ("VAULT_KV_PREFIX", "/team", "without slashes"),
        ("VAULT_KV_PREFIX", "data/team", "added here"),
        ("VAULT_TRANSIT_MOUNT", "transit//x", "without slashes"),
        ("VAULT_SIGNING_SECRET_NAME", "a//b", "empty segment"),
        ("VAULT_TRANSIT_KEY_TYPE", "hmac", "without VAULT_TRANSIT_KEY"),
        ("VAULT_TRANSIT_PREVIOUS_KEYS", "a", "without VAULT_TRANSIT_KEY"),
        ("VAULT_CACHE_TTL_SECONDS", "0", "from 1 to 3600"),
        ("SECRETS_TIMEOUT_SECONDS", "61", "from 1 to 60"),
        ("SECRETS_PROXY", "socks5://proxy", "is not spoken here"),
        ("SECRETS_PROXY", "http://canary:canary@proxy:3128", "user name or password"),
    ] {
        misconfigured("vault", &[(setting, value)], setting, words).await;
    }
    let transit = ("VAULT_TRANSIT_KEY", "orders");
    for (setting, value, words) in [
        ("VAULT_TRANSIT_KEY_TYPE", "aes", "hmac, ed25519"),
        ("VAULT_TRANSIT_PREVIOUS_KEYS", "a,b/c", "a Transit key has a name"),
        ("VAULT_TRANSIT_PREVIOUS_KEYS", "orders", "leave it out"),
    ] {
        misconfigured("vault", &[transit, (setting, value)], setting, words).await;
    }
}

#[tokio::test]
async fn the_setting_of_other_providers_for_the_key_is_a_warning() {
    let secrets = accepted("vault", &[("SECRETS_SIGNING_SECRET_NAME", "signing-key")]).await;
    assert!(
        secrets.warnings()[0].contains("SECRETS_SIGNING_SECRET_NAME"),
        "{:?}",
        secrets.warnings()
    );
    assert!(accepted("vault", &[]).await.warnings().is_empty());
}

#[tokio::test]
async fn the_ttl_of_the_provider_wins() {
    // The grace has to be at least twice TTL and stale window together, so the error shows the TTL in force.
    let common = ("SECRETS_CACHE_TTL_SECONDS", "600");
    let grace = ("SECRETS_PREVIOUS_KEY_GRACE_SECONDS", "2");
    misconfigured("vault", &[common, grace], grace.0, "from 1800 ").await;
    let own = ("VAULT_CACHE_TTL_SECONDS", "100");
    misconfigured("vault", &[common, own, grace], grace.0, "from 800 ").await;
}

#[tokio::test]
async fn f078_a_bundle_that_cannot_be_used_is_said_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let key = "-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----\n";
    for (path, words) in [
        (folder.path().join("missing").to_str().unwrap().to_owned(), "does not exist"),
        (folder.path().to_str().unwrap().to_owned(), "regular file"),
        (write("empty", ""), "PEM"),
        (write("garbage", "canary"), "PEM"),
        (write("key", key), "private key"),
        (
            write("bad", "-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----\n"),
            "cannot be read",
        ),
    ] {
        let settings = Settings::new(strongroom_tests::FilesOnly)
            .with("SECRETS_PROVIDER", "vault")
            .with("VAULT_ADDR", "https://vault.example.com")
            .with("VAULT_TOKEN", "canary-token")
            .with("VAULT_CACERT", path);
        let error = refused(Secrets::from_settings(settings).await, ErrorKind::Misconfigured);
        assert_eq!(error.key(), Some("VAULT_CACERT"), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}
