//! A client that trusts the authority of the fake, and knows nothing else.

use std::fmt::Write;
use std::io;
use std::sync::Arc;

use serde_json::{Value, json};
use strongroom_testkit::FakeAzure;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

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

    /// The code of an error of the vault, and the inner one.
    pub(crate) fn codes(&self) -> (u16, &str, &str) {
        let error = &self.body["error"];
        let inner = error["innererror"]["code"].as_str().unwrap_or_default();
        (self.status, error["code"].as_str().unwrap_or_default(), inner)
    }
}

/// Sends one request to the vault, or to Entra.
pub(crate) async fn send(
    azure: &FakeAzure,
    line: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let stream = connect(azure).await.expect("a good certificate");
    exchange(stream, &address(azure), line, headers, body).await
}

/// Connects to the vault.
pub(crate) async fn connect(azure: &FakeAzure) -> io::Result<TlsStream<TcpStream>> {
    let authority = CertificateDer::from_pem_slice(azure.ca_pem().as_bytes());
    let mut roots = RootCertStore::empty();
    roots.add(authority.expect("one certificate")).expect("an authority");
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has suites")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address(azure)).await?;
    let name = ServerName::try_from("127.0.0.1").expect("an address");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

fn address(azure: &FakeAzure) -> String {
    azure.address().strip_prefix("https://").expect("a URL").to_owned()
}

/// Sends one request to the identity endpoints.
pub(crate) async fn ask_identity(
    azure: &FakeAzure,
    target: &str,
    headers: &[(&str, &str)],
) -> Answer {
    let address = azure.identity_address();
    let address = address.strip_prefix("http://").expect("a URL");
    let stream = TcpStream::connect(address).await.expect("a server");
    exchange(stream, address, &format!("GET {target}"), headers, "").await
}

async fn exchange(
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

/// Logs in at Entra with a form.
pub(crate) async fn log_in(azure: &FakeAzure, form: &str) -> Answer {
    let line = format!("POST /{}/oauth2/v2.0/token", FakeAzure::TENANT_ID);
    send(azure, &line, &[("content-type", "application/x-www-form-urlencoded")], form).await
}

/// The form that an application with a secret sends.
pub(crate) fn form(client: &str, secret: &str) -> String {
    format!(
        "grant_type=client_credentials&client_id={client}&client_secret={secret}&\
         scope=https%3A%2F%2Fvault.azure.net%2F.default"
    )
}

/// The header with a fresh token of this application.
pub(crate) async fn token(azure: &FakeAzure, client: &str, secret: &str) -> String {
    let answer = log_in(azure, &form(client, secret)).await;
    assert_eq!(answer.status, 200);
    format!("Bearer {}", answer.body["access_token"].as_str().expect("a token"))
}

/// Somebody with a token, who asks the vault.
pub(crate) struct Caller<'a> {
    azure: &'a FakeAzure,
    pub(crate) token: String,
}

impl<'a> Caller<'a> {
    /// Who may do everything.
    pub(crate) async fn owner(azure: &'a FakeAzure) -> Self {
        Self::new(azure, FakeAzure::CLIENT_ID, FakeAzure::CLIENT_SECRET).await
    }

    pub(crate) async fn new(azure: &'a FakeAzure, client: &str, secret: &str) -> Self {
        Self { azure, token: token(azure, client, secret).await }
    }

    /// Sends a request whose line is as `GET /secrets/app`, and adds the version of the interface.
    pub(crate) async fn ask(&self, line: &str, body: Value) -> Answer {
        let mark = if line.contains('?') { '&' } else { '?' };
        let line = format!("{line}{mark}api-version=2026-04-01");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        send(self.azure, &line, &[("authorization", &self.token)], &body).await
    }

    /// As [`ask`](Self::ask), for what has to succeed.
    pub(crate) async fn tell(&self, line: &str, body: Value) -> Value {
        let answer = self.ask(line, body).await;
        assert!(matches!(answer.status, 200 | 204), "{line} {}", answer.body["error"]["code"]);
        answer.body
    }

    pub(crate) async fn read(&self, line: &str) -> Value {
        self.tell(line, Value::Null).await
    }

    /// Writes a value; gives the id of its version.
    pub(crate) async fn set(&self, name: &str, value: &str) -> String {
        let told = self.tell(&format!("PUT /secrets/{name}"), json!({ "value": value })).await;
        version(&told).to_owned()
    }

    /// The codes of an error.
    pub(crate) async fn refusal(&self, line: &str, body: Value) -> (u16, String, String) {
        let answer = self.ask(line, body).await;
        let (status, code, inner) = answer.codes();
        (status, code.to_owned(), inner.to_owned())
    }
}

/// The version in the id of what was told.
pub(crate) fn version(told: &Value) -> &str {
    told["id"].as_str().and_then(|id| id.rsplit('/').next()).expect("an id")
}

/// The ids of a page without what comes before the last slash.
pub(crate) fn names(page: &Value) -> Vec<&str> {
    page["value"].as_array().expect("a page").iter().map(version).collect()
}

/// Codes as [`Caller::refusal`] gives them.
pub(crate) fn codes(status: u16, code: &str, inner: &str) -> (u16, String, String) {
    (status, code.to_owned(), inner.to_owned())
}
