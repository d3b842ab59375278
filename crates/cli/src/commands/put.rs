//! `put`: writes a secret.

use serde::Serialize;
use strongroom::{PutOptions, SecretVersion};

use crate::args::Put;
use crate::failure::Failure;
use crate::input;
use crate::session::Session;

pub(super) async fn run(args: Put, session: &Session) -> Result<u8, Failure> {
    let output = session.output;
    // First the settings: nobody types a value for a command that cannot work.
    let secrets = session.secrets().await?;
    let value = match (&args.value.from_file, args.value.generate) {
        (Some(path), _) => input::value_from_file(path, output)?,
        (None, Some(bytes)) => secrets.generate(bytes)?,
        (None, None) => input::value_from_stdin(output)?,
    };
    let bytes = value.len();
    let options = PutOptions::default().if_version(args.if_version.unwrap_or_default());
    let version = secrets.put(&args.name, value, options).await?;
    match output.json {
        true => {
            let version = version.as_ref().map(SecretVersion::as_str);
            output.json(&Written { name: &args.name, version })?;
        }
        false => output.text(&version.map(|version| version.to_string()).unwrap_or_default())?,
    }
    output.note(&format!("wrote {bytes} bytes to `{}`", args.name));
    Ok(0)
}

#[derive(Serialize)]
struct Written<'a> {
    name: &'a str,
    version: Option<&'a str>,
}
