//! `doctor`: what is wrong with the set-up, check by check.

use serde::Serialize;
use strongroom::{Check, Diagnosis};

use crate::args::Doctor;
use crate::colour;
use crate::failure::Failure;
use crate::session::Session;
use crate::table;

pub(super) async fn run(args: Doctor, session: &Session) -> Result<u8, Failure> {
    let names: Vec<&str> = args.names.iter().map(String::as_str).collect();
    let (provider, diagnosis) = match session.secrets().await {
        Ok(secrets) => (Some(secrets.provider()), secrets.diagnose(&names).await),
        Err(error) => (session.selected(), Diagnosis::of_error(&error)),
    };
    let status = diagnosis.status();
    match session.output.json {
        true => {
            let checks = diagnosis.checks.iter().map(row).collect();
            session.output.json(&Told { provider, status, checks })?;
        }
        false => session.output.text(&words(&diagnosis, status))?,
    }
    Ok(match status {
        "ready" => 0,
        "degraded" => u8::from(args.strict),
        _ => 1,
    })
}

#[derive(Serialize)]
struct Told<'a> {
    provider: Option<&'static str>,
    status: &'static str,
    checks: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'static str,
    status: &'static str,
    detail: &'a str,
    latency_ms: Option<u128>,
}

fn row(check: &Check) -> Row<'_> {
    Row {
        name: check.name,
        status: check.outcome.as_str(),
        detail: &check.detail,
        latency_ms: check.latency.map(|latency| latency.as_millis()),
    }
}

/// A line a check, and the status on the last line.
fn words(diagnosis: &Diagnosis, status: &str) -> String {
    let cells = |check: &Check| {
        let latency = check.latency.map(|latency| format!("{:.1} ms", latency.as_secs_f64() * 1e3));
        [
            check.name.to_owned(),
            check.outcome.to_string(),
            latency.unwrap_or_default(),
            check.detail.clone(),
        ]
    };
    let rows: Vec<_> = diagnosis.checks.iter().map(cells).collect();
    let table = table::plain(["CHECK", "STATUS", "TIME", "DETAIL"], &rows);
    let number = match status {
        "ready" => GREEN,
        "degraded" => YELLOW,
        _ => RED,
    };
    let status = match colour::wanted(&std::io::stdout()) {
        true => colour::paint(status, number),
        false => status.to_owned(),
    };
    let colours = [("pass", GREEN), ("warn", YELLOW), ("fail", RED)];
    format!("{}\n\n{status}", table::coloured(&table, &colours))
}

const RED: u8 = 31;
const GREEN: u8 = 32;
const YELLOW: u8 = 33;
