//! The least HTTP that can ask the service. One request a connection.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What the service said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// But for the date: names in lower case, in the order in which they came.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_lowercase(), value.to_owned())
        });
        let headers = headers.filter(|(name, _)| name != "date").collect();
        Self { status, headers, body: body.to_owned() }
    }
}

/// Sends `METHOD PATH` with these headers and body.
pub(crate) async fn ask(
    address: SocketAddr,
    line: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut stream = begin(address, line, headers, body.len()).await;
    stream.write_all(body.as_bytes()).await.unwrap();
    end(stream).await
}

/// A request that the service has begun to answer, and whose body it waits for.
pub(crate) struct UnderWay(TcpStream);

impl UnderWay {
    /// Done when the service has asked for the body.
    pub(crate) async fn begin(address: SocketAddr, line: &str, bytes: usize) -> Self {
        const GO_ON: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
        let mut stream = begin(address, line, &[("expect", "100-continue")], bytes).await;
        let mut said = [0; GO_ON.len()];
        stream.read_exact(&mut said).await.unwrap();
        assert_eq!(said, GO_ON);
        Self(stream)
    }

    pub(crate) async fn end(mut self, body: &str) -> Answer {
        self.0.write_all(body.as_bytes()).await.unwrap();
        end(self.0).await
    }
}

async fn begin(
    address: SocketAddr,
    line: &str,
    headers: &[(&str, &str)],
    bytes: usize,
) -> TcpStream {
    let mut head = format!("{line} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {bytes}\r\n");
    for (name, value) in [("connection", "close")].iter().chain(headers) {
        head += &format!("{name}: {value}\r\n");
    }
    head += "\r\n";
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

async fn end(mut stream: TcpStream) -> Answer {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    Answer::parse(&text)
}
