//! Developer commands of the workspace.
//!
//! `cargo xtask test` runs every test, `cargo xtask check` everything else that a change must pass.
//! Both end with a table of minutes per step and, as their last line, `N passed, N failed`.
//! `cargo xtask servers` starts a real server to try things on.

#![forbid(unsafe_code)]
#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a developer's command talks to a developer"
)]

mod barred;
mod bench;
mod bench_cli;
mod book;
mod check;
mod command;
mod deny;
mod layering;
mod metadata;
mod quickstart;
mod report;
mod rust_version;
mod servers;
mod source;
mod tally;
mod test;
mod transcript;
mod tree;

use std::process::ExitCode;

use report::Report;
use strongroom_servers::{Ministack, Moto};

fn main() -> ExitCode {
    // Cargo picks the package of an example by the folder it runs in, so every command runs at the root.
    if let Err(cause) = std::env::set_current_dir(ROOT) {
        eprintln!("cannot enter the workspace at {ROOT}: {cause}");
        return ExitCode::FAILURE;
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => reported(test::run),
        ["book"] => concluded(book::run()),
        ["quickstart"] => reported(test::quickstart),
        ["check"] => reported(check::run),
        ["bench"] => concluded(bench::vault()),
        ["bench", "hot"] => concluded(bench::hot()),
        ["bench", "aws"] => concluded(bench::aws()),
        ["bench", "azure"] => concluded(bench::azure()),
        ["bench", "infisical"] => concluded(bench::infisical()),
        ["bench", "cli"] => concluded(bench_cli::run()),
        ["servers"] => concluded(servers::openbao()),
        ["servers", "moto"] => concluded(servers::aws(Moto::start)),
        ["servers", "ministack"] => concluded(servers::aws(Ministack::start)),
        ["servers", "install"] => concluded(strongroom_servers::install()),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn reported(run: impl FnOnce(&mut Report)) -> ExitCode {
    let mut report = Report::default();
    run(&mut report);
    println!("\n{report}");
    report.exit_code()
}

fn concluded(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

const USAGE: &str = "\
usage: cargo xtask COMMAND
  test             install the servers; run every test, the examples and the crate counts
  book             run the commands that the pages of docs/ show
  quickstart       run that example alone, on each of the nine provider ids
  check            format, lints, docs, features, Rust version, layering, licences
  bench            measure against a bare client on OpenBao; fails if a bar is missed
  bench hot        measure warm reads, signatures and renewals against the peers; fails likewise
  bench aws        measure against the bare AWS SDK on moto; fails likewise
  bench azure      measure against the bare Azure SDK on FakeAzure; fails likewise
  bench infisical  measure against a bare client on FakeInfisical; fails likewise
  bench cli        measure the command line on OpenBao, and its size; fails likewise
  servers          start OpenBao, print the settings that select it, serve until Ctrl-C
  servers moto, servers ministack
                   start that emulator of AWS instead
  servers install  install all three, and the Python clients of Azure and Infisical, into target/servers";
