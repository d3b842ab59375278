//! `--faults`, as it is on the wire.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::running::Running;

/// A fake of Vault with these faults, and what a read of one secret is answered with: everything until the server
/// closes, or nobody says anything more.
struct Faulty {
    running: Running,
    _folder: tempfile::TempDir,
}

impl Faulty {
    fn with(rules: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (seed, faults) = (folder.path().join("seed"), folder.path().join("faults"));
        let large = "x".repeat(10_000);
        let secrets = format!(r#"{{"secrets":[{{"name":"a","value":"canary-{large}"}}]}}"#);
        fs::write(&seed, secrets).expect("our own folder");
        fs::write(&faults, format!("{{\"faults\":[{rules}]}}")).expect("our own folder");
        let [seed, faults] = [seed, faults].map(|path| path.to_string_lossy().into_owned());
        let arguments = ["--provider", "vault_dev", "--seed", &seed, "--faults", &faults];
        Self { running: Running::start(&arguments), _folder: folder }
    }

    fn read(&self) -> (String, Option<io::ErrorKind>) {
        let address = self.running.variable("VAULT_ADDR").trim_start_matches("http://");
        let token = self.running.variable("VAULT_TOKEN");
        let mut stream = TcpStream::connect(address).expect("it serves");
        stream.set_read_timeout(Some(Duration::from_millis(500))).expect("a socket has one");
        let head = format!(
            "GET /v1/secret/data/a HTTP/1.1\r\nhost: {address}\r\nx-vault-token: {token}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("it reads");
        let mut answer = Vec::new();
        let ended = stream.read_to_end(&mut answer);
        (String::from_utf8(answer).expect("text"), ended.err().map(|error| error.kind()))
    }
}

/// Status, body, and the length that was announced.
fn parts(answer: &str) -> (u16, &str, usize) {
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    (status, body, length.and_then(|length| length.parse().ok()).expect("a length"))
}

#[test]
fn status_headers_and_body_are_those_of_the_rule() {
    let rule = r#"{"on":"read","status":418,"headers":{"Retry-After":"7"},"body":"short"}"#;
    let (answer, error) = Faulty::with(rule).read();
    assert_eq!((parts(&answer), error), ((418, "short", 5), None));
    assert!(answer.contains("retry-after: 7\r\n"), "{answer}");
}

#[test]
fn a_rule_is_used_so_often_and_then_the_next() {
    let rules = r#"{"on":"write","status":500},{"on":"read","status":503,"times":2},{"on":"any","status":429,"times":1}"#;
    let faulty = Faulty::with(rules);
    let statuses: Vec<_> = (0..4).map(|_| parts(&faulty.read().0).0).collect();
    assert_eq!(statuses, [503, 503, 429, 200]);
}

#[test]
fn a_truncated_answer_has_its_head_and_half_of_its_body() {
    let (answer, error) = Faulty::with(r#"{"on":"read","action":"truncate"}"#).read();
    let (status, body, length) = parts(&answer);
    assert_eq!((status, body.len(), error), (200, length / 2, None));
    let rule = r#"{"on":"read","action":"truncate","status":503,"body":"12345678"}"#;
    let (answer, error) = Faulty::with(rule).read();
    assert_eq!((parts(&answer), error), ((503, "1234", 8), None));
}

#[test]
fn a_reset_is_one_and_nothing_comes_before_it() {
    let (answer, error) = Faulty::with(r#"{"on":"read","action":"reset"}"#).read();
    assert_eq!((answer.as_str(), error), ("", Some(io::ErrorKind::ConnectionReset)));
}

#[test]
fn what_hangs_says_nothing_and_stays_connected() {
    let (answer, error) = Faulty::with(r#"{"on":"read","action":"hang"}"#).read();
    assert_eq!((answer.as_str(), error), ("", Some(io::ErrorKind::WouldBlock)));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the program waits by the real clock")]
fn a_delay_is_kept() {
    let faulty = Faulty::with(r#"{"on":"read","delay_ms":200}"#);
    let began = Instant::now();
    assert_eq!(parts(&faulty.read().0).0, 200);
    assert!(began.elapsed() >= Duration::from_millis(200));
}
