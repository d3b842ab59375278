//! Reading and writing through the handle: names, prefixes, fields, batches, limits.

use strongroom::{
    ErrorKind, GetOptions, IfVersion, MemoryStore, PutOptions, Reason, Secrets, Select, Settings,
};
use strongroom_tests::Scene;

async fn memory(settings: &[(&str, &str)]) -> Secrets {
    let settings = Settings::from_pairs(settings.iter().copied());
    let builder = Secrets::builder().store(MemoryStore::new()).settings(settings);
    builder.build().await.expect("good settings")
}

fn options() -> PutOptions {
    PutOptions::default()
}

#[tokio::test]
async fn names_are_logical_and_the_prefix_is_put_before_every_one() {
    let secrets = memory(&[("SECRETS_PREFIX", "nexus-engine/prod")]).await;
    secrets.put("connectionStrings/primary", "canary", options()).await.unwrap();
    secrets.put("key", "canary", options()).await.unwrap();
    let names = async |prefix| {
        let names = secrets.list(prefix).await.unwrap();
        names.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(names(None).await, ["connectionStrings/primary", "key"]);
    assert_eq!(names(Some("connectionStrings")).await, ["connectionStrings/primary"]);
    assert_eq!(names(Some("connection")).await, [""; 0]);
    let error = secrets.get("nope").await.unwrap_err();
    assert_eq!(error.name(), Some("nexus-engine/prod/nope"));
}

#[tokio::test]
async fn b001_b010_bad_names_do_no_io() {
    let scene = Scene::with(&[]).await;
    let before = scene.store.calls();
    for name in [
        "",
        "   ",
        "../other",
        "a//b",
        "/a",
        "a/",
        "a\0b",
        "a\r\nX: 1",
        "a\u{202e}b",
        "a#",
        "a#b\n",
    ] {
        let refused = [
            scene.secrets.get(name).await.err(),
            scene.secrets.put(name, "canary", options()).await.err(),
            scene.secrets.rotate(name).no_wait().run().await.err(),
        ];
        for error in refused {
            assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Misconfigured), "{name:?}");
        }
    }
    for name in ["", "a#b"] {
        let refused = [
            scene.secrets.versions(name).await.err(),
            scene.secrets.delete(name).await.err(),
            scene.secrets.signer_for(name).await.err(),
            scene.secrets.list(Some(name)).await.err(),
        ];
        for error in refused {
            assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Misconfigured), "{name:?}");
        }
    }
    assert_eq!(scene.store.calls(), before);
}

#[tokio::test]
async fn b060_empty_and_oversized_values_are_refused_before_any_write() {
    let scene = Scene::with(&[]).await;
    let before = scene.store.calls();
    let empty = scene.secrets.put("a", "", options()).await.unwrap_err();
    assert_eq!((empty.kind(), empty.reason()), (ErrorKind::InvalidValue, Some(Reason::Empty)));
    let large = scene.secrets.put("a", vec![b'x'; 65_537], options()).await.unwrap_err();
    assert_eq!((large.kind(), large.reason()), (ErrorKind::Malformed, Some(Reason::TooLarge)));
    assert!(large.to_string().contains("65536"), "{large}");
    assert_eq!(scene.store.calls(), before);
    assert!(scene.secrets.put("a", vec![b'x'; 65_536], options()).await.is_ok());
}

#[tokio::test]
async fn fields_are_read_and_written_and_their_siblings_stay() {
    let secrets = memory(&[]).await;
    let object = "{\"user\": \"app\",  \"password\":\"canary-1\", \"port\": 5432}";
    secrets.put("db", object, options()).await.unwrap();
    assert_eq!(secrets.get("db#user").await.unwrap().value().expose(), b"app");
    secrets.put("db#password", "canary-2", options()).await.unwrap();
    let whole = secrets.get("db").await.unwrap();
    assert_eq!(whole.value().expose_str().unwrap(), object.replace("canary-1", "canary-2"));
    let error = secrets.get("db#port").await.unwrap_err();
    assert_eq!((error.kind(), error.name()), (ErrorKind::InvalidValue, Some("db")));
    let error = secrets.get("db#nope").await.unwrap_err();
    assert_eq!((error.kind(), error.reason()), (ErrorKind::NotFound, Some(Reason::Field)));
    secrets.put("new#first", "canary", options()).await.unwrap();
    assert_eq!(secrets.get("new").await.unwrap().value().expose(), b"{\"first\":\"canary\"}");
}

#[tokio::test]
async fn fields_written_at_once_are_all_there() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::from_pairs([("SECRETS_PROVIDER", "file")])
        .with("SECRETS_DIR", folder.path().to_string_lossy());
    let secrets = Secrets::from_settings(settings).await.unwrap();
    secrets.put("db", "{}", options()).await.unwrap();
    let mut pending = Vec::new();
    for index in 0..4 {
        let secrets = secrets.clone();
        pending.push(tokio::spawn(async move {
            let name = format!("db#field{index}");
            let absent = secrets.put(&name, "canary", options()).await;
            absent.map(drop)
        }));
    }
    for put in pending {
        put.await.unwrap().unwrap();
    }
    for index in 0..4 {
        assert!(secrets.get(&format!("db#field{index}")).await.is_ok(), "{index}");
    }
}

#[tokio::test]
async fn conditions_hold_for_field_writes_too() {
    let secrets = memory(&[]).await;
    let first = secrets.put("db", "{\"a\":\"1\"}", options()).await.unwrap().unwrap();
    let absent = options().if_version(IfVersion::Absent);
    let stale = options().if_version(IfVersion::Is("99".into()));
    for condition in [absent, stale] {
        for name in ["db", "db#a"] {
            let error = secrets.put(name, "2", condition.clone()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Conflict, "{name}");
        }
    }
    let fresh = options().if_version(IfVersion::Is(first));
    assert!(secrets.put("db#a", "2", fresh).await.is_ok());
}

#[tokio::test]
async fn a_batch_has_one_result_a_name_in_order() {
    let secrets = memory(&[]).await;
    secrets.put("a", "canary-a", options()).await.unwrap();
    secrets.put("b", "{\"x\":\"canary-b\"}", options()).await.unwrap();
    let results = secrets.get_many(&["b#x", "../bad", "nope", "a"]).await;
    let shown: Vec<_> = results
        .iter()
        .map(|one| one.as_ref().map(|one| one.value().expose()).map_err(|error| error.kind()))
        .collect();
    assert_eq!(
        shown,
        [
            Ok(&b"canary-b"[..]),
            Err(ErrorKind::Misconfigured),
            Err(ErrorKind::NotFound),
            Ok(&b"canary-a"[..])
        ]
    );
}

#[tokio::test]
async fn versions_can_be_read_and_a_deleted_secret_is_not_an_absent_one() {
    let secrets = memory(&[]).await;
    let first = secrets.put("a", "canary-1", options()).await.unwrap().unwrap();
    secrets.put("a", "canary-2", options()).await.unwrap();
    let read = async |select| secrets.get_with("a", GetOptions::default().select(select)).await;
    assert_eq!(read(Select::Exact(first)).await.unwrap().value().expose(), b"canary-1");
    assert_eq!(read(Select::Previous).await.unwrap().value().expose(), b"canary-1");
    assert_eq!(read(Select::Pending).await.unwrap_err().reason(), Some(Reason::Version));
    assert_eq!(secrets.versions("a").await.unwrap().len(), 2);
    secrets.delete("a").await.unwrap();
    assert_eq!(secrets.get("a").await.unwrap_err().kind(), ErrorKind::Deleted);
    assert_eq!(secrets.delete("a").await.unwrap_err().kind(), ErrorKind::Deleted);
    assert_eq!(secrets.delete("b").await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_field_may_stand_in_the_name_or_in_the_options_and_never_be_ignored() {
    let secrets = memory(&[]).await;
    secrets.put("db", "{\"a\":\"1\",\"b\":\"2\"}", options()).await.unwrap();
    let field = |field| Some(strongroom::provider::Field::new(field).unwrap());
    let read = secrets.get_with("db", GetOptions::default().field(field("a"))).await.unwrap();
    assert_eq!(read.value().expose(), b"1");
    secrets.put("db", "3", options().field(field("a"))).await.unwrap();
    assert_eq!(secrets.get("db").await.unwrap().value().expose(), b"{\"a\":\"3\",\"b\":\"2\"}");
    let both = secrets.get_with("db#a", GetOptions::default().field(field("b"))).await;
    assert_eq!(both.unwrap_err().kind(), ErrorKind::Misconfigured);
}

#[tokio::test]
async fn a_field_write_that_makes_the_object_too_large_is_refused() {
    let secrets = memory(&[]).await;
    let half = "x".repeat(40_000);
    secrets.put("db", format!("{{\"a\":\"{half}\"}}"), options()).await.unwrap();
    let error = secrets.put("db#b", half, options()).await.unwrap_err();
    assert_eq!((error.kind(), error.reason()), (ErrorKind::Malformed, Some(Reason::TooLarge)));
}

#[tokio::test]
async fn a_write_that_is_refused_leaves_nothing_behind() {
    let secrets = memory(&[]).await;
    let stale = options().if_version(IfVersion::Is("7".into()));
    assert_eq!(secrets.put("a", "canary", stale).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(secrets.list(None).await.unwrap(), []);
    assert_eq!(secrets.versions("a").await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_deleted_secret_can_be_brought_back_under_its_logical_name() {
    let scene = Scene::with(&[("SECRETS_PREFIX", "prod")]).await;
    scene.secrets.put("a", "canary", PutOptions::default()).await.unwrap();
    scene.secrets.delete("a").await.unwrap();
    assert_eq!(scene.secrets.get("a").await.unwrap_err().kind(), ErrorKind::Deleted);
    scene.secrets.restore("a").await.unwrap();
    assert_eq!(scene.secrets.get("a").await.unwrap().value().expose(), b"canary");
}

#[tokio::test]
async fn case_108_110_111_a_probe_tells_an_outage_from_a_missing_key() {
    let scene = Scene::with(&[]).await;
    scene.secrets.probe().await.unwrap();
    let named = [("SECRETS_SIGNING_SECRET_NAME", "billing/key")];
    let missing = scene.restart(&named).await;
    let error = missing.probe().await.unwrap_err();
    assert_eq!((error.kind(), error.name()), (ErrorKind::Misconfigured, Some("billing/key")));
    for kind in [ErrorKind::Unavailable, ErrorKind::Unauthenticated] {
        scene.fail_with(Some(kind));
        assert_eq!(missing.probe().await.unwrap_err().kind(), kind);
    }
    scene.fail_with(None);
    // A key that nobody asked for is not missed.
    scene.secrets.delete("signing-key").await.unwrap();
    scene.secrets.probe().await.unwrap();
}

#[tokio::test]
async fn the_signing_key_is_the_one_that_the_settings_name_on_any_store() {
    let secrets = memory(&[("SECRETS_SIGNING_SECRET_NAME", "billing/key")]).await;
    assert_eq!(secrets.signing_key().unwrap().as_str(), "billing/key");
    secrets.put("billing/key", secrets.generate(32).unwrap(), options()).await.unwrap();
    assert!(secrets.signer().await.is_ok());
}
