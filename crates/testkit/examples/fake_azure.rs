//! An Azure Key Vault on loopback to try things on, without Azure.
//!
//! ```text
//! cargo run -p strongroom-testkit --example fake_azure -- CA_FILE [client_secret|managed_identity]
//! ```
//!
//! Writes the certificate authority to trust into `CA_FILE`, prints the settings that select the fake, one
//! `export NAME=VALUE` a line and a blank line at their end, and serves until Ctrl-C or the end of input. Paste them
//! into another terminal, and the command line, an example or a service of yours talks to the fake. They are those of
//! an application with a client secret, or with `managed_identity` those of a machine with an identity of its own.
//!
//! The vault has one secret at first, a signing key: Key Vault has no write for absent secrets only, by which the
//! example `quickstart` makes one on other providers. What is written is kept until the fake ends.
//!
//! Ids and secrets are the fake's: none works anywhere else. What it does not do is said at [`FakeAzure`].

#![expect(clippy::print_stderr, clippy::print_stdout, reason = "talks to a terminal")]

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

use strongroom_testkit::FakeAzure;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let served = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [ca_file] | [ca_file, "client_secret"] => serve(Path::new(ca_file), false).await,
        [ca_file, "managed_identity"] => serve(Path::new(ca_file), true).await,
        _ => {
            eprintln!("usage: fake_azure CA_FILE [client_secret|managed_identity]");
            return ExitCode::from(2);
        }
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("{cause}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(ca_file: &Path, is_machine: bool) -> io::Result<()> {
    let fake = FakeAzure::start().await;
    fake.put(KEY, "canary-key-of-thirty-two-bytes-1");
    fs::write(ca_file, fake.ca_pem())?;
    // Whoever pastes the settings may be in another folder.
    let ca_file = ca_file.canonicalize()?;
    let common = [
        ("SECRETS_PROVIDER", "azure_kv".to_owned()),
        ("AZURE_KEY_VAULT_URL", fake.address()),
        ("AZURE_AUTHORITY_HOST", fake.address()),
        ("AZURE_KV_CA_BUNDLE_PATH", ca_file.display().to_string()),
        // No vault's host is on loopback.
        ("AZURE_KV_VERIFY_CHALLENGE_RESOURCE", "false".to_owned()),
        ("AZURE_KV_SIGNING_SECRET_NAME", KEY.to_owned()),
    ];
    let credential = match is_machine {
        false => vec![
            ("AZURE_AUTH_METHOD", "client_secret".to_owned()),
            ("AZURE_TENANT_ID", FakeAzure::TENANT_ID.to_owned()),
            ("AZURE_CLIENT_ID", FakeAzure::CLIENT_ID.to_owned()),
            ("AZURE_CLIENT_SECRET", FakeAzure::CLIENT_SECRET.to_owned()),
        ],
        true => vec![
            ("AZURE_AUTH_METHOD", "managed_identity".to_owned()),
            ("AZURE_POD_IDENTITY_AUTHORITY_HOST", fake.identity_address()),
        ],
    };
    for (name, value) in common.into_iter().chain(credential) {
        println!("export {name}={value}");
    }
    println!();
    eprintln!("serving until Ctrl-C or the end of input");
    let input = tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink()));
    input.await.map_err(io::Error::other)?.map(drop)
}

/// Name of the signing key.
const KEY: &str = "quickstart-signing";
