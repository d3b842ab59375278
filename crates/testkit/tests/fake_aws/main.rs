//! What the fake of AWS Secrets Manager answers, over the wire.

mod access;
mod batch;
mod deletion;
mod faults;
mod labels;
mod lists;
mod names;
mod regions;
mod values;

use serde_json::{Value, json};
use strongroom_testkit::FakeAws;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A fake that takes requests without signatures.
async fn open() -> FakeAws {
    let aws = FakeAws::start().await;
    aws.allow_unsigned();
    aws
}

/// Sends one request and reads the status, the head and the body.
async fn send(aws: &FakeAws, action: &str, headers: &str, body: &str) -> (u16, String, Value) {
    let address = aws.address();
    let address = address.strip_prefix("http://").expect("an address");
    let length = body.len();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: fake\r\nconnection: close\r\ncontent-length: {length}\r\n\
         content-type: application/x-amz-json-1.1\r\nx-amz-target: secretsmanager.{action}\r\n\
         {headers}\r\n{body}"
    );
    let mut stream = TcpStream::connect(address).await.expect("a server");
    stream.write_all(request.as_bytes()).await.expect("a server that reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.get(9..12).and_then(|status| status.parse().ok()).expect("a status");
    (status, head.to_owned(), serde_json::from_str(body).unwrap_or_default())
}

/// Sends one request without a signature. Whatever makes a version gets a token of its own, unless it
/// has one.
async fn ask(aws: &FakeAws, action: &str, mut body: Value) -> (u16, Value) {
    let makes = matches!(action, "CreateSecret" | "PutSecretValue" | "UpdateSecret");
    if makes && body.get("ClientRequestToken").is_none() {
        body["ClientRequestToken"] = token(1_000 + aws.calls().len()).into();
    }
    let (status, _, body) = send(aws, action, "", &body.to_string()).await;
    (status, body)
}

/// As [`ask`], for what has to succeed.
async fn tell(aws: &FakeAws, action: &str, body: Value) -> Value {
    let (status, told) = ask(aws, action, body).await;
    assert_eq!(status, 200, "{action} {}", told["__type"]);
    told
}

/// As [`ask`], for what is refused with status 400. Gives the code of the error.
async fn refusal(aws: &FakeAws, action: &str, body: Value) -> String {
    let (status, told) = ask(aws, action, body).await;
    assert_eq!(status, 400, "{action}");
    told["__type"].as_str().expect("a code").to_owned()
}

/// The value that a read gives.
async fn value(aws: &FakeAws, id: &str) -> String {
    let told = tell(aws, "GetSecretValue", json!({ "SecretId": id })).await;
    told["SecretString"].as_str().expect("a text").to_owned()
}

/// The id of a version.
fn token(number: usize) -> String {
    format!("canary-version-{number:017}")
}

/// The names of all members.
fn members(told: &Value) -> String {
    let keys: Vec<_> = told.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.join(" ")
}
