//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Fakes of secrets providers on 127.0.0.1, for tests without an account.
///
/// Prints one line of `export NAME='value' ..` and serves until SIGTERM or Ctrl-C. With a command behind `--`, it runs
/// that command with these variables in place of printing them, and ends with its exit code.
#[derive(Debug, Parser)]
#[command(name = "strongroom-fakes", version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Which provider to be; `file` and `env` need no fake
    #[arg(long, value_name = "ID")]
    pub(crate) provider: Id,

    /// Port of 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,

    /// Serve over TLS, under an authority that the variables name; `azure_kv` and `infisical_cloud` always do
    #[arg(long)]
    pub(crate) tls: bool,

    /// How the variables log in to Azure; the other fakes have one way each
    #[arg(long, value_name = "METHOD")]
    pub(crate) auth: Option<Auth>,

    /// Secrets to begin with: `{"secrets": [{"name": "billing/key", "value": "canary-1"}]}`
    #[arg(long, value_name = "FILE.json")]
    pub(crate) seed: Option<PathBuf>,

    /// What goes wrong: `{"faults": [{"on": "read", "status": 503, "times": 3}]}`
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,

    /// A command to run with the variables, and its arguments
    #[arg(last = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

/// The providers of `SECRETS_PROVIDER` that are servers.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Id {
    VaultDev,
    VaultHcp,
    Vault,
    InfisicalCloud,
    InfisicalSelfHost,
    AwsSm,
    AzureKv,
}

/// As `AZURE_AUTH_METHOD` spells them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Auth {
    ClientSecret,
    ManagedIdentity,
    WorkloadIdentity,
}

impl Id {
    /// As `SECRETS_PROVIDER` spells it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::VaultDev => "vault_dev",
            Self::VaultHcp => "vault_hcp",
            Self::Vault => "vault",
            Self::InfisicalCloud => "infisical_cloud",
            Self::InfisicalSelfHost => "infisical_self_host",
            Self::AwsSm => "aws_sm",
            Self::AzureKv => "azure_kv",
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  strongroom-fakes --provider aws_sm -- pytest
  exec 3< <(strongroom-fakes --provider vault --seed seed.json); read -r line <&3; eval \"$line\"

Values, tokens and certificates are the fake's, and good for nothing else.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_spelt_as_on_the_command_line() {
        for id in Id::value_variants() {
            let typed = id.to_possible_value().expect("none is hidden");
            assert_eq!(typed.get_name(), id.as_str());
        }
    }
}
