//! Which provider `SECRETS_PROVIDER` selects, and what it says when it selects none. Every provider is compiled in here:
//! `cargo xtask quickstart` asks a program without them (b025).

use strongroom::{ErrorKind, Secrets, Settings, providers};

const IDS: [&str; 9] = [
    "vault_dev",
    "vault_hcp",
    "vault",
    "infisical_cloud",
    "infisical_self_host",
    "aws_sm",
    "azure_kv",
    "file",
    "env",
];

async fn refusal(pairs: &[(&str, &str)]) -> String {
    let settings = Settings::from_pairs(pairs.iter().copied());
    let error = Secrets::from_settings(settings).await.expect_err("nothing to open");
    assert_eq!((error.kind(), error.key()), (ErrorKind::Misconfigured, Some("SECRETS_PROVIDER")));
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    error.to_string()
}

#[tokio::test]
async fn b023_without_a_provider_the_error_lists_all_of_them() {
    let text = refusal(&[]).await;
    assert!(text.contains("is not set"), "{text}");
    assert!(IDS.iter().all(|id| text.contains(id)), "{text}");
    let listed: Vec<_> = providers().iter().map(|one| one.id).collect();
    assert_eq!(listed, IDS);
}

#[tokio::test]
async fn b024_an_unknown_provider_is_answered_with_the_nearest_and_the_list() {
    for (typed, nearest) in [
        ("Vault_HCP", "vault_hcp"),
        ("vualt", "vault"),
        (" aws_sm", "aws_sm"),
        ("files", "file"),
        ("ENV", "env"),
    ] {
        let text = refusal(&[("SECRETS_PROVIDER", typed)]).await;
        assert!(text.contains(&format!("did you mean `{nearest}`?")), "{typed:?}: {text}");
        assert!(IDS.iter().all(|id| text.contains(id)), "{text}");
    }
    for other in ["canary-something-else", "gcp", "foo", "gcp_sm"] {
        let text = refusal(&[("SECRETS_PROVIDER", other)]).await;
        assert!(!text.contains("did you mean"), "{other}: {text}");
    }
    let text = refusal(&[("SECRETS_PROVIDER", "memory")]).await;
    assert!(text.contains("built in code"), "{text}");
}

#[tokio::test]
async fn f098_a_bad_word_is_refused_at_the_start_and_not_at_the_first_use() {
    for (variable, value) in [
        ("VAULT_VERIFY_ENABLED", "ture"),
        ("SECRETS_CACHE_TTL_SECONDS", "60s"),
        ("SECRETS_SIGNING_KEY_ENCODING", "base32"),
        ("SECRETS_PREFIX", "a//b"),
        ("SECRETS_SIGNING_SECRET_NAME", "../key"),
    ] {
        let pairs = [("SECRETS_PROVIDER", "env"), (variable, value)];
        let error =
            Secrets::from_settings(Settings::from_pairs(pairs)).await.expect_err("bad word");
        assert_eq!((error.kind(), error.key()), (ErrorKind::Misconfigured, Some(variable)));
    }
}

#[tokio::test]
async fn a_folder_is_required_by_file_and_has_to_be_one() {
    let open = async |folder: Option<&str>| {
        let mut settings = Settings::from_pairs([("SECRETS_PROVIDER", "file")]);
        if let Some(folder) = folder {
            settings = settings.with("SECRETS_DIR", folder);
        }
        Secrets::from_settings(settings).await.expect_err("no folder")
    };
    for folder in
        [None, Some(""), Some("~/secrets"), Some("/canary/no/such/folder"), Some("/dev/null")]
    {
        let error = open(folder).await;
        assert_eq!(
            (error.kind(), error.key()),
            (ErrorKind::Misconfigured, Some("SECRETS_DIR")),
            "{folder:?}"
        );
    }
}

#[tokio::test]
async fn misspelt_settings_are_warnings() {
    let pairs = [
        ("SECRETS_PROVIDER", "env"),
        ("SECRETS_ENV_PREFX", "canary"),
        ("VAULT_VERIFY_ENABLE", "x"),
    ];
    let secrets = Secrets::from_settings(Settings::from_pairs(pairs)).await.unwrap();
    let warnings = secrets.warnings();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings.iter().any(|one| one.contains("did you mean `SECRETS_ENV_PREFIX`?")));
    assert!(warnings.iter().any(|one| one.contains("did you mean `VAULT_VERIFY_ENABLED`?")));
    assert!(!warnings.concat().contains("canary"));
}

#[tokio::test]
async fn the_environment_is_a_provider() {
    let pairs = [
        ("SECRETS_PROVIDER", "env"),
        ("SECRETS_ENV_PREFIX", "APP_"),
        ("SECRETS_PREFIX", "prod"),
        ("APP_PROD_BILLING_KEY", "canary"),
    ];
    let secrets = Secrets::from_settings(Settings::from_pairs(pairs)).await.unwrap();
    assert_eq!(secrets.provider(), "env");
    assert_eq!(secrets.get("billing/key").await.unwrap().value().expose(), b"canary");
}

#[tokio::test]
async fn settings_are_checked_before_the_folder_is_looked_for() {
    for (variable, value) in [
        ("SECRETS_CACHE_TTL_SECONDS", "60s"),
        ("SECRETS_SIGNING_SECRET_NAME", "../key"),
        ("SECRETS_FILE_EXACT", "yes"),
    ] {
        let pairs =
            [("SECRETS_PROVIDER", "file"), ("SECRETS_DIR", "/canary/no/such"), (variable, value)];
        let error =
            Secrets::from_settings(Settings::from_pairs(pairs)).await.expect_err("bad word");
        assert_eq!(error.key(), Some(variable));
    }
}
