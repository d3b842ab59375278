//! The fake is as the real server, and two fakes are two.

mod calls;
mod independent;
mod logins;
mod roles;

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Value, json};
use strongroom_testkit::{Fault, On};
use strongroom_tests::server::Server;

use calls::{POLICY, SCRIPT, SEALED};

/// Lines that the fake does not answer as it should, and why. They follow the script.
const KNOWN: &[(&str, &str)] = &[
    ("GET sys/health?activecode=299", "codes in the query are ignored"),
    ("GET sys/mounts", "of `sys` there is what every client may use"),
    ("GET secret/config", "settings of a mount are not kept"),
    ("GET secret/subkeys/db", "no client of ours reads the names of fields alone"),
    (
        "PATCH secret/metadata/db {} @Content-Type: application/merge-patch+json",
        "metadata is written whole",
    ),
    ("LIST secret/metadata?limit=1", "lists have one page"),
    ("GET transit/export/hmac-key/hm", "nothing is exported"),
    (r#"POST kv1/db {"a":}"#, "few complaints of the decoder are worded alike"),
    ("OPTIONS kv1/db", "only browsers ask for options"),
];

#[tokio::test]
async fn case_113_the_fake_answers_a_script_as_the_real_server_does() {
    let mut answers = Vec::new();
    for server in [Server::fake().await, Server::real().await] {
        server.add_namespace("team-a").await;
        let mut values = Vec::new();
        for name in ["app", "short"] {
            values.push((name.to_owned(), server.token(POLICY).await));
        }
        let script = lines(SCRIPT).chain(KNOWN.iter().map(|(line, _)| *line));
        let mut found = play(&server, script, &mut values).await;
        server.seal(true).await;
        found.extend(play(&server, lines(SEALED), &mut values).await);
        answers.push(found);
    }
    let report = compare(&answers[0], &answers[1]);
    assert!(report.is_empty(), "{report}");
}

#[tokio::test]
async fn case_114_two_fakes_in_one_process_share_nothing() {
    let (one, other) = (Server::fake().await, Server::fake().await);
    assert_ne!(one.address(), other.address());
    assert_eq!(one.raw("POST", "/v1/kv1/db", Some(json!({"x": "canary"}))).await.0, 204);
    one.transit_key("orders", "ed25519").await;
    let token = one.token(&[("kv1/*", &["read"])]).await;
    one.as_fake().add_namespace("team-a");
    one.as_fake().fault(Fault::new(On::List).status(500));
    let asked = [
        (one.root(), "/v1/kv1/db", [200, 404]),
        (one.root(), "/v1/transit/keys/orders", [200, 404]),
        (&token, "/v1/kv1/db", [200, 403]),
        (one.root(), "/v1/team-a/auth/token/lookup-self", [200, 404]),
        (one.root(), "/v1/kv1?list=true", [500, 404]),
    ];
    for (token, path, statuses) in asked {
        for (server, status) in [&one, &other].into_iter().zip(statuses) {
            let (found, answer) = server.raw_as(token, &[], "GET", path, None).await;
            assert_eq!(found, status, "{path}: {answer}");
        }
    }
    one.seal(true).await;
    assert_eq!(other.raw("GET", "/v1/sys/health", None).await.0, 200);
    assert_eq!(other.as_fake().calls().len(), asked.len() + 1);
}

/// What a server said to one line.
struct Answer {
    line: &'static str,
    status: u16,
    body: Value,
}

impl Answer {
    /// What has to be equal: the status, and each leaf of the body at its path.
    fn facts(&self) -> BTreeSet<String> {
        let mut facts = BTreeSet::from([format!("status: {}", self.status)]);
        add_leaves("body", &self.body, &mut facts);
        facts
    }
}

fn add_leaves(path: &str, value: &Value, facts: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                add_leaves(&format!("{path}.{name}"), value, facts);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (at, value) in items.iter().enumerate() {
                add_leaves(&format!("{path}[{at}]"), value, facts);
            }
        }
        leaf => {
            facts.insert(format!("{path}: {}", comparable(path, leaf)));
        }
    }
}

/// A leaf; only its type where no two servers have the same.
fn comparable(path: &str, leaf: &Value) -> String {
    let field = path.rsplit('.').next().and_then(|field| field.split('[').next());
    let generated = field.is_some_and(|field| GENERATED.contains(&field));
    match leaf {
        Value::String(text) if generated && !text.is_empty() => "a text".to_owned(),
        Value::Number(_) if generated => "a number".to_owned(),
        // A second may pass between a login and a renewal, and then less than all is left.
        Value::Number(seconds) if path == "body.auth.lease_duration" => {
            let minutes = seconds.as_u64().map(|seconds| seconds.div_ceil(60));
            format!("{minutes:?} minutes")
        }
        Value::String(text) if path.starts_with("body.warnings") => {
            text.split(" the effective max_ttl").next().unwrap_or_default().to_owned()
        }
        leaf => leaf.to_string(),
    }
}

/// How the fake answered otherwise than the real server did; nothing if it did not.
fn compare(fake: &[Answer], real: &[Answer]) -> String {
    let mut report = String::new();
    for (fake, real) in fake.iter().zip(real) {
        let (told, wanted) = (fake.facts(), real.facts());
        let known = KNOWN.iter().find(|(line, _)| *line == fake.line);
        let heading = match known {
            None if told != wanted => "differs",
            Some((_, reason)) if told == wanted => &format!("no longer differs: {reason}"),
            _ => continue,
        };
        writeln!(report, "\n{}\n  {heading}", fake.line).unwrap();
        for (sort, answer) in [("fake", fake), ("real", real)] {
            writeln!(report, "  {sort}: {} {}", answer.status, answer.body).unwrap();
        }
        told.difference(&wanted).for_each(|fact| writeln!(report, "  only fake: {fact}").unwrap());
        wanted.difference(&told).for_each(|fact| writeln!(report, "  only real: {fact}").unwrap());
    }
    report
}

/// Plays lines on a server, one after the other.
async fn play(
    server: &Server,
    lines: impl Iterator<Item = &'static str>,
    values: &mut Vec<(String, String)>,
) -> Vec<Answer> {
    let mut answers = Vec::new();
    for line in lines {
        answers.push(say(server, line, values).await);
    }
    answers
}

fn lines(script: &'static str) -> impl Iterator<Item = &'static str> {
    script.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Sends a line with the values of earlier answers, and keeps those of this one.
async fn say(server: &Server, line: &'static str, values: &mut Vec<(String, String)>) -> Answer {
    let (kept, call) = match line.split_once(" := ") {
        Some((name, call)) => (Some(name), call),
        None => (None, line),
    };
    let mut call = call.to_owned();
    for (name, value) in values.iter() {
        call = call.replace(&format!("{{{name}}}"), value);
    }
    let mut braces = call.split('{').skip(1);
    assert!(!braces.any(|next| next.starts_with(char::is_alphabetic)), "unfilled: {call}");
    let (status, body) = send(server, &call).await;
    if let Some(name) = kept {
        let data = ["signature", "hmac", "secret_id"].map(|field| &body["data"][field]);
        let found = data.into_iter().chain([&body["auth"]["client_token"]]);
        let proof = found.filter_map(Value::as_str).next();
        let proof = proof.unwrap_or_else(|| panic!("{line}: {body}"));
        let bytes = proof.rsplit(':').next().unwrap_or_default();
        values.push((format!("{name}.bytes"), bytes.to_owned()));
        values.push((name.to_owned(), proof.to_owned()));
    }
    Answer { line, status, body }
}

async fn send(server: &Server, call: &str) -> (u16, Value) {
    let mut parts = call.split(" @");
    let words: Vec<_> = parts.next().unwrap_or_default().splitn(3, ' ').collect();
    let (mut token, mut headers) = (server.root(), Vec::new());
    for part in parts {
        let (name, value) = part.split_once(':').expect("a header");
        match name {
            "X-Vault-Token" => token = value.trim(),
            _ => headers.push((name, value.trim())),
        }
    }
    let body = words.get(2).map(|body| (*body).to_owned());
    server.raw_as(token, &headers, words[0], &format!("/v1/{}", words[1]), body).await
}

/// Fields that every server fills in its own way.
const GENERATED: &[&str] = &[
    "accessor",
    "client_token",
    "cluster_id",
    "cluster_name",
    "created_time",
    "creation_time",
    "deletion_time",
    "entity_id",
    "expire_time",
    "hmac",
    "id",
    "issue_time",
    "last_renewal",
    "last_renewal_time",
    "policies",
    "public_key",
    "request_id",
    "secret_id",
    "secret_id_accessor",
    "server_time_utc",
    "signature",
    "token_policies",
    "ttl",
    "updated_time",
    "uuid",
];
