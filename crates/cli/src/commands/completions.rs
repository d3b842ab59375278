//! `completions`: a script for a shell.

use clap::CommandFactory;

use crate::args::{Args, Completions};
use crate::failure::Failure;
use crate::session::Session;

pub(super) fn run(args: &Completions, session: &Session) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "strongroom", &mut script);
    session.output.bytes(&script)?;
    Ok(0)
}
