//! `delete`: takes a secret away.

use serde::Serialize;

use crate::args::Delete;
use crate::failure::Failure;
use crate::session::Session;

/// The parser has seen to `--yes`.
pub(super) async fn run(args: Delete, session: &Session) -> Result<u8, Failure> {
    let secrets = session.secrets().await?;
    secrets.delete(&args.name).await?;
    if session.output.json {
        session.output.json(&Deleted { name: &args.name, deleted: true })?;
    }
    session.output.note(&format!("deleted `{}`", args.name));
    Ok(0)
}

#[derive(Serialize)]
struct Deleted<'a> {
    name: &'a str,
    deleted: bool,
}
