//! `rotate`: a new version of a key or another secret.

use serde::Serialize;
use strongroom::{Error, ErrorKind, SecretVersion};

use crate::args::Rotate;
use crate::failure::Failure;
use crate::session::Session;
use crate::{input, time};

pub(super) async fn run(args: Rotate, session: &Session) -> Result<u8, Failure> {
    let output = session.output;
    if !args.no_wait {
        let message = "a rotation that waits until every process has the new version is not in this version; `--no-wait` makes it current at once";
        return Err(Error::new(ErrorKind::Unsupported, message).into());
    }
    let secrets = session.secrets().await?;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => secrets.signing_key()?.to_string(),
    };
    let mut rotate = secrets.rotate(&name).no_wait();
    if let Some(bytes) = args.value.generate {
        rotate = rotate.generate(bytes);
    }
    if args.value.stdin {
        rotate = rotate.value(input::value_from_stdin(output)?);
    }
    let rotation = rotate.run().await?;
    let until = rotation.previous_verifies_until;
    let version = rotation.version.as_ref().map(SecretVersion::as_str);
    match output.json {
        true => output.json(&Rotated {
            name: &name,
            version,
            previous: rotation.previous.as_ref().map(SecretVersion::as_str),
            phase: RETIRING,
            next_step_at: until.and_then(time::rfc3339),
        })?,
        false => output.text(version.unwrap_or_default())?,
    }
    output.note(&match until.and_then(time::in_seconds) {
        Some(until) => format!("rotated `{name}`; the version before it verifies, or may be in use, until {until}"),
        None => {
            format!("rotated `{name}`; the version before it verifies for as long as the provider lets it")
        }
    });
    Ok(0)
}

/// The new version is current, and the one before it still verifies or may still be in use.
const RETIRING: &str = "retiring";

#[derive(Serialize)]
struct Rotated<'a> {
    name: &'a str,
    version: Option<&'a str>,
    previous: Option<&'a str>,
    phase: &'static str,
    next_step_at: Option<String>,
}
