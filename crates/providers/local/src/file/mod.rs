//! The provider `file`: a folder of files, or releases behind a `current` link.

mod config;
mod dir;
mod disk_error;
mod examine;
mod files;
mod flat;
mod history;
mod inspect;
mod layout;
mod manifest;
mod newline;
mod paths;
mod policy;
mod publish;
mod root;
mod snapshot;
mod stamp;
mod store;

pub use config::FILE;
pub use store::FileStore;

use strongroom_core::{Error, ErrorKind, Reason};

/// The link that says which release is in force.
const CURRENT: &str = "current";
/// The link behind which Kubernetes swaps the folder of a mounted secret.
const PLATFORM_LINK: &str = "..data";
/// The folder of releases.
const RELEASES: &str = "releases";
/// What a fresh ext4 volume holds.
const LOST_AND_FOUND: &str = "lost+found";

fn misconfigured(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Misconfigured, message)
}

fn no_secret() -> Error {
    Error::new(ErrorKind::NotFound, "no file of that name").with_reason(Reason::Secret)
}

fn no_version(message: &'static str) -> Error {
    Error::new(ErrorKind::NotFound, message).with_reason(Reason::Version)
}
