//! An Infisical on loopback to try things on, without Infisical.
//!
//! ```text
//! cargo run -p strongroom-testkit --example fake_infisical -- [infisical_self_host | infisical_cloud CA_FILE]
//! ```
//!
//! Prints the settings that select the fake, one `export NAME=VALUE` a line and a blank line at their end, and serves
//! until Ctrl-C or the end of input. Paste them into another terminal, and the command line, an example or a service of
//! yours talks to the fake. They are those of a server of one's own without TLS; or with `infisical_cloud` those of
//! Infisical Cloud over TLS, which is then the fake: behind a proxy of its own, and with the certificate authority to
//! trust in `CA_FILE`, which is written.
//!
//! There are no secrets at first: the example `quickstart` makes its key itself. What is written is kept until the fake
//! ends.
//!
//! Ids and secrets are the fake's: none works anywhere else. What it does not do is said at [`FakeInfisical`].

#![expect(clippy::print_stderr, clippy::print_stdout, reason = "talks to a terminal")]

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

use strongroom_testkit::FakeInfisical;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let served = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] | ["infisical_self_host"] => serve(None).await,
        ["infisical_cloud", ca_file] => serve(Some(Path::new(ca_file))).await,
        _ => {
            eprintln!("usage: fake_infisical [infisical_self_host | infisical_cloud CA_FILE]");
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

/// Serves as the cloud if there is a file for its authority.
async fn serve(ca_file: Option<&Path>) -> io::Result<()> {
    let fake = FakeInfisical::start().await;
    let server = match ca_file {
        None => vec![
            ("SECRETS_PROVIDER", "infisical_self_host".to_owned()),
            ("INFISICAL_BASE_URL", fake.address()),
        ],
        Some(ca_file) => {
            fs::write(ca_file, fake.ca_pem())?;
            // Whoever pastes the settings may be in another folder.
            let ca_file = ca_file.canonicalize()?;
            vec![
                ("SECRETS_PROVIDER", "infisical_cloud".to_owned()),
                ("INFISICAL_CA_BUNDLE_PATH", ca_file.display().to_string()),
                ("SECRETS_PROXY", fake.proxy_address()),
            ]
        }
    };
    let common = [
        ("INFISICAL_CLIENT_ID", FakeInfisical::CLIENT_ID.to_owned()),
        ("INFISICAL_CLIENT_SECRET", FakeInfisical::CLIENT_SECRET.to_owned()),
        ("INFISICAL_PROJECT_ID", FakeInfisical::PROJECT_ID.to_owned()),
        ("INFISICAL_ENVIRONMENT", FakeInfisical::ENVIRONMENT.to_owned()),
        ("INFISICAL_SIGNING_SECRET_NAME", KEY.to_owned()),
    ];
    for (name, value) in server.into_iter().chain(common) {
        println!("export {name}={value}");
    }
    println!();
    eprintln!("serving until Ctrl-C or the end of input");
    let input = tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink()));
    input.await.map_err(io::Error::other)?.map(drop)
}

/// Name of the signing key.
const KEY: &str = "quickstart-signing";
