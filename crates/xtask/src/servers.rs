//! `cargo xtask servers`: a real server or an emulator, ready for the quickstart example.

use std::io;

use strongroom_servers::{AwsServer, OpenBao};

/// Installs and starts OpenBao, prints the settings that select it, and serves until the input ends.
///
/// # Errors
/// If it cannot be installed or started.
pub(crate) fn openbao() -> Result<(), String> {
    strongroom_servers::install()?;
    let server = OpenBao::start()?;
    create_transit_key(&server)?;
    serve(settings(&server).into_iter().chain([(TRANSIT_KEY, KEY)]))
}

/// Does the same with an emulator of AWS, which `start` starts.
///
/// # Errors
/// If it cannot be installed or started.
pub(crate) fn aws(start: fn() -> Result<AwsServer, String>) -> Result<(), String> {
    strongroom_servers::install()?;
    let server = start()?;
    serve([("SECRETS_PROVIDER", "aws_sm")].into_iter().chain(server.environment()))
}

fn serve<'a>(settings: impl Iterator<Item = (&'a str, &'a str)>) -> Result<(), String> {
    for (name, value) in settings {
        println!("export {name}={value}");
    }
    eprintln!("serving until Ctrl-C or the end of input");
    let ended = io::copy(&mut io::stdin(), &mut io::sink());
    ended.map(drop).map_err(|cause| format!("cannot read the input: {cause}"))
}

/// Creates the Transit key [`KEY`], which signs with HMAC.
///
/// # Errors
/// If the server refuses.
pub(crate) fn create_transit_key(server: &OpenBao) -> Result<(), String> {
    let key = format!("transit/keys/{KEY}");
    server.bao(&["write", "-force", &key, "type=hmac", "key_size=32"]).map(drop)
}

/// The settings that select `server`.
pub(crate) fn settings(server: &OpenBao) -> [(&str, &str); 3] {
    [
        ("SECRETS_PROVIDER", "vault_dev"),
        ("VAULT_ADDR", server.address()),
        ("VAULT_TOKEN", server.token()),
    ]
}

/// The setting that has the provider sign, with the key of this name.
pub(crate) const TRANSIT_KEY: &str = "VAULT_TRANSIT_KEY";

/// Name of the Transit key.
pub(crate) const KEY: &str = "quickstart";
