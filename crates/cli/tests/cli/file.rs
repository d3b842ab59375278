//! Every command on provider `file`.

use serde_json::json;

use crate::support::{Cli, empty, folder, key, members, releases, write};

#[test]
fn get_shows_metadata_and_with_reveal_exactly_the_bytes() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path());
    let shown = cli.run(&["get", "db"]);
    assert_eq!((shown.code, shown.stderr.as_str()), (0, ""));
    for part in ["name       db\n", "provider   file\n", "bytes      9\n", "just read"] {
        assert!(shown.text().contains(part), "{shown:?}");
    }
    let revealed = cli.run(&["get", "db", "--reveal"]);
    assert_eq!((revealed.code, &*revealed.stdout), (0, &b"canary-db"[..]));
}

#[test]
fn get_as_json_has_the_value_only_with_reveal() {
    let folder = folder();
    write(&folder, "bytes", b"canary\xff\n\n");
    let cli = Cli::on_folder(folder.path());
    let shown = cli.run(&["get", "db", "--json"]).json();
    assert_eq!(members(&shown), ["bytes", "created_at", "name", "provider", "version"]);
    assert_eq!(
        (&shown["name"], &shown["provider"], &shown["bytes"]),
        (&json!("db"), &json!("file"), &json!(9))
    );
    assert_eq!(shown["version"], json!(null), "a flat folder has no versions");
    assert_eq!(cli.run(&["get", "db", "--json", "--reveal"]).json()["value"], "canary-db");
    let bytes = cli.run(&["--json", "get", "bytes", "--reveal"]).json();
    assert_eq!(bytes["value_base64"], "Y2FuYXJ5/wo=", "F095: without the last newline");
    assert!(bytes.get("value").is_none());
}

#[test]
fn b020_a_field_is_a_member_by_name_dots_included_and_a_pointer_descends() {
    let folder = empty();
    write(&folder, "db", r#"{"a.b":"canary-1","a":{"b":"canary-2"}}"#);
    let cli = Cli::on_folder(folder.path());
    assert_eq!(cli.run(&["get", "db#a.b", "--reveal"]).text(), "canary-1");
    assert_eq!(cli.run(&["get", "db#/a/b", "--reveal"]).text(), "canary-2");
    assert_eq!(cli.run(&["get", "db#a.c", "--json"]).kind(), (44, "NotFound".into()));
}

#[test]
fn put_keeps_every_byte_and_says_how_many() {
    let folder = empty();
    let cli = Cli::on_folder(folder.path());
    for value in [&b"canary"[..], b"canary\n", b"canary\r\n\n", b"\0\xff canary "] {
        let put = cli.run_with(&["put", "a/b", "--stdin"], value);
        assert_eq!(put.code, 0, "{put:?}");
        assert!(put.stderr.contains(&format!("wrote {} bytes to `a/b`", value.len())), "{put:?}");
        assert_eq!(put.stderr.contains("ends in a newline"), value.ends_with(b"\n"), "{put:?}");
        assert_eq!(put.text().lines().count(), 1, "the version and nothing else: {put:?}");
        assert_eq!(cli.run(&["get", "a/b", "--reveal"]).stdout, value);
    }
    let other = empty();
    let file = write(&other, "value", b"canary-file\n");
    let put = cli.run(&["put", "c", "--from-file", file.to_str().unwrap(), "--json"]);
    let json = put.json();
    assert_eq!(members(&json), ["name", "version"]);
    assert!(json["version"].is_string() && put.stderr.is_empty(), "{put:?}");
    assert_eq!(cli.run(&["get", "c", "--reveal"]).stdout, b"canary-file\n");
}

#[test]
fn put_of_a_field_keeps_its_siblings() {
    let folder = empty();
    let cli = Cli::on_folder(folder.path());
    let before = b"{ \"user\" : \"app\", \"pass\":\"canary\" }";
    assert_eq!(cli.run_with(&["put", "db", "--stdin"], before).code, 0);
    assert_eq!(cli.run_with(&["put", "db#pass", "--stdin"], b"canary-2").code, 0);
    let expected = "{ \"user\" : \"app\", \"pass\":\"canary-2\" }";
    assert_eq!(cli.run(&["get", "db", "--reveal"]).text(), expected);
}

#[test]
fn put_generates_in_the_configured_encoding() {
    let folder = empty();
    let cli = Cli::on_folder(folder.path());
    for (encoding, length) in [("raw", 43), ("hex", 64), ("base64", 44), ("base64url", 43)] {
        let cli = cli.and("SECRETS_SIGNING_KEY_ENCODING", encoding);
        assert_eq!(cli.run(&["put", "signing-key", "--generate", "32"]).code, 0);
        assert_eq!(
            cli.run(&["get", "signing-key", "--json"]).json()["bytes"],
            length,
            "{encoding}"
        );
        assert_eq!(cli.run(&["sign"]).code, 0, "{encoding}");
    }
}

#[test]
fn put_refuses_what_no_store_takes_and_reads_no_more_than_it_must() {
    let folder = empty();
    let cli = Cli::on_folder(folder.path());
    let put = ["put", "a", "--stdin", "--json"];
    assert_eq!(cli.run_with(&put, &[b'x'; 65_536]).code, 0);
    assert_eq!(cli.run_with(&put, &[b'x'; 65_537]).kind(), (65, "Malformed".into()));
    assert_eq!(cli.run_with(&put, b"").kind(), (66, "InvalidValue".into()));
    let endless = ["put", "a", "--from-file", "/dev/zero", "--json"];
    assert_eq!(cli.run(&endless).kind(), (65, "Malformed".into()));
}

#[test]
fn a_file_that_cannot_be_read_is_told_without_its_path() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path());
    for words in [
        &["put", "a", "--from-file", "/canary", "--json"][..],
        &["put", "a", "--from-file", "/", "--json"],
        &["sign", "--in", "/canary", "--json"],
        &["verify", "--in", "/canary", "--signature", "sr1.a.b.c", "--json"],
    ] {
        let run = cli.run(words);
        assert_eq!(run.kind(), (78, "Misconfigured".into()), "{words:?}");
        assert!(!run.stderr.contains("canary"), "{run:?}");
    }
}

#[test]
fn put_if_version_holds_or_conflicts() {
    let folder = releases();
    let cli = Cli::on_folder(folder.path());
    let put = |condition: &str| {
        cli.run_with(&["put", "db", "--stdin", "--json", "--if-version", condition], b"canary-2")
    };
    assert_eq!(put("absent").kind(), (73, "Conflict".into()));
    assert_eq!(put("20200101T000000Z").kind(), (73, "Conflict".into()));
    let version = cli.run(&["get", "db", "--json"]).json()["version"].as_str().unwrap().to_owned();
    assert_ne!(put(&version).json()["version"], json!(version));
    let new = ["put", "new", "--generate", "32", "--if-version", "absent", "--json"];
    assert_eq!(cli.run(&new).json()["name"], "new");
}

#[test]
fn list_gives_names_below_whole_segments() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path());
    assert_eq!(cli.run(&["list"]).text(), "app/url\ndb\nsigning-key\n");
    assert_eq!(cli.run(&["list", "app", "--json"]).json(), json!({"names": ["app/url"]}));
    let none = cli.run(&["list", "ap"]);
    assert_eq!((none.code, none.text()), (0, ""));
    let below = cli.and("SECRETS_PREFIX", "app").run(&["list", "--json"]);
    assert_eq!(below.json(), json!({"names": ["url"]}));
}

#[test]
fn versions_are_listed_newest_first_and_can_be_read() {
    let folder = releases();
    let cli = Cli::on_folder(folder.path());
    assert_eq!(cli.run_with(&["put", "db", "--stdin"], b"canary-2").code, 0);
    let listed = cli.run(&["versions", "db", "--json"]).json();
    assert_eq!(members(&listed), ["versions"]);
    let versions = listed["versions"].as_array().unwrap();
    assert_eq!(members(&versions[0]), ["created_at", "state", "version"]);
    let states: Vec<_> = versions.iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!((states[0], states[1]), ("current", "previous"));
    assert!(versions[0]["created_at"].as_str().unwrap().ends_with('Z'));
    let old = versions[1]["version"].as_str().unwrap();
    let read = cli.run(&["get", "db", "--version", old, "--reveal"]);
    assert_eq!(read.text(), "canary-db");
    let table = cli.run(&["versions", "db"]);
    assert!(table.text().starts_with("VERSION") && table.text().contains("current"), "{table:?}");
    let absent = cli.run(&["get", "db", "--version", "20200101T000000Z", "--json"]);
    assert_eq!(absent.kind(), (44, "NotFound".into()));
}

#[test]
fn a_flat_folder_keeps_no_versions() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path());
    assert_eq!(cli.run(&["versions", "db", "--json"]).kind(), (69, "Unsupported".into()));
    assert_eq!(cli.run(&["rotate", "--no-wait", "--json"]).kind(), (69, "Unsupported".into()));
}

#[test]
fn delete_wants_a_yes() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path());
    assert_eq!(cli.run(&["delete", "db", "--json"]).kind(), (2, "usage".into()));
    assert_eq!(cli.run(&["get", "db"]).code, 0);
    let deleted = cli.run(&["delete", "db", "--yes", "--json"]);
    assert_eq!(deleted.json(), json!({"name": "db", "deleted": true}));
    assert_eq!(cli.run(&["delete", "db", "--yes", "--json"]).kind(), (44, "NotFound".into()));
    assert_eq!(cli.run(&["delete", "app/url", "--yes"]).text(), "");
}

#[test]
fn signatures_verify_for_their_message_and_purpose_alone() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path());
    let signed = cli.run_with(&["sign", "--purpose", "webhook", "--json"], b"hello").json();
    assert_eq!(members(&signed), ["key", "signature"]);
    let signature = signed["signature"].as_str().unwrap();
    let plain = cli.run_with(&["sign", "--purpose", "webhook"], b"hello");
    assert_eq!(plain.text(), format!("{signature}\n"));
    let verify = |words: &[&str], message: &[u8]| {
        let all = [&["verify", "--signature", signature, "--json"], words].concat();
        cli.run_with(&all, message)
    };
    let valid = verify(&["--purpose", "webhook"], b"hello").json();
    assert_eq!(valid, json!({"valid": true, "key": signed["key"], "current": true}));
    for (words, message) in [
        (&["--purpose", "webhook"][..], &b"hullo"[..]),
        (&[], b"hello"),
        (&["--purpose", "x"], b"hello"),
    ] {
        let refused = verify(words, message);
        assert_eq!((refused.code, refused.stderr.as_str()), (1, ""));
        assert_eq!(
            refused.answer(),
            json!({"valid": false, "key": signed["key"], "current": false})
        );
    }
    let bad = verify(&["--purpose", "NO"], b"hello");
    assert_eq!(bad.kind(), (78, "Misconfigured".into()));
}

#[test]
fn a_signature_that_cannot_be_read_is_a_no() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path());
    for format in ["sr1", "hex", "base64"] {
        for text in ["", "canary", "-x", "sr1.a.hs256.b"] {
            let signature = format!("--signature={text}");
            let run = cli.run(&["verify", &signature, "--format", format, "--json"]);
            assert_eq!(run.code, 1, "{run:?}");
            assert_eq!(run.answer(), json!({"valid": false, "key": null, "current": false}));
            assert_eq!(run.stderr, "");
        }
    }
    let words = cli.run(&["verify", "--signature", "-x"]);
    assert_eq!((words.code, words.text()), (1, "not valid\n"));
}

#[test]
fn plain_hmac_has_its_forms_and_other_keys() {
    let folder = folder();
    write(&folder, "partner", key("2"));
    let cli = Cli::on_folder(folder.path());
    for (format, length) in [("hex", 64), ("base64", 44)] {
        let words = ["sign", "--format", format, "--key", "partner", "--json"];
        let signed = cli.run_with(&words, b"hello").json();
        assert_eq!(signed["key"], json!(null));
        let tag = signed["signature"].as_str().unwrap();
        assert_eq!(tag.len(), length);
        let verify = |key: &str| {
            let words = ["verify", "--format", format, "--key", key, "--signature", tag, "--json"];
            cli.run_with(&words, b"hello")
        };
        assert_eq!(verify("partner").json(), json!({"valid": true, "key": null, "current": null}));
        assert_eq!(verify("signing-key").code, 1);
    }
    let native = cli.run(&["sign", "--format", "native", "--json"]);
    assert_eq!(native.kind(), (69, "Unsupported".into()));
    assert!(native.error()["message"].as_str().unwrap().contains("--format sr1"));
}

#[test]
fn a_message_comes_from_a_file_too() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path());
    let file = empty();
    let path = write(&file, "message", "hello");
    let signed = cli.run(&["sign", "--in", path.to_str().unwrap()]);
    let verified = cli.run_with(&["verify", "--signature", signed.text().trim()], b"hello");
    assert_eq!(verified.code, 0);
    assert!(verified.text().starts_with("valid, key "), "{verified:?}");
}

#[test]
fn rotate_replaces_the_configured_key_and_the_old_one_still_verifies() {
    let folder = releases();
    let cli = Cli::on_folder(folder.path());
    let old = cli.run_with(&["sign"], b"hello");
    let rotated = cli.run(&["rotate", "--no-wait", "--json"]).json();
    let expected = ["name", "next_step_at", "phase", "previous", "version"];
    assert_eq!(members(&rotated), expected);
    assert_eq!((&rotated["name"], &rotated["phase"]), (&json!("signing-key"), &json!("retiring")));
    assert_ne!(rotated["version"], rotated["previous"]);
    assert!(rotated["next_step_at"].as_str().unwrap().ends_with('Z'));
    let verified = cli.run_with(&["verify", "--json", "--signature", old.text().trim()], b"hello");
    assert_eq!(
        (&verified.json()["valid"], &verified.json()["current"]),
        (&json!(true), &json!(false))
    );
    let named = cli.run_with(&["rotate", "db", "--stdin", "--no-wait"], b"canary-db-2");
    assert_eq!((named.code, named.text().lines().count()), (0, 1), "{named:?}");
    assert_eq!(cli.run(&["get", "db", "--reveal"]).text(), "canary-db-2");
    let same = cli.run_with(&["rotate", "db", "--stdin", "--no-wait", "--json"], b"canary-db-2");
    assert_eq!(same.kind(), (66, "InvalidValue".into()));
    let absent = cli.run(&["rotate", "nope", "--no-wait", "--json"]);
    assert_eq!(absent.kind(), (44, "NotFound".into()));
}

#[test]
fn a_rotation_that_waits_is_not_here_yet_and_says_so_in_our_words() {
    let folder = releases();
    let run = Cli::on_folder(folder.path()).run(&["rotate", "--json"]);
    assert_eq!(run.kind(), (69, "Unsupported".into()));
    assert!(run.error()["message"].as_str().unwrap().contains("`--no-wait`"), "{run:?}");
}

#[test]
fn f105_a_link_that_says_nothing_is_misconfigured() {
    let folder = releases();
    let current = folder.path().join("current");
    std::fs::remove_file(&current).unwrap();
    std::os::unix::fs::symlink("releases/absent", &current).unwrap();
    let run = Cli::on_folder(folder.path()).run(&["get", "db", "--json"]);
    assert_eq!(run.kind(), (78, "Misconfigured".into()));
}

#[test]
fn settings_that_are_wrong_are_told_by_name() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path());
    for (name, value) in [
        ("SECRETS_PROVIDER", "fiel"),
        ("SECRETS_PROVIDER", ""),
        ("SECRETS_DIR", "relative"),
        ("SECRETS_TIMEOUT_SECONDS", "0"),
        ("VAULT_VERIFY_ENABLED", "ture"),
        ("VAULT_VERIFY_ENABLED", "false"),
    ] {
        let run = cli.and(name, value).run(&["get", "db", "--json"]);
        assert_eq!(run.kind(), (78, "Misconfigured".into()), "{name}={value}");
        let message = run.error()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(&format!("{name}: ")), "{message}");
    }
}

#[test]
fn global_options_win_over_the_environment() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path()).and("SECRETS_PROVIDER", "env");
    assert_eq!(cli.run(&["get", "db", "--provider", "file", "--reveal"]).text(), "canary-db");
    let cli = Cli::on_folder(folder.path()).and("SECRETS_TIMEOUT_SECONDS", "0");
    assert_eq!(cli.run(&["--timeout", "5", "get", "db"]).code, 0);
    let unknown = cli.run(&["get", "db", "--provider", "canary", "--json"]);
    assert_eq!(unknown.kind(), (78, "Misconfigured".into()));
    assert!(!unknown.stderr.contains("canary"), "{unknown:?}");
}

#[test]
fn f097_verification_that_is_switched_off_is_said_and_verify_verifies_all_the_same() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path())
        .and("VAULT_VERIFY_ENABLED", "false")
        .and("SECRETS_ALLOW_UNVERIFIED", "true");
    let run = cli.run(&["verify", "--signature", "sr1.a.hs256.b"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("VAULT_VERIFY_ENABLED"), "{run:?}");
}

#[test]
fn warnings_are_on_stderr_whatever_the_log_is_told() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path()).and("SECRETS_DRI", "x");
    for (cli, words) in [
        (cli.clone(), &["get", "db"][..]),
        (cli.clone(), &["get", "db", "--json", "-vv"]),
        (cli.and("RUST_LOG", "off"), &["get", "db"]),
    ] {
        let run = cli.run(words);
        assert!(run.stderr.contains("did you mean `SECRETS_DIR`"), "{run:?}");
        assert_eq!(run.code, 0);
    }
    let bad = Cli::on_folder(folder.path()).and("RUST_LOG", "a=b=canary").run(&["get", "db"]);
    assert_eq!(bad.code, 0);
    assert!(bad.stderr.contains("RUST_LOG") && !bad.stderr.contains("canary"), "{bad:?}");
}
