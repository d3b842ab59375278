//! A client that knows nothing but HTTP.

use std::fmt::Write;

use serde_json::{Value, json};
use strongroom_testkit::FakeInfisical;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer, read.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The status, and the name of the error.
    pub(crate) fn codes(&self) -> (u16, &str) {
        (self.status, self.body["error"].as_str().unwrap_or_default())
    }

    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

/// Sends one request, such as `GET /api/status`.
pub(crate) async fn send(
    infisical: &FakeInfisical,
    line: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let address = infisical.address();
    let host = address.strip_prefix("http://").expect("a URL");
    let stream = TcpStream::connect(host).await.expect("a server");
    exchange(stream, host, line, headers, body).await
}

pub(crate) async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    host: &str,
    line: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let length = body.len();
    let mut request = format!(
        "{line} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n"
    );
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n").expect("a string takes everything");
    }
    write!(request, "\r\n{body}").expect("a string takes everything");
    stream.write_all(request.as_bytes()).await.expect("a server that reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.get(9..12).and_then(|status| status.parse().ok()).expect("a status");
    let body = serde_json::from_str(body).unwrap_or_default();
    Answer { status, head: head.to_owned(), body }
}

pub(crate) async fn post(infisical: &FakeInfisical, path: &str, body: Value) -> Answer {
    let line = format!("POST {path}");
    send(infisical, &line, &[("content-type", "application/json")], &body.to_string()).await
}

/// Logs in with universal auth.
pub(crate) async fn log_in(infisical: &FakeInfisical, id: &str, secret: &str) -> Answer {
    let body = json!({ "clientId": id, "clientSecret": secret });
    post(infisical, "/api/v1/auth/universal-auth/login", body).await
}

pub(crate) async fn renew(infisical: &FakeInfisical, token: &str) -> Answer {
    post(infisical, "/api/v1/auth/token/renew", json!({ "accessToken": token })).await
}

/// Somebody with a token.
pub(crate) struct Caller<'a> {
    infisical: &'a FakeInfisical,
    pub(crate) token: String,
}

impl<'a> Caller<'a> {
    /// Who may do everything.
    pub(crate) async fn owner(infisical: &'a FakeInfisical) -> Self {
        Self::new(infisical, FakeInfisical::CLIENT_ID, FakeInfisical::CLIENT_SECRET).await
    }

    pub(crate) async fn new(infisical: &'a FakeInfisical, id: &str, secret: &str) -> Self {
        let answer = log_in(infisical, id, secret).await;
        assert_eq!(answer.status, 200);
        Self::with(infisical, answer.body["accessToken"].as_str().expect("a token"))
    }

    pub(crate) fn with(infisical: &'a FakeInfisical, token: &str) -> Self {
        Self { infisical, token: token.to_owned() }
    }

    /// Sends a request as it is.
    pub(crate) async fn ask(&self, line: &str, body: Value) -> Answer {
        let token = format!("Bearer {}", self.token);
        let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        send(self.infisical, line, &headers, &body).await
    }

    /// Reads below `/api/v4/secrets`, such as `/APP?version=1`, in the project and environment of the fake.
    pub(crate) async fn read(&self, target: &str) -> Answer {
        let mark = if target.contains('?') { '&' } else { '?' };
        let (project, slug) = (FakeInfisical::PROJECT_ID, FakeInfisical::ENVIRONMENT);
        let line =
            format!("GET /api/v4/secrets{target}{mark}projectId={project}&environment={slug}");
        self.ask(&line, Value::Null).await
    }

    /// The secret that a read has to give.
    pub(crate) async fn secret(&self, target: &str) -> Value {
        let answer = self.read(target).await;
        assert_eq!((answer.status, answer.message()), (200, ""), "{target}");
        answer.body["secret"].clone()
    }

    /// The secrets and imports that a list has to give.
    pub(crate) async fn list(&self, query: &str) -> Value {
        let answer = self.read(&format!("?{query}")).await;
        assert_eq!((answer.status, answer.message()), (200, ""), "{query}");
        answer.body
    }

    /// Changes something below `/api/v4/secrets`, such as `POST /APP`, in the project and environment of the fake.
    pub(crate) async fn write(&self, line: &str, body: Value) -> Answer {
        let (method, target) = line.split_once(' ').expect("a method and a target");
        self.ask(&format!("{method} /api/v4/secrets{target}"), placed(body)).await
    }
}

/// A body with the project and the environment of the fake.
pub(crate) fn placed(mut body: Value) -> Value {
    body["projectId"] = FakeInfisical::PROJECT_ID.into();
    body["environment"] = FakeInfisical::ENVIRONMENT.into();
    body
}

/// Names and values of what is told in a list.
pub(crate) fn pairs(told: &Value) -> Vec<(&str, &str)> {
    told.as_array()
        .expect("a list")
        .iter()
        .map(|secret| {
            let key = secret["secretKey"].as_str().expect("a name");
            (key, secret["secretValue"].as_str().expect("a value"))
        })
        .collect()
}
