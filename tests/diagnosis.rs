//! What `diagnose` finds on this machine: files, links, modes, variables.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use strongroom::{
    Check, Diagnosis, MemoryStore, Outcome, ProcessEnvironment, PutOptions, Secrets, Settings,
};
use tempfile::TempDir;

#[track_caller]
fn expect(diagnosis: &Diagnosis, name: &str, outcome: Outcome, words: &str) {
    let found = diagnosis.checks.iter().find(|check| check.name == name);
    let check: &Check = found.expect("a check of each name");
    assert_eq!(check.outcome, outcome, "{check:?}");
    assert!(check.detail.contains(words), "{check:?}");
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o750)).unwrap();
    folder
}

fn write(path: PathBuf, mode: u32) {
    fs::write(&path, "canary-value-of-a-secret-in-a-file\n").unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn settings(folder: &Path) -> Settings {
    Settings::new(ProcessEnvironment)
        .with("SECRETS_PROVIDER", "file")
        .with("SECRETS_DIR", folder.to_string_lossy())
}

async fn diagnose(settings: Settings) -> Diagnosis {
    match Secrets::from_settings(settings).await {
        Ok(secrets) => secrets.diagnose(&[]).await,
        Err(error) => Diagnosis::of_error(&error),
    }
}

#[tokio::test]
async fn f095_the_rule_of_the_trailing_newline_is_told() {
    let folder = folder();
    write(folder.path().join("signing-key"), 0o640);
    let flat = diagnose(settings(folder.path())).await;
    assert_eq!(flat.status(), "ready", "{flat:#?}");
    expect(&flat, "files", Outcome::Pass, "a flat folder");
    expect(&flat, "files", Outcome::Pass, "one trailing newline (LF or CRLF)");
    expect(&flat, "network", Outcome::Skip, "on this machine");
    expect(&flat, "read", Outcome::Pass, "read `signing-key`");
    expect(&flat, "sign", Outcome::Pass, "signs and verifies");
    expect(&flat, "version", Outcome::Skip, "");
    let exact = diagnose(settings(folder.path()).with("SECRETS_FILE_EXACT", "true")).await;
    expect(&exact, "files", Outcome::Pass, "the whole file");
}

#[tokio::test]
async fn f105_a_link_that_is_wrong_is_told_with_what_would_be_right() {
    let outside = folder();
    let cases = [
        ("`current` is a file or folder", Current::File),
        ("`current` is a file or folder", Current::Folder),
        ("which is not there", Current::Link("releases/20260215T090001Z")),
        ("points outside this folder", Current::Link(outside.path().to_str().unwrap())),
        ("points to itself", Current::Link("current")),
        ("climbs with `..`", Current::Link("releases/../releases/20260215T090000Z")),
    ];
    for (words, current) in cases {
        let folder = folder();
        let release = folder.path().join("releases/20260215T090000Z");
        fs::create_dir_all(&release).unwrap();
        for dir in ["releases", "releases/20260215T090000Z"] {
            let mode = fs::Permissions::from_mode(0o750);
            fs::set_permissions(folder.path().join(dir), mode).unwrap();
        }
        write(release.join("signing-key"), 0o640);
        current.make(&folder.path().join("current"));
        let diagnosis = diagnose(settings(folder.path())).await;
        assert_eq!(diagnosis.status(), "not_ready", "{words}");
        expect(&diagnosis, "files", Outcome::Fail, words);
        expect(&diagnosis, "config", Outcome::Pass, "");
        expect(&diagnosis, "read", Outcome::Skip, "could not be opened");
    }
}

/// What lies where the link belongs.
enum Current<'a> {
    File,
    Folder,
    Link(&'a str),
}

impl Current<'_> {
    fn make(&self, path: &Path) {
        match self {
            Self::File => write(path.to_owned(), 0o640),
            Self::Folder => fs::create_dir(path).unwrap(),
            Self::Link(target) => symlink(target, path).unwrap(),
        }
    }
}

#[tokio::test]
async fn f105_an_absolute_link_inside_the_folder_works_and_is_hinted_at() {
    let folder = folder();
    let secrets = Secrets::from_settings(settings(folder.path())).await.unwrap();
    secrets.put("db", "canary-value", PutOptions::default()).await.unwrap();
    let relative = diagnose(settings(folder.path())).await;
    expect(&relative, "files", Outcome::Pass, "releases behind `current`");
    let link = folder.path().join("current");
    let target = folder.path().join(fs::read_link(&link).unwrap());
    fs::remove_file(&link).unwrap();
    symlink(target, &link).unwrap();
    let absolute = diagnose(settings(folder.path())).await;
    assert_eq!(absolute.status(), "ready");
    expect(&absolute, "files", Outcome::Warn, "`current` is an absolute link");
    expect(&absolute, "read", Outcome::Pass, "read `db` (version ");
    expect(&absolute, "version", Outcome::Pass, "1 version of `db`");
}

#[tokio::test]
async fn b094_modes_that_are_too_wide_are_told_once() {
    let folder = folder();
    for name in ["a", "b", "c", "d", "e", "f", "g"] {
        write(folder.path().join(name), 0o660);
    }
    let diagnosis = diagnose(settings(folder.path())).await;
    assert_eq!(diagnosis.status(), "ready");
    expect(&diagnosis, "files", Outcome::Warn, "`a`: mode 0660 is wider than 0640");
    expect(&diagnosis, "files", Outcome::Warn, "and 2 more such findings");
    expect(&diagnosis, "config", Outcome::Pass, "provider `file`");
}

#[tokio::test]
async fn what_cannot_be_read_is_told_for_each_name() {
    let folder = folder();
    write(folder.path().join("db"), 0o640);
    let secrets = Secrets::from_settings(settings(folder.path())).await.unwrap();
    let diagnosis = secrets.diagnose(&["db", "none", "../etc"]).await;
    assert_eq!(diagnosis.status(), "not_ready");
    expect(&diagnosis, "read", Outcome::Fail, "read `db`");
    expect(&diagnosis, "read", Outcome::Fail, "`none`: ");
    expect(&diagnosis, "read", Outcome::Fail, "segment");
}

#[tokio::test]
async fn f096_f097_verification_that_is_switched_off_is_not_ready() {
    let folder = folder();
    write(folder.path().join("db"), 0o640);
    let off = settings(folder.path()).with("VAULT_VERIFY_ENABLED", "false");
    let refused = diagnose(off.clone()).await;
    assert_eq!(refused.status(), "not_ready");
    expect(&refused, "config", Outcome::Fail, "VAULT_VERIFY_ENABLED");
    let off = diagnose(off.with("SECRETS_ALLOW_UNVERIFIED", "true")).await;
    assert_eq!(off.status(), "not_ready");
    expect(&off, "verification", Outcome::Fail, "accepts every message as signed");
    let typo = diagnose(settings(folder.path()).with("VAULT_VERIFY_ENABLED", "ture")).await;
    expect(&typo, "config", Outcome::Fail, "true, false, 1, 0");
}

#[tokio::test]
async fn misspelt_settings_are_warnings_of_the_configuration() {
    let folder = folder();
    write(folder.path().join("db"), 0o640);
    let misspelt = settings(folder.path()).with("SECRETS_CACHE_TTL_SECOND", "5");
    let diagnosis = diagnose(misspelt).await;
    assert_eq!(diagnosis.status(), "ready");
    expect(&diagnosis, "config", Outcome::Warn, "did you mean `SECRETS_CACHE_TTL_SECONDS`?");
}

#[tokio::test]
async fn variables_and_memory_are_checked_as_far_as_there_is_something_to_check() {
    let env = Settings::from_pairs([("SECRETS_PROVIDER", "env"), ("SECRETS_ENV_PREFIX", "APP_")]);
    let env = Secrets::from_settings(env.with("APP_DB", "canary-value")).await.unwrap();
    let diagnosis = env.diagnose(&["db"]).await;
    assert_eq!(diagnosis.status(), "ready", "{diagnosis:#?}");
    expect(&diagnosis, "read", Outcome::Pass, "read `db`");
    expect(&diagnosis, "network", Outcome::Skip, "on this machine");
    let memory = Secrets::builder().store(MemoryStore::new()).build().await.unwrap();
    let diagnosis = memory.diagnose(&[]).await;
    assert_eq!(diagnosis.status(), "ready", "{diagnosis:#?}");
    expect(&diagnosis, "network", Outcome::Pass, "says that it serves");
    expect(&diagnosis, "sign", Outcome::Skip, "none is configured");
}
