//! `versions`: what the provider keeps of one secret.

use serde::Serialize;
use strongroom::VersionInfo;

use crate::args::Versions;
use crate::failure::Failure;
use crate::session::Session;
use crate::{table, time};

pub(super) async fn run(args: Versions, session: &Session) -> Result<u8, Failure> {
    let secrets = session.secrets().await?;
    let versions = secrets.versions(&args.name).await?;
    match session.output.json {
        true => session.output.json(&Listed { versions: versions.iter().map(row).collect() })?,
        false => {
            let cells = |info: &VersionInfo| {
                let created = info.created_at.and_then(time::in_seconds);
                [info.version.to_string(), info.state.to_string(), created.unwrap_or_default()]
            };
            let rows: Vec<_> = versions.iter().map(cells).collect();
            session.output.text(&table::plain(["VERSION", "STATE", "CREATED"], &rows))?;
        }
    }
    Ok(0)
}

#[derive(Serialize)]
struct Listed<'a> {
    versions: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    version: &'a str,
    state: &'static str,
    created_at: Option<String>,
}

fn row(info: &VersionInfo) -> Row<'_> {
    Row {
        version: info.version.as_str(),
        state: info.state.as_str(),
        created_at: info.created_at.and_then(time::rfc3339),
    }
}
