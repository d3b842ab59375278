//! What is wrong with a command line, without repeating any of it: somebody may have typed a value.

use std::error::Error as _;
use std::ffi::OsString;
use std::fmt;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// A wrong command line, in words that hold nothing but what we know: options, commands, ranges.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Usage {
    message: String,
    command: Option<String>,
}

/// What an option takes. The error of its parser, instead of one that quotes what was typed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Expected(pub(crate) String);

impl Usage {
    /// Something that only the command itself can see.
    pub(crate) fn of(command: &str, message: &str) -> Self {
        Self { message: message.to_owned(), command: Some(command.to_owned()) }
    }

    /// What clap found. Its own texts quote the command line, so none of them is used.
    pub(crate) fn new(error: &clap::Error, words: &[OsString], program: &Command) -> Self {
        let command = words.iter().skip(1).find_map(|word| program.find_subcommand(word));
        let command = command.map(|command| command.get_name().to_owned());
        let mut message = explain(error, words, command.as_deref());
        if let Some(source) = command.as_deref().and_then(|name| stray(error, name)) {
            message.push_str(source);
        }
        Self { message, command }
    }

    /// Where to read more.
    pub(crate) fn hint(&self) -> String {
        match &self.command {
            Some(command) => format!("see `strongroom {command} --help`"),
            None => "see `strongroom --help`".to_owned(),
        }
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Expected {}

fn explain(error: &clap::Error, words: &[OsString], command: Option<&str>) -> String {
    // Which of our own options it is about. Of an unknown one this is what was typed.
    let option = || known(error, ContextKind::InvalidArg).join(", ");
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let of = command.map_or_else(|| "strongroom".to_owned(), |name| format!("`{name}`"));
            let message = format!("{} is not one that {of} takes", place(error, words));
            with_suggestion(message, error, ContextKind::SuggestedArg)
        }
        ErrorKind::InvalidSubcommand => {
            let message = format!("{} is not a command", place(error, words));
            with_suggestion(message, error, ContextKind::SuggestedSubcommand)
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "no command was given".to_owned()
        }
        ErrorKind::MissingRequiredArgument => format!("missing: {}", option()),
        ErrorKind::ArgumentConflict => {
            let others = known(error, ContextKind::PriorArg).join(", ");
            match others.is_empty() || others == option() {
                true => format!("`{}` was given twice", option()),
                false => format!("`{}` does not go with `{others}`", option()),
            }
        }
        ErrorKind::InvalidValue => {
            let words = known(error, ContextKind::ValidValue);
            match words.is_empty() {
                true => format!("`{}` needs a value", option()),
                false => format!("`{}` must be one of {}", option(), words.join(", ")),
            }
        }
        ErrorKind::ValueValidation => {
            match error.source().and_then(|source| source.downcast_ref::<Expected>()) {
                Some(expected) => format!("`{}` must be {expected}", option()),
                None => format!("`{}` has a value that it cannot have", option()),
            }
        }
        ErrorKind::TooManyValues => format!("`{}` takes no value", option()),
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8 text".to_owned(),
        _ => "the command line is not understood".to_owned(),
    }
}

/// What those who typed a value where none belongs have to know.
fn stray(error: &clap::Error, command: &str) -> Option<&'static str> {
    let is_stray = match error.kind() {
        ErrorKind::UnknownArgument | ErrorKind::TooManyValues => true,
        ErrorKind::ValueValidation => {
            known(error, ContextKind::InvalidArg).iter().any(|option| option.contains("--generate"))
        }
        _ => false,
    };
    match command {
        "put" if is_stray => Some(
            "; values are never taken from the command line, which other users and the shell's history see: use --stdin, --from-file F or --generate N",
        ),
        "rotate" if is_stray => Some(
            "; values are never taken from the command line, which other users and the shell's history see: use --stdin or --generate N",
        ),
        _ => None,
    }
}

/// Which argument clap did not know, by its place, as it may be anything.
fn place(error: &clap::Error, words: &[OsString]) -> String {
    let typed = [ContextKind::InvalidArg, ContextKind::InvalidSubcommand]
        .into_iter()
        .find_map(|kind| known(error, kind).into_iter().next())
        .unwrap_or_default();
    let is_it = |word: &OsString| {
        let word = word.to_string_lossy();
        word == typed || word.strip_prefix(&*typed).is_some_and(|rest| rest.starts_with('='))
    };
    match words.iter().skip(1).position(is_it) {
        Some(index) => format!("argument {}", index + 1),
        None => "an argument".to_owned(),
    }
}

fn with_suggestion(message: String, error: &clap::Error, kind: ContextKind) -> String {
    match known(error, kind).first() {
        Some(suggested) => format!("{message}; did you mean `{suggested}`?"),
        None => message,
    }
}

fn known(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}
