//! A fake that serves until it is told to stop, or until a command has run.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitCode, ExitStatus};

use serde::de::DeserializeOwned;
use strongroom_testkit::Builder;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::Arguments;
use crate::faults::Faults;
use crate::provider::Seeded;
use crate::seed::Seed;

/// Starts the fake, and serves.
///
/// # Errors
/// What is wrong with a file or the port, before anything is printed or run.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run<F: Seeded>(
    builder: Builder<F>,
    arguments: &Arguments,
) -> Result<ExitCode, String> {
    let faults = match &arguments.faults {
        Some(path) => {
            let faults: Faults = read(path)?;
            faults.read().map_err(|problem| format!("{}: {problem}", path.display()))?
        }
        None => Vec::new(),
    };
    let builder = faults.into_iter().fold(builder.port(arguments.port), Builder::fault);
    let builder = if arguments.tls { builder.tls() } else { builder };
    let started = builder.try_start().await;
    let fake = started.map_err(|cause| {
        format!("cannot listen on port {} of 127.0.0.1: {cause}", arguments.port)
    })?;
    if let Some(path) = &arguments.seed {
        let seed: Seed = read(path)?;
        seed.sow(&fake).map_err(|problem| format!("{}: {problem}", path.display()))?;
    }
    // For the certificate of the authority. It is gone when the fake is.
    let folder = tempfile::tempdir().map_err(|cause| format!("no temporary folder: {cause}"))?;
    let variables = variables(&fake, arguments, folder.path())?;
    match arguments.command.split_first() {
        None => {
            print(&variables);
            stopped().await.map(|()| ExitCode::SUCCESS)
        }
        Some((program, words)) => {
            let mut command = Command::new(program);
            command.args(words).envs(variables).kill_on_drop(true);
            run_until_stopped(command).await
        }
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text =
        fs::read(path).map_err(|cause| format!("cannot read {}: {cause}", path.display()))?;
    // Not the cause itself: it quotes what stands there, which may be a value.
    serde_json::from_slice(&text).map_err(|cause| {
        let (line, column) = (cause.line(), cause.column());
        let wrong =
            if cause.is_data() { "not a key or a value that is known here" } else { "no JSON" };
        format!("{}, line {line}, column {column}: {wrong}", path.display())
    })
}

fn variables<F: Seeded>(
    fake: &F,
    arguments: &Arguments,
    folder: &Path,
) -> Result<Vec<(&'static str, String)>, String> {
    let mut variables = fake.variables().with("SECRETS_PROVIDER", arguments.provider.as_str());
    if let Some(region) = variables.get("AWS_REGION").map(str::to_owned) {
        // The name that Python's and other clients of AWS know it by.
        variables = variables.with("AWS_DEFAULT_REGION", &region);
    }
    variables.for_child(folder).map_err(|cause| format!("cannot write the certificate: {cause}"))
}

/// One line, so that whoever reads it knows that it is whole.
fn print(variables: &[(&str, String)]) {
    let quoted = |value: &str| value.replace('\'', r"'\''");
    let words = variables.iter().map(|(name, value)| format!(" {name}='{}'", quoted(value)));
    println!("export{}", words.collect::<String>());
}

async fn stopped() -> Result<(), String> {
    let catch = |kind| signal(kind).map_err(|cause| format!("cannot wait for signals: {cause}"));
    let (mut terminate, mut interrupt) =
        (catch(SignalKind::terminate())?, catch(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// With the exit code of the command, as a shell gives it.
async fn run_until_stopped(mut command: Command) -> Result<ExitCode, String> {
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(cause) => {
            let program = command.as_std().get_program().to_string_lossy().into_owned();
            eprintln!("strongroom-fakes: cannot run `{program}`: {cause}");
            let is_missing = cause.kind() == std::io::ErrorKind::NotFound;
            return Ok(ExitCode::from(if is_missing { 127 } else { 126 }));
        }
    };
    tokio::select! {
        ended = child.wait() => {
            let status = ended.map_err(|cause| format!("cannot wait for the command: {cause}"))?;
            Ok(ExitCode::from(code(status)))
        }
        // The command goes with us.
        told = stopped() => told.map(|()| ExitCode::from(143)),
    }
}

fn code(status: ExitStatus) -> u8 {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    u8::try_from(code).unwrap_or(u8::MAX)
}
