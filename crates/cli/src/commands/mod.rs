//! The commands: one file each.

mod completions;
mod delete;
mod doctor;
mod get;
mod list;
mod providers;
mod put;
mod rotate;
mod sign;
mod verify;
mod versions;

use crate::args::Command;
use crate::failure::Failure;
use crate::session::Session;

/// Runs a command and gives its exit code.
pub(crate) async fn run(command: Command, session: &Session) -> Result<u8, Failure> {
    match command {
        Command::Providers => providers::run(session),
        Command::Get(args) => get::run(args, session).await,
        Command::Put(args) => put::run(args, session).await,
        Command::List(args) => list::run(args, session).await,
        Command::Versions(args) => versions::run(args, session).await,
        Command::Delete(args) => delete::run(args, session).await,
        Command::Sign(args) => sign::run(args, session).await,
        Command::Verify(args) => verify::run(args, session).await,
        Command::Rotate(args) => rotate::run(args, session).await,
        Command::Doctor(args) => doctor::run(args, session).await,
        Command::Completions(args) => completions::run(&args, session),
    }
}
