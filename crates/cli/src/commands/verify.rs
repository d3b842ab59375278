//! `verify`: whether a signature is one of this message.

use serde::Serialize;
use strongroom::{ErrorKind, RawTag, Result, Secrets, Signature};

use super::sign::{check, native, raw, signer};
use crate::args::{Format, Message, Verify};
use crate::failure::Failure;
use crate::input;
use crate::session::Session;

pub(super) async fn run(args: Verify, session: &Session) -> Result<u8, Failure> {
    check("verify", &args.message)?;
    let secrets = session.secrets().await?;
    let message = input::message(args.message.file.as_deref(), session.output)?;
    let text = args.signature.as_str();
    let answer = match verify(&secrets, &args.message, &message, text).await {
        // Why it was refused is not told: it would help who forges.
        Err(error) if error.kind() == ErrorKind::SignatureMismatch => {
            let key = text.parse().ok().map(|signature: Signature| signature.key().to_string());
            let key = key.filter(|_| args.message.format == Format::Sr1);
            Answer { valid: false, key, current: Some(false) }
        }
        answer => answer?,
    };
    match session.output.json {
        true => session.output.json(&answer)?,
        false => session.output.text(&answer.words())?,
    }
    Ok(u8::from(!answer.valid))
}

async fn verify(secrets: &Secrets, asked: &Message, message: &[u8], text: &str) -> Result<Answer> {
    let bare = Answer { valid: true, key: None, current: None };
    match asked.format {
        Format::Sr1 => {
            let signature = text.parse()?;
            let verified = signer(secrets, asked).await?.verify(message, &signature).await?;
            let (key, current) = (verified.key().to_string(), verified.is_current());
            Ok(Answer { valid: true, key: Some(key), current: Some(current) })
        }
        Format::Hex => {
            let tag = RawTag::from_hex(text)?;
            raw(secrets, asked).await?.verify(message, &tag).map(|()| bare)
        }
        Format::Base64 => {
            let tag = RawTag::from_base64(text)?;
            raw(secrets, asked).await?.verify(message, &tag).map(|()| bare)
        }
        Format::Native => {
            let signature = text.parse()?;
            native(secrets, asked).await?.verify(message, &signature).await.map(|()| bare)
        }
    }
}

#[derive(Serialize)]
struct Answer {
    valid: bool,
    /// That which the signature names, whether or not it is known.
    key: Option<String>,
    /// Whether that key is the one that signs now.
    current: Option<bool>,
}

impl Answer {
    fn words(&self) -> String {
        match (self.valid, &self.key, self.current) {
            (false, ..) => "not valid".to_owned(),
            (true, Some(key), Some(true)) => format!("valid, key {key}, which signs now"),
            (true, Some(key), _) => format!("valid, key {key}, not the one that signs now"),
            (true, None, _) => "valid".to_owned(),
        }
    }
}
