//! `strongroom`: secrets, signatures and their providers, for people who operate them.
//!
//! Data goes to stdout, words to stderr. Exit codes follow from the kind of an error; a command line that is
//! not understood ends with 2.

#![forbid(unsafe_code)]

mod args;
mod colour;
mod commands;
mod failure;
mod harden;
mod help;
mod input;
mod log;
mod output;
mod prompt;
mod session;
mod table;
mod time;
mod usage;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::args::{Args, Parsed};
use crate::failure::Failure;
use crate::output::Output;
use crate::session::Session;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let (output, result) = match args::parse(&words) {
        Parsed::Run(args) => (Output::new(args.global.json), run(*args)),
        // Neither the environment nor a runtime is needed for these.
        Parsed::Text(text) => {
            let output = Output::new(false);
            let written = output.text(&text).map(|()| 0);
            (output, written.map_err(Failure::from))
        }
        Parsed::Wrong(usage, json) => (Output::new(json), Err(Failure::from(usage))),
    };
    ExitCode::from(result.unwrap_or_else(|failure| {
        failure.tell(output.json);
        failure.exit_code()
    }))
}

/// Runs a command and gives its exit code.
fn run(args: Args) -> Result<u8, Failure> {
    // Before anything secret is in memory.
    harden::no_core_dumps();
    log::start(args.global.verbose);
    let session = Session::new(&args.global);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(failure::no_runtime)?;
    let result = runtime.block_on(commands::run(args.command, &session));
    // A read of a file that hangs must not keep the command from ending.
    runtime.shutdown_background();
    result
}
