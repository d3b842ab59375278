//! `list`: the names of secrets.

use serde::Serialize;
use strongroom::SecretName;

use crate::args::List;
use crate::failure::Failure;
use crate::session::Session;

pub(super) async fn run(args: List, session: &Session) -> Result<u8, Failure> {
    let secrets = session.secrets().await?;
    let names = secrets.list(args.prefix.as_deref()).await?;
    let names: Vec<&str> = names.iter().map(SecretName::as_str).collect();
    match session.output.json {
        true => session.output.json(&Listed { names })?,
        false => {
            session.output.text(&names.join("\n"))?;
            if names.is_empty() {
                session.output.note("no secrets there");
            }
        }
    }
    Ok(0)
}

#[derive(Serialize)]
struct Listed<'a> {
    names: Vec<&'a str>,
}
