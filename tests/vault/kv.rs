//! KV, versions 1 and 2.

use std::time::Duration;

use serde_json::json;
use strongroom::{
    Error, ErrorKind, GetOptions, IfVersion, PutOptions, Reason, SecretVersion, Secrets, Select,
    VersionState,
};
use strongroom_testkit::{Fault, ManualClock, Mount, On};
use strongroom_tests::server::{Server, Sort};
use strongroom_tests::{key, on_both};

use crate::refused;

on_both!(
    case_08_f085_a_missing_mount_is_no_missing_secret,
    case_11_b050_b051_fields_that_cannot_be_read_are_told_apart,
    case_22_23_f083_deleted_and_destroyed_versions_are_told_apart,
    case_29_a_version_that_will_be_deleted_is_not_deleted_yet,
    case_34_without_any_right_below_the_mount_it_is_denied_and_not_misconfigured,
    case_35_f084_the_other_version_of_the_engine_is_misconfigured,
    b016_a_path_of_the_api_is_no_name,
    case_10_names_never_reach_another_path,
    a_field_write_keeps_its_siblings_as_they_are,
    a_write_to_a_deleted_secret_makes_a_new_version,
    writers_of_different_fields_lose_nothing,
    a_batch_of_names_and_fields_is_answered_in_order,
    prefixes_stand_in_order_and_lists_give_logical_names,
    an_independent_client_reads_what_we_write_and_writes_what_we_read,
    version_1_writes_no_field_next_to_others,
    version_1_signs_and_does_not_rotate,
    an_engine_that_is_upgraded_is_followed,
    deletion_is_told_by_the_servers_clock,
);

async fn put_raw(server: &Server, path: &str, data: serde_json::Value) {
    let (status, answer) =
        server.raw("POST", &format!("/v1/secret/data/{path}"), Some(json!({ "data": data }))).await;
    assert_eq!(status, 200, "{answer}");
}

async fn case_08_f085_a_missing_mount_is_no_missing_secret(server: &Server) {
    let secrets = server.secrets(&[("VAULT_KV_MOUNT", "nowhere")]).await.unwrap();
    let error = refused(secrets.get("a").await, ErrorKind::Misconfigured);
    assert_eq!(error.reason(), Some(Reason::Mount));
    assert!(error.to_string().contains("VAULT_KV_MOUNT"), "{error}");

    match server.sort() {
        Sort::Fake(fake) => fake.mount("passing", Mount::Kv2),
        Sort::Real(bao, _) => {
            bao.bao(&["secrets", "enable", "-path=passing", "-version=2", "kv"]).unwrap();
        }
    }
    let secrets = server.secrets(&[("VAULT_KV_MOUNT", "passing")]).await.unwrap();
    secrets.put("a", "canary", PutOptions::default()).await.unwrap();
    refused(secrets.get("b").await, ErrorKind::NotFound);
    match server.sort() {
        Sort::Fake(fake) => fake.unmount("passing"),
        Sort::Real(bao, _) => drop(bao.bao(&["secrets", "disable", "passing"]).unwrap()),
    }
    let error = refused(secrets.get("a").await, ErrorKind::Misconfigured);
    assert_eq!(error.reason(), Some(Reason::Mount));
    let error = refused(secrets.list(None).await, ErrorKind::Misconfigured);
    assert_eq!(error.reason(), Some(Reason::Mount));
}

async fn case_11_b050_b051_fields_that_cannot_be_read_are_told_apart(server: &Server) {
    let data = json!({"value": "canary", "number": 1, "none": null, "more": {"deep": "canary-2"}, "list": []});
    put_raw(server, "app/db", data).await;
    let secrets = server.secrets(&[]).await.unwrap();
    assert_eq!(secrets.get("app/db").await.unwrap().value().expose(), b"canary");
    let deep = secrets.get("app/db#/more/deep").await.unwrap();
    assert_eq!(deep.value().expose(), b"canary-2");
    for (field, kind, words) in [
        ("number", ErrorKind::InvalidValue, "field `number` is a number"),
        ("none", ErrorKind::InvalidValue, "field `none` is null"),
        ("more", ErrorKind::InvalidValue, "field `more` is an object"),
        ("list", ErrorKind::InvalidValue, "field `list` is an array"),
        ("absent", ErrorKind::NotFound, "no field `absent`"),
    ] {
        let error = refused(secrets.get(&format!("app/db#{field}")).await, kind);
        assert!(error.to_string().contains(words), "{error}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
    put_raw(server, "app/other", json!({"user": "canary"})).await;
    let error = refused(secrets.get("app/other").await, ErrorKind::NotFound);
    assert_eq!(error.reason(), Some(Reason::Field));
    // The engine keeps a map without fields, and `null`, which is one to it.
    for (name, data) in [("app/none", json!(null)), ("app/bare", json!({}))] {
        put_raw(server, name, data).await;
        let error = refused(secrets.get(name).await, ErrorKind::NotFound);
        assert_eq!(error.reason(), Some(Reason::Field));
        secrets.put(name, "canary", PutOptions::default()).await.unwrap();
        assert_eq!(secrets.get(name).await.unwrap().value().expose(), b"canary");
    }
    put_raw(server, "app/empty", json!({"value": ""})).await;
    let error = refused(secrets.get("app/empty").await, ErrorKind::InvalidValue);
    assert_eq!(error.reason(), Some(Reason::Empty), "case 6");
}

async fn case_22_23_f083_deleted_and_destroyed_versions_are_told_apart(server: &Server) {
    let secrets = server.secrets(&[]).await.unwrap();
    for value in ["canary-1", "canary-2", "canary-3"] {
        secrets.put("app/db", value, PutOptions::default()).await.unwrap();
    }
    let now = GetOptions::default().max_age(Duration::ZERO);
    let exact = |version: &str| now.clone().select(Select::Exact(version.into()));
    let post = async |path: &str, versions: &[u8]| {
        let body = json!({ "versions": versions });
        let (status, _) =
            server.raw("POST", &format!("/v1/secret/{path}/app/db"), Some(body)).await;
        assert_eq!(status, 204);
    };
    post("delete", &[1, 2]).await;
    post("destroy", &[2]).await;
    let deleted = refused(secrets.get_with("app/db", exact("1")).await, ErrorKind::Deleted);
    assert!(deleted.to_string().contains("can be restored"), "{deleted}");
    let destroyed = refused(secrets.get_with("app/db", exact("2")).await, ErrorKind::Deleted);
    assert!(destroyed.to_string().contains("destroyed"), "{destroyed}");
    assert_eq!(secrets.get("app/db").await.unwrap().version(), Some(&SecretVersion::new("3")));
    let states: Vec<_> =
        secrets.versions("app/db").await.unwrap().iter().map(|info| info.state).collect();
    let gone = VersionState::Deleted;
    assert_eq!(states, [VersionState::Current, gone, gone]);

    post("undelete", &[1, 2]).await;
    let back = secrets.get_with("app/db", exact("1")).await.unwrap();
    assert_eq!(back.value().expose(), b"canary-1");
    refused(secrets.get_with("app/db", exact("2")).await, ErrorKind::Deleted);

    post("destroy", &[3]).await;
    refused(secrets.get_with("app/db", now).await, ErrorKind::Deleted);
    let previous = GetOptions::default().select(Select::Previous);
    let previous = secrets.get_with("app/db", previous).await.unwrap();
    assert_eq!(previous.version(), Some(&SecretVersion::new("1")));
    let opened = server.open(&[]).await;
    let error = refused(opened.store.restore(&"app/db".parse().unwrap()).await, ErrorKind::Deleted);
    assert!(error.to_string().contains("destroyed"), "{error}");
}

async fn case_29_a_version_that_will_be_deleted_is_not_deleted_yet(server: &Server) {
    let options = json!({"delete_version_after": "30m"});
    let (status, _) = server.raw("POST", "/v1/secret/metadata/app/db", Some(options)).await;
    assert_eq!(status, 204);
    let secrets = server.secrets(&[]).await.unwrap();
    refused(secrets.get("app/db").await, ErrorKind::NotFound);
    refused(secrets.delete("app/db").await, ErrorKind::NotFound);
    secrets.put("app/db", "canary", PutOptions::default()).await.unwrap();
    assert_eq!(secrets.get("app/db").await.unwrap().value().expose(), b"canary");
    let versions = secrets.versions("app/db").await.unwrap();
    assert_eq!(versions[0].state, VersionState::Current);
}

async fn case_34_without_any_right_below_the_mount_it_is_denied_and_not_misconfigured(
    server: &Server,
) {
    let token = server.token(&[("other/*", &["read"])]).await;
    for (mount, version) in [("secret", "2"), ("secret", "auto"), ("secret", "1"), ("kv1", "1")] {
        let settings =
            [("VAULT_TOKEN", &*token), ("VAULT_KV_MOUNT", mount), ("VAULT_KV_VERSION", version)];
        let secrets = server.secrets(&settings).await.unwrap();
        refused(secrets.get("app/db").await, ErrorKind::PermissionDenied);
    }
}

#[tokio::test]
async fn case_34_where_nobody_may_ask_the_configured_version_counts() {
    let server = Server::fake().await;
    server.as_fake().fault(Fault::new(On::Path("/v1/sys/internal")).status(403));
    for (mount, version, name) in [("secret", "2", "app/2"), ("kv1", "1", "app/1")] {
        let settings = [("VAULT_KV_MOUNT", mount), ("VAULT_KV_VERSION", version)];
        let secrets = server.secrets(&settings).await.unwrap();
        refused(secrets.get(name).await, ErrorKind::NotFound);
        secrets.put(name, "canary", PutOptions::default()).await.unwrap();
        let read = secrets.get(name).await.unwrap();
        assert_eq!(read.value().expose(), b"canary", "{mount} {version}");
        assert_eq!(read.version().is_some(), mount == "secret");
    }
    // Not configured either: what is in version 2 can be read, and written again.
    let secrets = server.secrets(&[]).await.unwrap();
    assert!(secrets.get("app/2").await.is_ok());
    secrets.put("app/2", "canary-2", PutOptions::default()).await.unwrap();
    // What is not in version 2 may be in version 1.
    for error in [
        refused(secrets.get("app/none").await, ErrorKind::Misconfigured),
        refused(
            secrets.put("app/none", "canary", PutOptions::default()).await,
            ErrorKind::Misconfigured,
        ),
    ] {
        assert_eq!(error.key(), Some("VAULT_KV_VERSION"));
    }
    // The other version shows in what it answers.
    let secrets = server.secrets(&[("VAULT_KV_VERSION", "1")]).await.unwrap();
    let error = refused(secrets.get("app/db").await, ErrorKind::Misconfigured);
    assert!(error.to_string().contains("VAULT_KV_VERSION"), "{error}");
    let secrets = server.secrets(&[("VAULT_KV_MOUNT", "kv1")]).await.unwrap();
    let put = secrets.put("app/other", "canary", PutOptions::default()).await;
    let error = refused(put, ErrorKind::Misconfigured);
    assert!(error.to_string().contains("VAULT_KV_VERSION"), "{error}");
    assert_eq!(
        server.raw("GET", "/v1/kv1/data/app/other", None).await.0,
        404,
        "nothing was written"
    );
}

#[tokio::test]
async fn an_outage_while_asking_for_the_version_is_an_outage() {
    for status in [408, 412, 500, 503] {
        let server = Server::fake().await;
        server.raw("POST", "/v1/kv1/a", Some(json!({"value": "canary"}))).await;
        let asking = On::Path("/v1/sys/internal");
        server.as_fake().fault(Fault::new(asking).status(status).times(1));
        let store = server.open(&[("VAULT_KV_MOUNT", "kv1")]).await.store;
        let name = "a".parse().unwrap();
        let put = store.put(&name, "canary-2".into(), PutOptions::default()).await;
        refused(put, ErrorKind::Unavailable);
        let read = store.get(&name, GetOptions::default()).await.unwrap();
        assert_eq!(read.value().expose(), b"canary", "{status}");
    }
}

#[tokio::test]
async fn a_missing_secret_has_the_engine_asked_again_after_a_while_and_never_in_its_way() {
    let server = Server::fake().await;
    let fake = server.as_fake();
    let clock = ManualClock::at(1_800_000_000);
    let builder = Secrets::builder().settings(server.settings(&[])).clock(clock.clone());
    let secrets = builder.attempts(1).build().await.unwrap();
    let asked = || fake.count("GET", "/v1/sys/internal/ui/mounts/secret");
    secrets.put("a", "canary", PutOptions::default()).await.unwrap();
    for _ in 0..5 {
        refused(secrets.get("none").await, ErrorKind::NotFound);
    }
    assert_eq!(asked(), 1);
    clock.advance(Duration::from_secs(30));
    fake.fault(Fault::new(On::Path("/v1/sys/internal")).status(503).times(1));
    assert!(secrets.get("a").await.is_ok(), "what it said before holds while it cannot say");
    assert_eq!(asked(), 2);
    clock.advance(Duration::from_secs(30));
    fake.fault(Fault::new(On::Path("/v1/sys/internal")).status(403).times(1));
    refused(secrets.get("none").await, ErrorKind::NotFound);
    assert_eq!(asked(), 3);
    clock.advance(Duration::from_secs(30));

    fake.mount("secret", Mount::Kv1);
    let written = secrets.put("b", "canary", PutOptions::default()).await.unwrap();
    assert_eq!(written, None, "in the place of version 1");
    assert_eq!(secrets.get("b").await.unwrap().value().expose(), b"canary");
    assert_eq!(server.raw("GET", "/v1/secret/data/b", None).await.0, 404, "and nowhere else");
}

async fn an_engine_that_is_upgraded_is_followed(server: &Server) {
    let secrets = server.secrets(&[("VAULT_KV_MOUNT", "kv1")]).await.unwrap();
    secrets.put("a", "canary-1", PutOptions::default()).await.unwrap();
    // Past the cache, which does not ask again at once.
    let store = server.open(&[("VAULT_KV_MOUNT", "kv1")]).await.store;
    let name = "a".parse().unwrap();
    store.get(&name, GetOptions::default()).await.unwrap();
    match server.sort() {
        Sort::Fake(fake) => fake.mount("kv1", Mount::Kv2),
        Sort::Real(bao, _) => drop(bao.bao(&["kv", "enable-versioning", "kv1"]).unwrap()),
    }
    // Once it shows that something changed, and while the server is at it it says so.
    let mut read = store.get(&name, GetOptions::default()).await;
    for _ in 0..50 {
        if !matches!(&read, Err(error) if error.kind() != ErrorKind::NotFound) {
            break;
        }
        read = store.get(&name, GetOptions::default()).await;
    }
    if let Sort::Real(..) = server.sort() {
        assert_eq!(read.unwrap().value().expose(), b"canary-1");
    }
    let other = "b".parse().unwrap();
    store.put(&other, "canary-2".into(), PutOptions::default()).await.unwrap();
    assert!(store.get(&other, GetOptions::default()).await.unwrap().version().is_some());
}

/// The server's clock counts, as it sets the times of deletion.
async fn deletion_is_told_by_the_servers_clock(server: &Server) {
    let clock = ManualClock::at(1_000_000_000);
    let secrets = Secrets::builder().settings(server.settings(&[])).clock(clock).build().await;
    let secrets = secrets.unwrap();
    secrets.put("a", "canary", PutOptions::default()).await.unwrap();
    secrets.delete("a").await.unwrap();
    assert_eq!(secrets.versions("a").await.unwrap()[0].state, VersionState::Deleted);
    secrets.restore("a").await.unwrap();
    assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary");
}

/// A fake has a clock of its own, which is the server's.
#[tokio::test]
async fn deletion_on_a_fake_is_told_by_the_fakes_clock() {
    let clock = ManualClock::at(4_000_000_000);
    let fake = strongroom_testkit::vault().clock(clock.clone()).start().await;
    let secrets = Secrets::from_settings(fake.settings()).await.unwrap();
    secrets.put("a", "canary", PutOptions::default()).await.unwrap();
    clock.advance(Duration::from_secs(5));
    secrets.delete("a").await.unwrap();
    assert_eq!(secrets.versions("a").await.unwrap()[0].state, VersionState::Deleted);
    refused(secrets.get("a").await, ErrorKind::Deleted);
}

/// One value a name is kept there, so that a rotation would destroy the only copy of the key.
async fn version_1_signs_and_does_not_rotate(server: &Server) {
    let settings = [("VAULT_KV_MOUNT", "kv1"), ("VAULT_SIGNING_SECRET_NAME", "signing-key")];
    let body = json!({"value": key("1")});
    assert_eq!(server.raw("POST", "/v1/kv1/signing-key", Some(body)).await.0, 204);
    let signer = server.secrets(&settings).await.unwrap().signer().await.unwrap();
    let signature = signer.sign(b"hi").await.unwrap();
    let fresh = server.secrets(&settings).await.unwrap();
    let rotated = fresh.rotate("signing-key").no_wait().run().await;
    refused(rotated, ErrorKind::Unsupported);
    assert!(fresh.signer().await.unwrap().verify(b"hi", &signature).await.is_ok());
}

async fn case_35_f084_the_other_version_of_the_engine_is_misconfigured(server: &Server) {
    for (mount, version, paths) in [
        ("secret", "1", ["`secret/NAME`", "`secret/data/NAME`"]),
        ("kv1", "2", ["`kv1/data/NAME`", "`kv1/NAME`"]),
    ] {
        let settings = [("VAULT_KV_MOUNT", mount), ("VAULT_KV_VERSION", version)];
        let secrets = server.secrets(&settings).await.unwrap();
        for error in [
            refused(secrets.get("a").await, ErrorKind::Misconfigured),
            refused(
                secrets.put("a", "canary", PutOptions::default()).await,
                ErrorKind::Misconfigured,
            ),
            refused(secrets.list(None).await, ErrorKind::Misconfigured),
        ] {
            assert_eq!(error.reason(), Some(Reason::Mount));
            assert!(paths.iter().all(|path| error.to_string().contains(path)), "{error}");
        }
    }
    for (mount, words) in [("transit", "not KV"), ("secret/app", "VAULT_KV_PREFIX")] {
        let secrets = server.secrets(&[("VAULT_KV_MOUNT", mount)]).await.unwrap();
        let error = refused(secrets.get("a").await, ErrorKind::Misconfigured);
        assert!(error.to_string().contains(words), "{error}");
    }
}

async fn b016_a_path_of_the_api_is_no_name(server: &Server) {
    let secrets = server.secrets(&[]).await.unwrap();
    for name in ["secret/data/app/db", "secret/metadata/app/db"] {
        let error = refused(secrets.get(name).await, ErrorKind::Misconfigured);
        assert!(error.to_string().contains("already contains"), "{error}");
    }
    if let Sort::Fake(fake) = server.sort() {
        assert_eq!(fake.calls(), [], "case 9: nothing is sent");
    }
    // The word alone is a name like any other.
    secrets.put("data/app", "canary", PutOptions::default()).await.unwrap();
    assert_eq!(secrets.get("data/app").await.unwrap().value().expose(), b"canary");
}

async fn case_10_names_never_reach_another_path(server: &Server) {
    put_raw(server, "app/db", json!({"value": "canary-of-another"})).await;
    let secrets = server.secrets(&[]).await.unwrap();
    for name in [
        "app%2Fdb",
        "app%2fdb",
        "app%252Fdb",
        "x/%2e%2e/app/db",
        "app/db?version=1",
        "app/db%3f",
        "app/db;x",
        "app\\db",
        "app/%2e/db",
        "x\\..\\app\\db",
        "app/db%00",
        "app/d\u{62}\u{301}",
    ] {
        match secrets.get(name).await {
            Err(error) => assert!(
                matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Misconfigured),
                "{name}: {error:?}"
            ),
            Ok(_) => panic!("{name} reached app/db"),
        }
    }
    assert_eq!(secrets.list(None).await.unwrap().len(), 1);
}

async fn a_field_write_keeps_its_siblings_as_they_are(server: &Server) {
    let data = json!({"user": "canary", "port": 5432, "ratio": 0.5, "more": {"a": [1, null, "x"]}, "none": null});
    put_raw(server, "app/db", data.clone()).await;
    let secrets = server.secrets(&[]).await.unwrap();
    let version = secrets.put("app/db#password", "canary \"2\"\n", PutOptions::default()).await;
    assert_eq!(version.unwrap(), Some(SecretVersion::new("2")));
    let (_, read) = server.raw("GET", "/v1/secret/data/app/db", None).await;
    let mut expected = data;
    expected["password"] = "canary \"2\"\n".into();
    assert_eq!(read["data"]["data"], expected);
    // Field `value`, which a name without a field means, is one field among others.
    secrets.put("app/db", "canary-3", PutOptions::default()).await.unwrap();
    let (_, read) = server.raw("GET", "/v1/secret/data/app/db", None).await;
    expected["value"] = "canary-3".into();
    assert_eq!(read["data"]["data"], expected);
}

async fn a_write_to_a_deleted_secret_makes_a_new_version(server: &Server) {
    let secrets = server.secrets(&[]).await.unwrap();
    for (put, if_version) in [("2", IfVersion::Any), ("4", IfVersion::Absent)] {
        secrets.put("app/db#user", "canary-user", PutOptions::default()).await.unwrap();
        secrets.delete("app/db").await.unwrap();
        refused(secrets.delete("app/db").await, ErrorKind::Deleted);
        let is = PutOptions::default().if_version(IfVersion::Is("1".into()));
        refused(secrets.put("app/db", "canary", is).await, ErrorKind::Conflict);
        let options = PutOptions::default().if_version(if_version);
        secrets.put("app/db", "canary", options).await.unwrap();
        let read = secrets.get("app/db").await.unwrap();
        assert_eq!(read.version(), Some(&SecretVersion::new(put)));
        let field = secrets.get("app/db#user").await;
        let error = refused(field, ErrorKind::NotFound);
        assert_eq!(error.reason(), Some(Reason::Field), "deleted fields stay deleted");
        secrets.delete("app/db").await.unwrap();
    }
}

async fn a_batch_of_names_and_fields_is_answered_in_order(server: &Server) {
    put_raw(server, "a", json!({"value": "canary-a", "user": "canary-user"})).await;
    put_raw(server, "b", json!({"value": "canary-b"})).await;
    let secrets = server.secrets(&[]).await.unwrap();
    let names = ["b", "a#user", "missing", "a", "b#user", "a//b", "a#value"];
    let read = secrets.get_many(&names).await;
    let found: Vec<_> = read
        .iter()
        .map(|one| one.as_ref().map(|one| one.value().expose_str().unwrap()))
        .map(|one| one.map_err(Error::kind))
        .collect();
    let (gone, bad) = (Err(ErrorKind::NotFound), Err(ErrorKind::Misconfigured));
    let user = Ok("canary-user");
    assert_eq!(found, [Ok("canary-b"), user, gone, Ok("canary-a"), gone, bad, Ok("canary-a")]);
}

async fn writers_of_different_fields_lose_nothing(server: &Server) {
    let secrets = server.secrets(&[]).await.unwrap();
    let write = async |field: &'static str| {
        secrets.put(&format!("app/db#{field}"), "canary", PutOptions::default()).await
    };
    let (one, two, three) = tokio::join!(write("one"), write("two"), write("three"));
    for written in [one, two, three] {
        written.unwrap();
    }
    for field in ["one", "two", "three"] {
        assert_eq!(
            secrets.get(&format!("app/db#{field}")).await.unwrap().value().expose(),
            b"canary"
        );
    }
}

async fn prefixes_stand_in_order_and_lists_give_logical_names(server: &Server) {
    let settings = [("VAULT_KV_PREFIX", "team"), ("SECRETS_PREFIX", "nexus-engine/prod")];
    let secrets = server.secrets(&settings).await.unwrap();
    for name in ["connectionStrings/primary", "connectionStrings", "z"] {
        secrets.put(name, "canary", PutOptions::default()).await.unwrap();
    }
    let path = "/v1/secret/data/team/nexus-engine/prod/connectionStrings/primary";
    assert_eq!(server.raw("GET", path, None).await.0, 200);
    put_raw(server, "team/nexus-engine/production", json!({"value": "canary"})).await;
    let names = async |prefix| -> Vec<String> {
        let listed = secrets.list(prefix).await.unwrap();
        listed.iter().map(ToString::to_string).collect()
    };
    let all = ["connectionStrings", "connectionStrings/primary", "z"];
    assert_eq!(names(None).await, all);
    assert_eq!(names(Some("connectionStrings")).await, all[..2]);
    assert_eq!(names(Some("connection")).await, [""; 0]);
}

/// Names come without values: nothing but lists is asked for, also on version 1, where a read is a value.
#[tokio::test]
async fn case_12_listing_reads_no_secret() {
    for (mount, folder) in [("secret", "/v1/secret/metadata"), ("kv1", "/v1/kv1")] {
        let server = Server::fake().await;
        let secrets = server.secrets(&[("VAULT_KV_MOUNT", mount)]).await.unwrap();
        for name in ["app", "app/db", "x"] {
            secrets.put(name, "canary", PutOptions::default()).await.unwrap();
        }
        let before = server.as_fake().calls().len();
        let names = secrets.list(Some("app")).await.unwrap();
        assert_eq!(names.iter().map(ToString::to_string).collect::<Vec<_>>(), ["app", "app/db"]);
        let calls = server.as_fake().calls().split_off(before);
        let paths: Vec<_> = calls.iter().map(|call| call.path.as_str()).collect();
        assert_eq!(paths, [format!("{folder}?list=true"), format!("{folder}/app?list=true")]);
        // A page of a gateway is no empty folder.
        let page = Fault::new(On::List).status(404).body("<html>gone</html>");
        server.as_fake().fault(page);
        refused(secrets.list(Some("app")).await, ErrorKind::Malformed);
        refused(secrets.list(None).await, ErrorKind::Malformed);
    }
}

async fn an_independent_client_reads_what_we_write_and_writes_what_we_read(server: &Server) {
    use std::collections::HashMap;

    let client = server.vaultrs();
    let secrets = server.secrets(&[]).await.unwrap();
    let value = "canary \"quoted\" ünïcödé\n\u{1}";
    secrets.put("app/db", value, PutOptions::default()).await.unwrap();
    let read: HashMap<String, String> =
        vaultrs::kv2::read(&client, "secret", "app/db").await.unwrap();
    assert_eq!(read, HashMap::from([("value".to_owned(), value.to_owned())]));
    let data = HashMap::from([("value", "canary-2"), ("user", "canary-user")]);
    vaultrs::kv2::set(&client, "secret", "app/db", &data).await.unwrap();
    let secret = secrets.get("app/db").await.unwrap();
    assert_eq!(secret.value().expose(), b"canary-2");
    assert_eq!(secret.version(), Some(&SecretVersion::new("2")));
    assert_eq!(secrets.get("app/db#user").await.unwrap().value().expose(), b"canary-user");

    let one = server.secrets(&[("VAULT_KV_MOUNT", "kv1")]).await.unwrap();
    one.put("app/db", value, PutOptions::default()).await.unwrap();
    let read: HashMap<String, String> = vaultrs::kv1::get(&client, "kv1", "app/db").await.unwrap();
    assert_eq!(read.get("value").map(String::as_str), Some(value));
}

async fn version_1_writes_no_field_next_to_others(server: &Server) {
    let body = json!({"user": "canary", "ttl": "1h"});
    assert_eq!(server.raw("POST", "/v1/kv1/app/db", Some(body.clone())).await.0, 204);
    let secrets = server.secrets(&[("VAULT_KV_MOUNT", "kv1")]).await.unwrap();
    assert_eq!(secrets.get("app/db#user").await.unwrap().value().expose(), b"canary");
    for name in ["app/db", "app/db#user"] {
        let put = secrets.put(name, "canary-2", PutOptions::default()).await;
        refused(put, ErrorKind::Unsupported);
    }
    let (_, read) = server.raw("GET", "/v1/kv1/app/db", None).await;
    assert_eq!(read["data"], body, "nothing is lost");
    secrets.put("app/lone#password", "canary-1", PutOptions::default()).await.unwrap();
    secrets.put("app/lone#password", "canary-2", PutOptions::default()).await.unwrap();
    let read = secrets.get("app/lone#password").await.unwrap();
    assert_eq!((read.value().expose(), read.version()), (&b"canary-2"[..], None));
    secrets.delete("app/lone").await.unwrap();
    refused(secrets.delete("app/lone").await, ErrorKind::NotFound);
}
