//! One canary in every formatted thing: values, settings, handles, errors and their sources, logs.

use std::error::Error as _;
use std::fmt::Debug;

use static_assertions::assert_not_impl_any;
use strongroom::{
    Builder, Error, KeyRing, KeySet, MemoryStore, PutOptions, RawHmac, Secret, SecretValue,
    Secrets, Settings, SigningKey,
};
use strongroom_tests::{Log, Scene, key};

/// Checked by the compiler: none of the types that hold secret bytes can be printed or compared by accident.
#[test]
fn s01_types_that_hold_secrets_cannot_be_printed_or_compared() {
    assert_not_impl_any!(SecretValue: std::fmt::Display, PartialEq, AsRef<[u8]>);
    assert_not_impl_any!(Secret: std::fmt::Display, PartialEq);
    assert_not_impl_any!(SigningKey: std::fmt::Display, PartialEq);
    assert_not_impl_any!(KeySet: std::fmt::Display, PartialEq);
    assert_not_impl_any!(KeyRing: std::fmt::Display, PartialEq);
}

/// The canary in the forms in which it could come out.
fn hits(text: &str) -> Vec<&'static str> {
    let forms = [
        ("raw", "canary"),
        ("reversed", "yranac"),
        ("base64", "Y2FuYXJ5"),
        ("base64, shifted by one", "NhbmFye"),
        ("base64, shifted by two", "jYW5hcn"),
        ("hex", "63616e617279"),
        ("HEX", "63616E617279"),
        ("percent", "%63%61%6e"),
        ("byte list", "99, 97, 110, 97"),
    ];
    forms.iter().filter(|(_, form)| text.contains(form)).map(|(name, _)| *name).collect()
}

fn clean(thing: &impl Debug) {
    for text in [format!("{thing:?}"), format!("{thing:#?}")] {
        assert_eq!(hits(&text), [""; 0], "{text}");
    }
}

fn clean_error(error: &Error) {
    clean(error);
    let mut chain = format!("{error} {error:#}");
    let mut source = error.source();
    while let Some(one) = source {
        chain.push_str(&format!(" {one} {one:?}"));
        source = one.source();
    }
    assert_eq!(hits(&chain), [""; 0], "{chain}");
}

#[test]
fn the_search_finds_every_form() {
    for text in ["canary", "Y2FuYXJ5LQ", "63616e617279", "[99, 97, 110, 97, 114, 121]"] {
        assert_eq!(hits(text).len(), 1, "{text}");
    }
}

#[tokio::test]
async fn s10_no_public_type_prints_a_value() {
    let log = Log::capture();
    let value = SecretValue::from(key("1"));
    clean(&value);
    clean(&Secret::new(value.clone()).with_version("7".into()));
    clean(&SigningKey::new(value.clone()).unwrap());
    clean(&KeySet::new(SigningKey::new(value.clone()).unwrap(), std::time::UNIX_EPOCH));
    clean(&Settings::from_pairs([("VAULT_TOKEN", "canary")]));
    let store = MemoryStore::new().with("signing-key", key("1")).unwrap();
    clean(&store);
    let builder: Builder =
        Secrets::builder().store(store).settings(Settings::from_pairs([("A", "canary")]));
    clean(&builder);
    let secrets = builder.build().await.unwrap();
    clean(&secrets);
    clean(&secrets.signer().await.unwrap());
    clean(&secrets.key_ring().await.unwrap());
    let raw: RawHmac = secrets.raw_hmac("signing-key").await.unwrap();
    clean(&raw);
    clean(&secrets.rotate("signing-key").no_wait().value(key("2")));
    clean(&secrets.rotate("signing-key").no_wait().value(key("2")).run().await.unwrap());
    clean(&secrets.get("signing-key").await.unwrap());
    clean(&secrets.versions("signing-key").await.unwrap());
    clean(&PutOptions::default());
    assert_eq!(hits(&log.text()), [""; 0], "{}", log.text());
}

#[tokio::test]
async fn s10_s11_no_error_prints_a_value_a_path_of_a_parser_or_a_piece_of_either() {
    let log = Log::capture();
    let scene = Scene::with(&[]).await;
    let secrets = &scene.secrets;
    let mut errors = Vec::new();
    for value in [
        "canary",
        "{\"canary\": canary}",
        "{\"a\":\"canary\",\"a\":\"canary\"}",
        "{\"a\":{\"canary\":1}}",
    ] {
        secrets.put("object", value, PutOptions::default()).await.unwrap();
        errors.extend(secrets.get("object#a").await.err());
        errors.extend(secrets.get("object#/a/b").await.err());
        errors.extend(secrets.put("object#/a/b", "canary", PutOptions::default()).await.err());
    }
    for encoding in ["raw", "base64", "base64url", "hex", "jwks"] {
        let other = scene.restart(&[("SECRETS_SIGNING_KEY_ENCODING", encoding)]).await;
        for value in ["canary", "canary=canary", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"canary!\"}]}"]
        {
            other.put("bad-key", value, PutOptions::default()).await.unwrap();
            errors.extend(other.signer_for("bad-key").await.err());
            errors.extend(other.raw_hmac("bad-key").await.err());
            errors.extend(other.rotate("signing-key").no_wait().value(value).run().await.err());
        }
    }
    for (variable, value) in [
        ("SECRETS_PROVIDER", "canary"),
        ("SECRETS_CACHE_TTL_SECONDS", "canary"),
        ("VAULT_VERIFY_ENABLED", "canary"),
        ("SECRETS_SIGNING_KEY_ENCODING", "canary"),
        ("SECRETS_DIR", "~canary"),
    ] {
        let settings = Settings::from_pairs([("SECRETS_PROVIDER", "file")]).with(variable, value);
        errors.extend(Secrets::from_settings(settings).await.err());
    }
    let text = secrets.put("text", b"canary\xff".to_vec(), PutOptions::default()).await;
    assert!(text.is_ok());
    errors.extend(secrets.get("text").await.unwrap().value().expose_str().err());
    errors.extend("sr1.canary.hs256.canary".parse::<strongroom::Signature>().err());
    assert!(errors.len() > 25, "{}", errors.len());
    errors.iter().for_each(clean_error);
    assert_eq!(hits(&log.text()), [""; 0], "{}", log.text());
}

#[test]
fn s13_names_are_escaped_and_cut() {
    let name = format!("a\u{1b}[31m\n{}", "x".repeat(100));
    let error = strongroom::SecretName::new(&name).unwrap_err();
    let text = error.to_string();
    assert!(!text.chars().any(char::is_control) && !text.contains(&"x".repeat(65)), "{text}");
}
