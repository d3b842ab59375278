//! The command from outside: exit codes, JSON shapes, streams, terminals, and what must never be printed.

#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "support of tests")]

mod aws;
mod azure;
mod canary;
mod doctor;
mod env;
mod file;
mod infisical;
mod openbao;
mod providers;
mod streams;
mod support;
mod terminal;
mod usage;
mod vault;
