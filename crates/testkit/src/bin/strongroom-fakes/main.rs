//! `strongroom-fakes`: the fakes of the testkit as a program, for services in any language.

#![forbid(unsafe_code)]
#![expect(clippy::print_stderr, reason = "talks to a terminal")]

mod arguments;
mod faults;
mod provider;
mod seed;
mod serve;

use std::process::ExitCode;

use clap::Parser;
use strongroom_testkit as testkit;

use crate::arguments::{Arguments, Id};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let served = match arguments.provider {
        Id::VaultDev | Id::Vault => serve::run(testkit::vault(), &arguments),
        // Where HashiCorp operates it, everything is in a namespace.
        Id::VaultHcp => serve::run(testkit::vault().namespace("admin"), &arguments),
        // The cloud is never asked without TLS.
        Id::InfisicalCloud => serve::run(testkit::infisical().tls(), &arguments),
        Id::InfisicalSelfHost => serve::run(testkit::infisical(), &arguments),
        Id::AwsSm => serve::run(testkit::aws(), &arguments),
        Id::AzureKv => serve::run(testkit::azure(), &arguments),
    };
    served.unwrap_or_else(|problem| {
        eprintln!("strongroom-fakes: {problem}");
        ExitCode::from(MISCONFIGURED)
    })
}

/// As the command line `strongroom` exits for what is `Misconfigured`.
const MISCONFIGURED: u8 = 78;
