//! A fake that serves until it is told to stop, or until a command has run.

use std::fs;
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use rustix::process::{Pid, kill_process};
use serde::de::DeserializeOwned;
use strongroom_testkit::Builder;
use tokio::process::Command;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

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
    // Before anybody can know that there is something to stop.
    let mut signals = Signals::catch()?;
    match arguments.command.split_first() {
        None => {
            print(&variables)?;
            signals.next().await;
            Ok(ExitCode::SUCCESS)
        }
        Some((program, words)) => {
            let mut command = Command::new(program);
            command.args(words).envs(variables).kill_on_drop(true);
            run_until_stopped(command, signals).await
        }
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text =
        fs::read(path).map_err(|cause| format!("cannot read {}: {cause}", path.display()))?;
    // Not the cause itself: it quotes what stands there, which may be a value.
    serde_json::from_slice(&text).map_err(|cause| {
        let (line, column) = (cause.line(), cause.column());
        let wrong = if cause.is_data() {
            "no key or value of such a file; `--help` shows one"
        } else {
            "no JSON"
        };
        format!("{}, line {line}, column {column}: {wrong}", path.display())
    })
}

fn variables<F: Seeded>(
    fake: &F,
    arguments: &Arguments,
    folder: &Path,
) -> Result<Vec<(&'static str, String)>, String> {
    let variables = fake.variables_for(arguments.auth)?;
    let mut variables = variables.with("SECRETS_PROVIDER", arguments.provider.as_str());
    if let Some(region) = variables.get("AWS_REGION").map(str::to_owned) {
        // The name that Python's and other clients of AWS know it by.
        variables = variables.with("AWS_DEFAULT_REGION", &region);
    }
    variables.for_child(folder).map_err(|cause| format!("cannot write the certificate: {cause}"))
}

/// One line, so that whoever reads it knows that it is whole.
fn print(variables: &[(&str, String)]) -> Result<(), String> {
    let quoted = |value: &str| value.replace('\'', r"'\''");
    let words = variables.iter().map(|(name, value)| format!(" {name}='{}'", quoted(value)));
    let line = format!("export{}\n", words.collect::<String>());
    let mut stdout = io::stdout();
    let written = stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|cause| format!("cannot write to stdout: {cause}"))
}

/// What asks the program to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn catch() -> Result<Self, String> {
        let catch =
            |kind| signal(kind).map_err(|cause| format!("cannot wait for signals: {cause}"));
        let terminate = catch(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: catch(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> rustix::process::Signal {
        tokio::select! {
            _ = self.terminate.recv() => rustix::process::Signal::TERM,
            _ = self.interrupt.recv() => rustix::process::Signal::INT,
        }
    }
}

/// With the exit code of the command, as a shell gives it.
async fn run_until_stopped(mut command: Command, mut signals: Signals) -> Result<ExitCode, String> {
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(cause) => {
            let program = command.as_std().get_program().to_string_lossy().into_owned();
            eprintln!("strongroom-fakes: cannot run `{program}`: {cause}");
            let is_missing = cause.kind() == io::ErrorKind::NotFound;
            return Ok(ExitCode::from(if is_missing { 127 } else { 126 }));
        }
    };
    let told = tokio::select! {
        ended = child.wait() => return ended.map(code).map_err(lost),
        signal = signals.next() => signal,
    };
    // The command gets the signal too, and the time to tidy up.
    let id = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    if let Some(id) = id {
        let _ = kill_process(id, told);
    }
    match timeout(TIDYING, child.wait()).await {
        Ok(ended) => ended.map(code).map_err(lost),
        Err(_) => {
            let _ = child.kill().await;
            child.wait().await.map(code).map_err(lost)
        }
    }
}

fn lost(cause: io::Error) -> String {
    format!("cannot wait for the command: {cause}")
}

/// Longest time that a command which was told to stop may take.
const TIDYING: Duration = Duration::from_secs(5);

fn code(status: ExitStatus) -> ExitCode {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}
