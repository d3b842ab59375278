//! The command line as types.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgAction, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use strongroom::{Form, IfVersion};

use crate::help;
use crate::usage::{Expected, Usage};

/// Reads and writes secrets, signs and verifies, and looks for what is wrong, on every provider alike.
///
/// The provider and its settings come from the environment, as those of a service do: `strongroom
/// providers` lists them. Data goes to stdout and words to stderr. Values never come from the command
/// line, and never leave unless you ask with --reveal.
#[derive(Parser)]
#[command(name = "strongroom", version, after_help = help::TOP, verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes.
#[derive(clap::Args)]
pub(crate) struct Global {
    /// Data as JSON on stdout, an error as one line of JSON on stderr
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(crate) json: bool,
    /// The provider, over SECRETS_PROVIDER
    #[arg(long, global = true, value_name = "ID", help_heading = GLOBAL)]
    pub(crate) provider: Option<String>,
    /// Longest time of one operation in seconds, over SECRETS_TIMEOUT_SECONDS
    #[arg(long, global = true, value_name = "S", value_parser = timeout, help_heading = GLOBAL)]
    pub(crate) timeout: Option<String>,
    /// Log more to stderr: -v info, -vv debug, -vvv trace; RUST_LOG wins
    #[arg(short, global = true, action = ArgAction::Count, help_heading = GLOBAL)]
    pub(crate) verbose: u8,
}

const GLOBAL: &str = "Global options";

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the providers and their settings, and which of them are set
    #[command(after_help = help::PROVIDERS)]
    Providers,
    /// Show what is known of a secret; its value with --reveal
    #[command(after_help = help::GET)]
    Get(Get),
    /// Write a secret, or one field of it
    #[command(after_help = help::PUT)]
    Put(Put),
    /// List the names of secrets
    #[command(after_help = help::LIST)]
    List(List),
    /// List the versions of a secret, newest first
    #[command(after_help = help::VERSIONS)]
    Versions(Versions),
    /// Delete a secret, recoverably where the provider can
    #[command(after_help = help::DELETE)]
    Delete(Delete),
    /// Sign a message
    #[command(after_help = help::SIGN)]
    Sign(Sign),
    /// Verify the signature of a message
    #[command(after_help = help::VERIFY)]
    Verify(Verify),
    /// Replace a signing key or another secret by a new version
    #[command(after_help = help::ROTATE)]
    Rotate(Rotate),
    /// Look for what is wrong with the set-up, check by check
    #[command(after_help = help::DOCTOR)]
    Doctor(Doctor),
    /// Print completions for a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions(Completions),
}

#[derive(clap::Args)]
pub(crate) struct Get {
    /// The secret; `#FIELD` or `#/json/pointer` picks one field of it
    #[arg(value_name = "NAME[#FIELD]")]
    pub(crate) name: String,
    /// This version instead of the current one
    #[arg(long, value_name = "V")]
    pub(crate) version: Option<String>,
    /// Write the value to stdout: exactly its bytes, or a member of the JSON
    #[arg(long)]
    pub(crate) reveal: bool,
}

#[derive(clap::Args)]
pub(crate) struct Put {
    /// The secret; `#FIELD` writes one field and keeps the others as they are
    #[arg(value_name = "NAME[#FIELD]")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) value: Source,
    /// Write only if this is the current version; `absent`: only if there is none
    #[arg(long, value_name = "V", value_parser = if_version)]
    pub(crate) if_version: Option<IfVersion>,
}

/// Where a new value comes from: never from the command line.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Source {
    /// All of stdin, exactly; on a terminal one line that is not shown
    #[arg(long)]
    pub(crate) stdin: bool,
    /// All of a file, exactly
    #[arg(long, value_name = "F")]
    pub(crate) from_file: Option<PathBuf>,
    /// This many random bytes (32 to 512) in SECRETS_SIGNING_KEY_ENCODING
    #[arg(long, value_name = "N", value_parser = random_bytes)]
    pub(crate) generate: Option<usize>,
}

#[derive(clap::Args)]
pub(crate) struct List {
    /// Only names at and below it, by whole segments
    pub(crate) prefix: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct Versions {
    /// The secret
    pub(crate) name: String,
}

#[derive(clap::Args)]
pub(crate) struct Delete {
    /// The secret
    pub(crate) name: String,
    /// Yes, delete it
    #[arg(long, required = true)]
    pub(crate) yes: bool,
}

#[derive(clap::Args)]
pub(crate) struct Sign {
    #[command(flatten)]
    pub(crate) message: Message,
}

#[derive(clap::Args)]
pub(crate) struct Verify {
    /// The signature, as `sign` printed it
    #[arg(long, value_name = "S", allow_hyphen_values = true)]
    pub(crate) signature: String,
    #[command(flatten)]
    pub(crate) message: Message,
}

/// What is signed or verified, with which key, in which form.
#[derive(clap::Args)]
pub(crate) struct Message {
    /// Another key than the configured one
    #[arg(long, value_name = "NAME")]
    pub(crate) key: Option<String>,
    /// What the signature is for, `[a-z0-9._-]{1,64}`; one of another purpose does not verify
    #[arg(long, value_name = "P")]
    pub(crate) purpose: Option<String>,
    /// The file of the message; stdin without it
    #[arg(long = "in", value_name = "F")]
    pub(crate) file: Option<PathBuf>,
    /// The form of the signature
    #[arg(long, value_enum, default_value_t = Format::Sr1)]
    pub(crate) format: Format,
}

/// The form of a signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// Ours: names its key and algorithm
    Sr1,
    /// The provider's own, over the bare message
    Native,
    /// Plain HMAC-SHA256 with a key of the store, in hexadecimal
    Hex,
    /// Plain HMAC-SHA256 with a key of the store, in base64
    Base64,
}

#[derive(clap::Args)]
#[group(multiple = false)]
pub(crate) struct NewValue {
    /// This many random bytes (32 to 512); 32 without it
    #[arg(long, value_name = "N", value_parser = random_bytes)]
    pub(crate) generate: Option<usize>,
    /// The new value is all of stdin, exactly; on a terminal one line that is not shown
    #[arg(long)]
    pub(crate) stdin: bool,
}

#[derive(clap::Args)]
pub(crate) struct Rotate {
    /// The secret; the configured signing key without it
    #[arg(value_name = "NAME[#FIELD]")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) value: NewValue,
    /// Make the new version current at once; required in this version
    #[arg(long)]
    pub(crate) no_wait: bool,
}

#[derive(clap::Args)]
pub(crate) struct Doctor {
    /// Secrets to read as a service would
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Exit with 1 if the status is `degraded`
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(clap::Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// What a command line asks for.
pub(crate) enum Parsed {
    /// A command.
    Run(Box<Args>),
    /// Help or the version, to print.
    Text(String),
    /// It is not one; and whether it asks for JSON.
    Wrong(Usage, bool),
}

/// Reads a command line, the name of the program first.
pub(crate) fn parse(words: &[OsString]) -> Parsed {
    match Args::try_parse_from(words) {
        Ok(args) => Parsed::Run(Box::new(args)),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Parsed::Text(error.to_string()),
            _ => {
                let json = words.iter().any(|word| word == "--json");
                Parsed::Wrong(Usage::new(&error, words, &Args::command()), json)
            }
        },
    }
}

fn random_bytes(text: &str) -> Result<usize, Expected> {
    number(text, 32, 512)?.try_into().map_err(|_| Expected("fewer bytes".to_owned()))
}

/// Checked against the range of the setting that it stands for.
fn timeout(text: &str) -> Result<String, Expected> {
    let listed = strongroom::providers();
    let mut keys = listed.iter().filter_map(|provider| provider.keys.as_ref()).flatten();
    let key = keys.find(|key| key.name == "SECRETS_TIMEOUT_SECONDS");
    match key.map(|key| key.form) {
        Some(Form::Seconds { min, max }) => number(text, min, max).map(|_| text.to_owned()),
        _ => Ok(text.to_owned()),
    }
}

fn number(text: &str, min: u64, max: u64) -> Result<u64, Expected> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten();
    number
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| Expected(format!("a whole number from {min} to {max}")))
}

fn if_version(text: &str) -> Result<IfVersion, Expected> {
    match text {
        "" => Err(Expected("a version or `absent`".to_owned())),
        "absent" => Ok(IfVersion::Absent),
        version => Ok(IfVersion::Is(version.into())),
    }
}
