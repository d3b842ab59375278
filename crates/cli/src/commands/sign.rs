//! `sign`: a signature of a message.

use serde::Serialize;
use strongroom::{Error, ErrorKind, Native, RawHmac, Result, Secrets, Signer};

use crate::args::{Format, Message, Sign};
use crate::failure::Failure;
use crate::input;
use crate::session::Session;
use crate::usage::Usage;

pub(super) async fn run(args: Sign, session: &Session) -> Result<u8, Failure> {
    check("sign", &args.message)?;
    let asked = &args.message;
    let secrets = session.secrets().await?;
    let message = input::message(asked.file.as_deref(), session.output)?;
    let (signature, key) = match asked.format {
        Format::Sr1 => {
            let signature = signer(&secrets, asked).await?.sign(&message).await?;
            (signature.to_string(), Some(signature.key().to_string()))
        }
        Format::Hex => (raw(&secrets, asked).await?.sign(&message)?.to_hex(), None),
        Format::Base64 => (raw(&secrets, asked).await?.sign(&message)?.to_base64(), None),
        Format::Native => (native(&secrets, asked).await?.sign(&message).await?.to_string(), None),
    };
    match session.output.json {
        true => session.output.json(&Signed { signature: &signature, key })?,
        false => session.output.text(&signature)?,
    }
    Ok(0)
}

#[derive(Serialize)]
struct Signed<'a> {
    signature: &'a str,
    key: Option<String>,
}

/// Purposes are part of what `sr1` signs, and of nothing else.
pub(super) fn check(command: &str, message: &Message) -> Result<(), Usage> {
    match message.purpose.is_some() && message.format != Format::Sr1 {
        true => Err(Usage::of(command, "`--purpose` goes with `--format sr1` only")),
        false => Ok(()),
    }
}

/// The key that was asked for, or the configured one, for the purpose that was asked for.
pub(super) async fn signer(secrets: &Secrets, asked: &Message) -> Result<Signer> {
    let signer = match &asked.key {
        Some(name) => secrets.signer_for(name).await?,
        None => secrets.signer().await?,
    };
    match &asked.purpose {
        Some(purpose) => signer.for_purpose(purpose),
        None => Ok(signer),
    }
}

/// The same key of the store, bare.
pub(super) async fn raw(secrets: &Secrets, asked: &Message) -> Result<RawHmac> {
    match &asked.key {
        Some(name) => secrets.raw_hmac(name).await,
        None => secrets.raw_hmac(secrets.signing_key()?.as_str()).await,
    }
}

/// The provider's own signatures with the same key.
pub(super) async fn native(secrets: &Secrets, asked: &Message) -> Result<Native> {
    let native = match &asked.key {
        Some(name) => secrets.native_for(name).await,
        None => secrets.native().await,
    };
    native.map_err(|error| match (error.kind(), error.provider()) {
        // In the words of the command line.
        (ErrorKind::Unsupported, None) => {
            let message = "the provider does not sign itself, as Vault does with VAULT_TRANSIT_KEY; use `--format sr1`, or `hex` for plain HMAC-SHA256";
            Error::new(ErrorKind::Unsupported, message)
        }
        _ => error,
    })
}
