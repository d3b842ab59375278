//! `get`: what is known of a secret, and its value if somebody asks for it.

use base64ct::{Base64, Encoding};
use serde::Serialize;
use strongroom::{Freshness, GetOptions, Result, Secret, SecretVersion, Select};
use zeroize::Zeroizing;

use crate::args::Get;
use crate::failure::Failure;
use crate::session::Session;
use crate::time;

pub(super) async fn run(args: Get, session: &Session) -> Result<u8, Failure> {
    let secrets = session.secrets().await?;
    let mut options = GetOptions::default();
    if let Some(version) = &args.version {
        options = options.select(Select::Exact(SecretVersion::new(version.as_str())));
    }
    let secret = secrets.get_with(&args.name, options).await?;
    let output = session.output;
    match (output.json, args.reveal) {
        (true, reveal) => json(&args.name, secrets.provider(), &secret, reveal, session)?,
        (false, true) => output.bytes(secret.value().expose())?,
        (false, false) => output.text(&words(&args.name, secrets.provider(), &secret))?,
    }
    Ok(0)
}

#[derive(Serialize)]
struct Shown<'a> {
    name: &'a str,
    provider: &'a str,
    version: Option<&'a str>,
    created_at: Option<String>,
    bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<&'a str>,
}

fn json(
    name: &str,
    provider: &str,
    secret: &Secret,
    reveal: bool,
    session: &Session,
) -> Result<()> {
    let value = secret.value();
    let text = value.expose_str().ok().filter(|_| reveal);
    let encoded = match (reveal, text) {
        (true, None) => Some(Zeroizing::new(Base64::encode_string(value.expose()))),
        _ => None,
    };
    session.output.json(&Shown {
        name,
        provider,
        version: secret.version().map(SecretVersion::as_str),
        created_at: secret.created_at().and_then(time::rfc3339),
        bytes: value.len(),
        value: text,
        value_base64: encoded.as_ref().map(|encoded| encoded.as_str()),
    })
}

fn words(name: &str, provider: &str, secret: &Secret) -> String {
    let unknown = || "not told by the provider".to_owned();
    let version = secret.version().map_or_else(unknown, ToString::to_string);
    let freshness = match secret.freshness() {
        Freshness::Fresh => "just read",
        Freshness::Stale => "stale: the provider fails, and this was read before",
    };
    let lines = [
        ("name", name.to_owned()),
        ("provider", provider.to_owned()),
        ("version", version),
        ("created", secret.created_at().and_then(time::in_seconds).unwrap_or_else(unknown)),
        ("bytes", secret.value().len().to_string()),
        ("freshness", freshness.to_owned()),
    ];
    lines.map(|(label, text)| format!("{label:<11}{text}\n")).concat()
}
