//! What the fake of Vault answers, over the wire.

use std::time::Duration;

use serde_json::{Value, json};
use strongroom_testkit::{FakeVault, Fault, ManualClock, Mount, On, ServerState};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ROOT: &str = FakeVault::TOKEN;
/// `hello`
const INPUT: &str = "aGVsbG8=";

/// Sends one request and reads the status, the head and the body.
async fn send(vault: &FakeVault, line: &str, headers: &str, body: &str) -> (u16, String, Value) {
    let address = vault.address();
    let address = address.strip_prefix("http://").expect("an address");
    let (method, path) = line.split_once(' ').expect("a method and a path");
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: fake\r\nconnection: close\r\n\
         content-length: {length}\r\n{headers}\r\n{body}"
    );
    let mut stream = TcpStream::connect(address).await.expect("a server");
    stream.write_all(request.as_bytes()).await.expect("a server that reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.get(9..12).and_then(|status| status.parse().ok()).expect("a status");
    (status, head.to_owned(), serde_json::from_str(body).unwrap_or_default())
}

async fn with_token(vault: &FakeVault, token: &str, line: &str, body: Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (status, _, body) = send(vault, line, &format!("x-vault-token: {token}\r\n"), &body).await;
    (status, body)
}

async fn ask(vault: &FakeVault, line: &str) -> (u16, Value) {
    with_token(vault, ROOT, line, Value::Null).await
}

async fn tell(vault: &FakeVault, line: &str, body: Value) -> (u16, Value) {
    with_token(vault, ROOT, line, body).await
}

#[tokio::test]
async fn an_answer_has_the_whole_envelope() {
    let vault = FakeVault::start().await;
    assert_eq!(tell(&vault, "POST /v1/kv1/app", json!({ "x": "canary-1" })).await.0, 204);
    let (status, body) = ask(&vault, "GET /v1/kv1/app").await;
    assert_eq!((status, &body["data"]), (200, &json!({ "x": "canary-1" })));
    let keys: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    let all = "auth data lease_duration lease_id renewable request_id warnings wrap_info";
    assert_eq!(keys.join(" "), all);
    assert_eq!(body["lease_duration"], 2_764_800);
}

#[tokio::test]
async fn two_fakes_share_nothing() {
    let (one, other) = (FakeVault::start().await, FakeVault::start().await);
    tell(&one, "POST /v1/kv1/app", json!({ "x": "canary-1" })).await;
    assert_eq!(ask(&other, "GET /v1/kv1/app").await, (404, json!({ "errors": [] })));
    assert_eq!((one.calls().len(), other.calls().len()), (1, 1));
}

#[tokio::test]
async fn versions_are_read_by_number() {
    let vault = FakeVault::start().await;
    for value in ["canary-1", "canary-2"] {
        tell(&vault, "POST /v1/secret/data/app", json!({ "data": { "x": value } })).await;
    }
    for (query, status, value) in [
        ("", 200, "canary-2"),
        ("?version=0", 200, "canary-2"),
        ("?version=1", 200, "canary-1"),
        ("?version=99", 404, ""),
        ("?version=abc", 400, ""),
    ] {
        let (found, body) = ask(&vault, &format!("GET /v1/secret/data/app{query}")).await;
        assert_eq!(found, status, "{query}");
        assert_eq!(body["data"]["data"]["x"].as_str().unwrap_or_default(), value, "{query}");
    }
}

#[tokio::test]
async fn a_write_that_expects_another_version_is_refused() {
    let vault = FakeVault::start().await;
    let write = |cas: Value| json!({ "data": { "x": 1 }, "options": { "cas": cas } });
    for (cas, status) in [(json!(1), 400), (json!(0), 200), (json!(0), 400), (json!("1"), 200)] {
        let found = tell(&vault, "POST /v1/secret/data/app", write(cas.clone())).await;
        assert_eq!(found.0, status, "{cas}");
    }
    tell(&vault, "POST /v1/secret/metadata/app", json!({ "cas_required": true })).await;
    let (status, body) = tell(&vault, "PUT /v1/secret/data/app", json!({ "data": {} })).await;
    let text = "check-and-set parameter required for this call";
    assert_eq!((status, body), (400, json!({ "errors": [text] })));
}

#[tokio::test]
async fn a_deleted_version_comes_back_and_a_destroyed_one_does_not() {
    let vault = FakeVault::start().await;
    let versions = json!({ "versions": [1] });
    tell(&vault, "POST /v1/secret/data/app", json!({ "data": { "x": 1 } })).await;
    for (line, status, destroyed) in [
        ("DELETE /v1/secret/data/app", 404, json!(false)),
        ("POST /v1/secret/undelete/app", 200, json!(false)),
        ("POST /v1/secret/delete/app", 404, json!(false)),
        ("PUT /v1/secret/destroy/app", 404, json!(true)),
        ("POST /v1/secret/undelete/app", 404, json!(true)),
    ] {
        assert_eq!(tell(&vault, line, versions.clone()).await.0, 204, "{line}");
        let (found, body) = ask(&vault, "GET /v1/secret/data/app").await;
        assert_eq!((found, &body["data"]["metadata"]["destroyed"]), (status, &destroyed), "{line}");
        assert_eq!(body["data"]["data"].is_null(), status == 404, "{line}");
    }
}

#[tokio::test]
async fn a_version_that_outlived_its_limits_is_gone() {
    let clock = ManualClock::at(1_800_000_000);
    let vault = strongroom_testkit::vault().clock(clock.clone()).start().await;
    let limits = json!({ "max_versions": 2, "delete_version_after": "90m" });
    tell(&vault, "POST /v1/secret/metadata/app", limits).await;
    for _ in 0..3 {
        tell(&vault, "POST /v1/secret/data/app", json!({ "data": { "x": 1 } })).await;
    }
    let first = ask(&vault, "GET /v1/secret/data/app?version=1").await;
    assert_eq!(first, (404, json!({ "errors": [] })));
    let (_, body) = ask(&vault, "GET /v1/secret/metadata/app").await;
    assert_eq!(body["data"]["delete_version_after"], "1h30m0s");
    assert_eq!(body["data"]["created_time"], "2027-01-15T08:00:00Z");
    assert_eq!(ask(&vault, "GET /v1/secret/data/app").await.0, 200);
    clock.advance(Duration::from_secs(90 * 60));
    assert_eq!(ask(&vault, "GET /v1/secret/data/app").await.0, 404);
}

#[tokio::test]
async fn a_patch_merges() {
    let vault = FakeVault::start().await;
    let old = json!({ "data": { "a": { "b": 1, "c": 2 }, "k": "canary-1" } });
    tell(&vault, "POST /v1/secret/data/app", old).await;
    let patch = json!({ "data": { "a": { "b": null, "d": 3 } } }).to_string();
    let json = "content-type: application/json\r\n";
    let merge = "content-type: application/merge-patch+json\r\n";
    for (name, content_type, status) in
        [("app", merge, 200), ("app", json, 415), ("app", "", 400), ("none", merge, 404)]
    {
        let line = format!("PATCH /v1/secret/data/{name}");
        let headers = format!("x-vault-token: {ROOT}\r\n{content_type}");
        assert_eq!(send(&vault, &line, &headers, &patch).await.0, status, "{name} {content_type}");
    }
    let (_, body) = ask(&vault, "GET /v1/secret/data/app").await;
    let merged = json!({ "a": { "c": 2, "d": 3 }, "k": "canary-1" });
    assert_eq!(body["data"]["data"], merged);
}

#[tokio::test]
async fn lists_show_folders_and_answer_both_verbs() {
    let vault = FakeVault::start().await;
    for name in ["app", "app/db", "app/sub/x", "other"] {
        tell(&vault, &format!("POST /v1/secret/data/{name}"), json!({ "data": {} })).await;
        tell(&vault, &format!("POST /v1/kv1/{name}"), json!({ "x": 1 })).await;
    }
    for mount in ["secret/metadata", "kv1"] {
        for (line, keys) in [
            ("LIST {}", json!(["app", "app/", "other"])),
            ("GET {}/app?list=true", json!(["db", "sub/"])),
            ("LIST {}/none", Value::Null),
        ] {
            let line = line.replace("{}", &format!("/v1/{mount}"));
            assert_eq!(ask(&vault, &line).await.1["data"]["keys"], keys, "{line}");
        }
    }
}

#[tokio::test]
async fn wrong_paths_say_what_is_wrong_with_them() {
    let vault = FakeVault::start().await;
    let (status, body) = ask(&vault, "GET /v1/secret/app").await;
    let warning = body["warnings"][0].as_str().unwrap();
    assert_eq!(status, 404);
    assert!(warning.starts_with("Invalid path for a versioned K/V secrets engine."), "{warning}");
    let denied = "1 error occurred:\n\t* unsupported operation\n\n";
    for (line, status, text) in [
        ("GET /v1/none/app", 404, r#"no handler for route "none/app". route entry not found."#),
        ("GET /v1/secret/undelete/app", 405, denied),
        ("GET /v1/secret/data/x%2F..%2Fy", 400, "relative paths not supported"),
        ("POST /v1/secret/data/x/", 400, "cannot write to a path ending in '/'"),
    ] {
        assert_eq!(ask(&vault, line).await, (status, json!({ "errors": [text] })), "{line}");
    }
    let (status, head, _) = send(&vault, "GET /v1/secret//data/app?version=1", "", "").await;
    assert_eq!(status, 307);
    assert!(head.contains("location: /v1/secret/data/app?version=1"), "{head}");
}

#[tokio::test]
async fn a_body_that_is_not_an_object_is_refused_before_the_token() {
    let vault = FakeVault::start().await;
    for (body, reason) in [
        ("not json", "invalid character 'o' in literal null (expecting 'u')"),
        ("{", "unexpected EOF"),
        ("[]", "json: cannot unmarshal array into Go value of type map[string]interface {}"),
    ] {
        let (status, _, answer) = send(&vault, "POST /v1/kv1/app", "", body).await;
        let text = format!("failed to decode JSON input: {reason}");
        assert_eq!((status, answer), (400, json!({ "errors": [text] })), "{body}");
    }
}

#[tokio::test]
async fn a_policy_denies_what_it_does_not_name() {
    let vault = FakeVault::start().await;
    tell(&vault, "POST /v1/secret/data/app/db", json!({ "data": { "x": 1 } })).await;
    vault.add_token(
        "canary-app",
        &[
            ("secret/data/app/*", &["read", "create"]),
            ("secret/data/app/closed", &["deny"]),
            ("secret/metadata/app/*", &["list"]),
            ("kv1/+/db", &["read"]),
        ],
    );
    let data = json!({ "data": { "x": 1 } });
    for (line, body, status) in [
        ("GET /v1/secret/data/app/db", Value::Null, 200),
        ("GET /v1/secret/data/app/closed", Value::Null, 403),
        ("GET /v1/secret/data/other", Value::Null, 403),
        ("POST /v1/secret/data/app/new", data.clone(), 200),
        ("POST /v1/secret/data/app/db", data, 403),
        ("LIST /v1/secret/metadata/app", Value::Null, 200),
        ("GET /v1/kv1/app/db", Value::Null, 404),
        ("GET /v1/kv1/app/x/db", Value::Null, 403),
        ("GET /v1/auth/token/lookup-self", Value::Null, 200),
        ("GET /v1/sys/internal/ui/mounts/secret/data/other", Value::Null, 200),
        ("GET /v1/sys/internal/ui/mounts/transit", Value::Null, 403),
    ] {
        assert_eq!(with_token(&vault, "canary-app", line, body).await.0, status, "{line}");
    }
    let asked = json!({ "paths": ["secret/data/app/db", "kv1/x"] });
    let (_, body) = with_token(&vault, "canary-app", "POST /v1/sys/capabilities-self", asked).await;
    let expected = json!({ "secret/data/app/db": ["create", "read"], "kv1/x": ["deny"] });
    assert_eq!(body["data"], expected);
}

#[tokio::test]
async fn a_dead_token_and_a_denial_differ_in_text_only() {
    let vault = FakeVault::start().await;
    vault.add_token("canary-app", &[]);
    let read = "GET /v1/kv1/app";
    let denied = json!({ "errors": ["1 error occurred:\n\t* permission denied\n\n"] });
    let unknown = json!({ "errors": ["permission denied"] });
    assert_eq!(with_token(&vault, "canary-app", read, Value::Null).await, (403, denied));
    vault.revoke_token("canary-app");
    assert_eq!(with_token(&vault, "canary-app", read, Value::Null).await, (403, unknown.clone()));
    assert_eq!(send(&vault, read, "", "").await.2, unknown);
    let bearer = format!("authorization: Bearer {ROOT}\r\n");
    assert_eq!(send(&vault, read, &bearer, "").await.0, 404);
}

#[tokio::test]
async fn a_token_lives_as_long_as_it_was_renewed_for() {
    let clock = ManualClock::at(1_800_000_000);
    let vault = strongroom_testkit::vault().clock(clock.clone()).start().await;
    vault.add_token("canary-app", &[]);
    let renew = json!({ "increment": "1h" });
    let (_, body) =
        with_token(&vault, "canary-app", "POST /v1/auth/token/renew-self", renew.clone()).await;
    assert_eq!(body["auth"]["lease_duration"], 3600);
    let look = "GET /v1/auth/token/lookup-self";
    for (seconds, status) in [(3599, 200), (1, 403)] {
        clock.advance(Duration::from_secs(seconds));
        assert_eq!(with_token(&vault, "canary-app", look, Value::Null).await.0, status);
    }
    assert_eq!(tell(&vault, "POST /v1/auth/token/renew-self", renew).await.0, 400);
}

#[tokio::test]
async fn signatures_verify_until_their_version_is_too_old() {
    let vault = FakeVault::start().await;
    tell(&vault, "POST /v1/transit/keys/k", json!({ "type": "ed25519" })).await;
    let (_, signed) = tell(&vault, "POST /v1/transit/sign/k", json!({ "input": INPUT })).await;
    let signature = signed["data"]["signature"].as_str().unwrap().to_owned();
    assert!(signature.starts_with("vault:v1:"), "{signature}");
    let verify = json!({ "input": INPUT, "signature": signature });
    tell(&vault, "POST /v1/transit/keys/k/rotate", Value::Null).await;
    let (_, body) = tell(&vault, "POST /v1/transit/verify/k", verify.clone()).await;
    assert_eq!(body["data"], json!({ "valid": true }));
    let (_, body) = tell(&vault, "POST /v1/transit/sign/k", json!({ "input": INPUT })).await;
    assert_eq!(body["data"]["key_version"], 2);

    tell(&vault, "POST /v1/transit/keys/k/config", json!({ "min_decryption_version": 2 })).await;
    let text = "ciphertext or signature version is disallowed by policy (too old)";
    let refused = (400, json!({ "errors": [text] }));
    assert_eq!(tell(&vault, "POST /v1/transit/verify/k", verify).await, refused);
}

#[tokio::test]
async fn hmacs_are_those_of_the_named_algorithm() {
    let vault = FakeVault::start().await;
    tell(&vault, "POST /v1/transit/keys/k", json!({ "type": "hmac", "key_size": 32 })).await;
    let mut tags = Vec::new();
    for path in ["k", "k/sha2-256", "k/sha2-512"] {
        let line = format!("POST /v1/transit/hmac/{path}");
        let (_, body) = tell(&vault, &line, json!({ "input": INPUT })).await;
        tags.push(body["data"]["hmac"].clone());
    }
    assert_eq!(tags[0], tags[1]);
    for (tag, valid) in [(&tags[0], true), (&tags[2], false)] {
        let body = json!({ "input": INPUT, "hmac": tag });
        let (_, body) = tell(&vault, "POST /v1/transit/verify/k", body).await;
        assert_eq!(body["data"], json!({ "valid": valid }));
    }
}

#[tokio::test]
async fn two_fakes_make_the_same_signature_and_a_key_made_again_makes_another() {
    let mut signatures = Vec::new();
    for again in [false, false, true] {
        let vault = FakeVault::start().await;
        tell(&vault, "POST /v1/transit/keys/k", json!({ "type": "ed25519" })).await;
        if again {
            let allow = json!({ "deletion_allowed": true });
            assert_eq!(ask(&vault, "DELETE /v1/transit/keys/k").await.0, 400);
            tell(&vault, "POST /v1/transit/keys/k/config", allow).await;
            assert_eq!(ask(&vault, "DELETE /v1/transit/keys/k").await.0, 204);
            tell(&vault, "POST /v1/transit/keys/k", json!({ "type": "ed25519" })).await;
        }
        let (_, body) = tell(&vault, "POST /v1/transit/sign/k", json!({ "input": INPUT })).await;
        signatures.push(body["data"]["signature"].clone());
    }
    assert_eq!(signatures[0], signatures[1]);
    assert_ne!(signatures[0], signatures[2]);
}

#[tokio::test]
async fn one_bad_item_does_not_fail_a_batch() {
    let vault = FakeVault::start().await;
    tell(&vault, "POST /v1/transit/keys/k", json!({ "type": "ed25519" })).await;
    let batch = json!({ "batch_input": [{ "input": INPUT }, { "input": "!!", "reference": "b" }] });
    let (status, body) = tell(&vault, "POST /v1/transit/sign/k", batch).await;
    let results = &body["data"]["batch_results"];
    let text = "unable to decode input as base64: illegal base64 data at input byte 0";
    assert_eq!(status, 200);
    assert_eq!(results[1], json!({ "error": text, "key_version": 0, "reference": "b" }));

    let item = json!({ "input": "", "signature": results[0]["signature"] });
    let batch = json!({ "batch_input": [item] });
    let (_, body) = tell(&vault, "POST /v1/transit/verify/k", batch).await;
    assert_eq!(body["data"]["batch_results"], json!([{ "valid": false, "reference": "" }]));
}

#[tokio::test]
async fn transit_refuses_in_the_words_of_the_server() {
    let vault = FakeVault::start().await;
    tell(&vault, "POST /v1/transit/keys/e", json!({ "type": "ed25519" })).await;
    tell(&vault, "POST /v1/transit/keys/h", json!({ "type": "hmac", "key_size": 32 })).await;
    let size = "1 error occurred:\n\t* invalid key size for HMAC key, must be between 32 and 512 bytes\n\n";
    let version = "1 error occurred:\n\t* requested version for signing is higher than the latest \
                   key version\n\n";
    for (path, body, status, text) in [
        ("keys/x", json!({ "type": "hmac" }), 500, size),
        ("keys/x", json!({ "type": "hmac", "key_size": 16 }), 400, "invalid key_size 16"),
        ("sign/none", json!({}), 400, "signing key not found"),
        ("hmac/none", json!({ "input": "" }), 400, "encryption key not found"),
        ("sign/h", json!({}), 400, "key type hmac does not support signing"),
        ("sign/e", json!({ "key_version": 9 }), 500, version),
        ("hmac/h", json!({}), 400, "missing input for HMAC"),
        ("verify/e", json!({ "signature": "garbage" }), 400, "invalid signature: no prefix"),
        (
            "verify/e",
            json!({ "signature": "vault:v9:" }),
            400,
            "invalid signature: version is too new",
        ),
        ("verify/h", json!({ "hmac": "garbage" }), 400, "invalid HMAC to verify: no prefix"),
    ] {
        let found = tell(&vault, &format!("POST /v1/transit/{path}"), body).await;
        assert_eq!(found, (status, json!({ "errors": [text] })), "{path}");
    }
}

#[tokio::test]
async fn health_tells_every_state_and_a_sealed_server_answers_nothing() {
    let vault = FakeVault::start().await;
    for (state, health, read) in [
        (ServerState::Active, 200, 404),
        (ServerState::Standby, 429, 404),
        (ServerState::DrSecondary, 472, 404),
        (ServerState::PerformanceStandby, 473, 404),
        (ServerState::CutOff, 474, 404),
        (ServerState::Uninitialised, 501, 503),
        (ServerState::Sealed, 503, 503),
        (ServerState::Removed, 530, 404),
    ] {
        vault.set_state(state);
        assert_eq!(send(&vault, "GET /v1/sys/health", "", "").await.0, health, "{state:?}");
        assert_eq!(send(&vault, "HEAD /v1/sys/health", "", "").await.0, health, "{state:?}");
        assert_eq!(ask(&vault, "GET /v1/kv1/app").await.0, read, "{state:?}");
        assert_eq!(send(&vault, "GET /v1/sys/seal-status", "", "").await.0, 200, "{state:?}");
    }
}

#[tokio::test]
async fn namespaces_and_mounts_are_apart() {
    let vault = FakeVault::start().await;
    vault.add_namespace("team-a");
    vault.mount("extra", Mount::Kv1);
    vault.unmount("team-a/transit");
    let header = |name: &str| format!("x-vault-token: {ROOT}\r\nx-vault-namespace: {name}\r\n");
    let body = json!({ "x": 1 }).to_string();
    send(&vault, "POST /v1/kv1/app", &header("team-a/"), &body).await;
    for (line, namespace, status) in [
        ("GET /v1/kv1/app", "team-a", 200),
        ("GET /v1/team-a/kv1/app", "root", 200),
        ("GET /v1/kv1/app", "", 404),
        ("POST /v1/extra/app", "", 204),
        ("POST /v1/extra/app", "team-a", 404),
        ("LIST /v1/transit/keys", "team-a", 404),
    ] {
        assert_eq!(send(&vault, line, &header(namespace), &body).await.0, status, "{line}");
    }
    let (status, _, body) = send(&vault, "GET /v1/kv1/app", &header("team-b"), "").await;
    assert_eq!((status, body), (404, json!({ "errors": ["namespace not found"] })));
    assert_eq!(vault.calls().last().unwrap().namespace.as_deref(), Some("team-b"));
}

#[tokio::test]
async fn the_first_fault_that_hits_is_used_as_often_as_it_says() {
    let vault = FakeVault::start().await;
    vault.fault(Fault::new(On::Write).status(503).header("retry-after", "2").times(1));
    vault.fault(Fault::new(On::Path("/v1/kv1/")).body("{").times(2));
    let (status, head, _) = send(&vault, "POST /v1/kv1/app", "", r#"{"x":1}"#).await;
    assert_eq!(status, 503);
    assert!(head.contains("retry-after: 2"), "{head}");
    // With a status it is not carried out; without one it is.
    assert_eq!(ask(&vault, "GET /v1/kv1/app").await, (404, Value::Null));
    assert_eq!(tell(&vault, "POST /v1/kv1/app", json!({ "x": 1 })).await.0, 204);
    assert_eq!(ask(&vault, "GET /v1/kv1/app").await.1["data"], json!({ "x": 1 }));
    vault.fault(Fault::new(On::Any).status(500));
    assert_eq!(ask(&vault, "GET /v1/sys/health").await.0, 500);
    vault.clear_faults();
    assert_eq!(ask(&vault, "GET /v1/sys/health?x=1").await.0, 200);
    assert_eq!(vault.count("GET", "/v1/sys/health"), 2);
    let statuses: Vec<_> = vault.calls().iter().map(|call| call.status).collect();
    assert_eq!(statuses, [503, 404, 204, 200, 500, 200]);
    assert_eq!(vault.calls()[5].path, "/v1/sys/health?x=1");
}

#[tokio::test]
async fn faults_tell_reading_from_listing_and_signing() {
    let vault = FakeVault::start().await;
    let lines = [
        (On::Read, "GET /v1/secret/data/sign/app"),
        (On::Write, "DELETE /v1/secret/data/app"),
        (On::List, "GET /v1/secret/metadata?list=true"),
        (On::Sign, "POST /v1/transit/hmac/k"),
    ];
    for (on, _) in lines {
        vault.clear_faults();
        vault.fault(Fault::new(on).status(418));
        for (other, line) in lines {
            assert_eq!(ask(&vault, line).await.0 == 418, on == other, "{on:?} {line}");
        }
        assert_eq!(ask(&vault, "GET /v1/sys/internal/ui/mounts/secret").await.0, 200);
    }
}

#[tokio::test]
async fn clones_are_the_same_server() {
    let vault = FakeVault::start().await;
    let clone = vault.clone();
    drop(vault);
    assert_eq!(ask(&clone, "GET /v1/sys/health").await.0, 200);
    let address = clone.address().strip_prefix("http://").unwrap().to_owned();
    drop(clone);
    let ended = async {
        while TcpStream::connect(&address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ended).await.unwrap();
}
