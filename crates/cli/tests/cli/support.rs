//! Running the command.

use std::fs::{DirBuilder, File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use strongroom_testkit::FakeVault;
use tempfile::TempDir;

/// A key that passes the checks. `which` makes another one.
pub(crate) fn key(which: &str) -> String {
    format!("canary-key-of-thirty-two-bytes-{which}")
}

/// The command with an environment of its own: nothing of whoever runs the tests is in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cli {
    variables: Vec<(String, String)>,
}

impl Cli {
    /// With these variables.
    pub(crate) fn with(variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self { variables: variables.iter().map(owned).collect() }
    }

    /// On provider `file`.
    pub(crate) fn on_folder(folder: &Path) -> Self {
        Self::with(&[("SECRETS_PROVIDER", "file"), ("SECRETS_DIR", folder.to_str().unwrap())])
    }

    /// On a fake, with the token that may do everything.
    pub(crate) fn on_vault(vault: &FakeVault) -> Self {
        Self::with(&[
            ("SECRETS_PROVIDER", "vault_dev"),
            ("VAULT_ADDR", &vault.address()),
            ("VAULT_TOKEN", FakeVault::TOKEN),
        ])
    }

    /// The same with a variable more, or with another value of it.
    pub(crate) fn and(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.variables.retain(|(known, _)| known != name);
        other.variables.push((name.to_owned(), value.to_owned()));
        other
    }

    /// What one of its variables is.
    pub(crate) fn variable(&self, name: &str) -> String {
        let found = self.variables.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap()
    }

    /// Not started yet. Its stdin is empty.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        command.args(words).env_clear().stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Run {
        Run::of(self.command(words).output().unwrap())
    }

    /// The same with something on stdin.
    pub(crate) fn run_with(&self, words: &[&str], stdin: &[u8]) -> Run {
        let mut child = self.start(words);
        // It may have ended without reading.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        Run::of(child.wait_with_output().unwrap())
    }

    /// Starts it, with pipes everywhere.
    pub(crate) fn start(&self, words: &[&str]) -> Child {
        let mut command = self.command(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }
}

/// What the command did.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Stdout as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// Stdout as one line of JSON, of a command that did what was asked.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        self.answer()
    }

    /// Stdout as one line of JSON.
    #[track_caller]
    pub(crate) fn answer(&self) -> Value {
        assert_eq!(self.text().lines().count(), 1, "{self:?}");
        serde_json::from_str(self.text()).unwrap()
    }

    /// What `--json` told on the last line of stderr, of a command that failed; checked for its shape.
    #[track_caller]
    pub(crate) fn error(&self) -> Value {
        assert_eq!(self.text(), "", "{self:?}");
        let told: Value = serde_json::from_str(self.stderr.lines().last().unwrap()).unwrap();
        assert_eq!(members(&told), ["error"]);
        let error = told["error"].clone();
        let expected = ["kind", "message", "name", "operation", "provider", "retry_after_ms"];
        assert_eq!(members(&error), expected);
        error
    }

    /// The exit code and the kind of what `--json` told.
    #[track_caller]
    pub(crate) fn kind(&self) -> (i32, String) {
        (self.code, self.error()["kind"].as_str().unwrap().to_owned())
    }
}

/// The names in an object, sorted.
#[track_caller]
pub(crate) fn members(object: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// An empty folder, as closed as it should be.
pub(crate) fn empty() -> TempDir {
    let closed = Permissions::from_mode(0o750);
    tempfile::Builder::new().permissions(closed).tempdir().unwrap()
}

/// Writes a file that only we and our group may read, and the folders on the way to it.
pub(crate) fn write(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    DirBuilder::new().recursive(true).mode(0o750).create(path.parent().unwrap()).unwrap();
    let mut file =
        File::options().write(true).create(true).truncate(true).mode(0o640).open(&path).unwrap();
    file.write_all(bytes.as_ref()).unwrap();
    path
}

/// A folder with `signing-key` and two other secrets.
pub(crate) fn folder() -> TempDir {
    let folder = empty();
    for (name, value) in secrets() {
        write(&folder, name, value);
    }
    folder
}

/// The same in releases.
pub(crate) fn releases() -> TempDir {
    let folder = empty();
    let cli = Cli::on_folder(folder.path());
    for (name, value) in secrets() {
        assert_eq!(cli.run_with(&["put", name, "--stdin"], value.as_bytes()).code, 0);
    }
    folder
}

fn secrets() -> [(&'static str, String); 3] {
    [
        ("signing-key", key("1")),
        ("db", "canary-db".to_owned()),
        ("app/url", "canary-url".to_owned()),
    ]
}

/// A fake that serves in its own thread.
pub(crate) fn vault() -> FakeVault {
    runtime().block_on(FakeVault::start())
}

/// For starting fakes.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// What can be read until the other side is gone. A terminal whose other side is gone is an error, not an end.
pub(crate) fn read_all(mut from: File) -> Vec<u8> {
    let mut read = Vec::new();
    let mut buffer = [0; 4_096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        read.extend_from_slice(&buffer[..count]);
    }
    read
}
