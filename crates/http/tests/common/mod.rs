//! A request full of canaries, a check that errors keep quiet about them, and files as a process sees them.

#![allow(dead_code, reason = "each test crate uses a part of it")]

use std::error::Error as _;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use strongroom_core::{
    Environment, Error, ErrorKind, Key, Reason, Result, SecretValue, Settings, SystemClock,
};
use strongroom_http::{
    CaBundle, Client, Config, Endpoint, Header, Method, Plaintext, Request, Response,
};
use zeroize::Zeroizing;

pub(crate) const CA_CERT: Key = Key::path("VAULT_CACERT", "the authorities to trust");

/// The defaults, for a server on loopback.
pub(crate) fn config(url: &str) -> Config {
    Config::new(Endpoint::parse("VAULT_ADDR", url, Plaintext::Loopback).expect("a loopback URL"))
}

pub(crate) fn client(config: Config) -> Client {
    Client::new(config, Arc::new(SystemClock)).expect("a configuration of these tests")
}

/// A client of a [`TlsFront`](strongroom_testkit::TlsFront) that trusts this authority and no other.
pub(crate) fn trusting(url: &str, authority: &str) -> Config {
    let mut config = config(url);
    config.roots = Some(bundle(authority));
    config
}

pub(crate) fn bundle(pem: &str) -> CaBundle {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(&file, pem).expect("room for a file");
    read_bundle(file.path()).expect("a bundle").expect("the setting is set")
}

pub(crate) fn read_bundle(path: &Path) -> Result<Option<CaBundle>> {
    let path = path.to_str().expect("temporary files have plain names");
    CaBundle::read(&Settings::new(Disk).with(CA_CERT.name, path), &CA_CERT)
}

/// A write with a canary in a header and one in the body.
pub(crate) fn request() -> Request {
    let token =
        Header::secret("x-vault-token", &SecretValue::from("canary-token")).expect("printable");
    let body = Zeroizing::new(br#"{"input":"canary-input"}"#.to_vec());
    Request::new(Method::Post, ["v1", "transit"]).header(token).json(body)
}

pub(crate) async fn answer(client: &Client) -> Response {
    client.send(request()).await.expect("an answer")
}

/// The error of a call: that of the client, or the one that the status stands for.
pub(crate) async fn refused(client: &Client) -> Error {
    match client.send(request()).await {
        Ok(response) => quiet(response.error()),
        Err(error) => quiet(error),
    }
}

/// Cases 74 and 76: neither an error nor what is below it shows a canary.
pub(crate) fn quiet(error: Error) -> Error {
    let mut shown = format!("{error} {error:?} {error:#?}");
    let mut below = error.source();
    while let Some(cause) = below {
        write!(shown, " {cause} {cause:?}").expect("writing to a string");
        below = cause.source();
    }
    assert!(!shown.contains("canary"), "{shown}");
    error
}

/// What a caller can tell of an error.
pub(crate) fn told(error: &Error) -> (ErrorKind, Option<Reason>) {
    (error.kind(), error.reason())
}

/// No variables, and the files of this machine.
#[derive(Debug)]
pub(crate) struct Disk;

impl Environment for Disk {
    fn var(&self, _: &str) -> Option<OsString> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn read_file(&self, path: &Path, max_bytes: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(max_bytes as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > max_bytes { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
    }

    fn anyone_can_write(&self, path: &Path) -> io::Result<bool> {
        Ok(path.metadata()?.mode() & 0o002 != 0)
    }
}
