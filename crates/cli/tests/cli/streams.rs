//! Streams that are closed, full or read by nobody.

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use crate::support::{Cli, Run, folder, key, members, write};

/// Runs with a stdout whose reader is gone.
fn without_reader(mut command: Command) -> Run {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    Run::of(command.stdout(writer).stderr(Stdio::piped()).output().unwrap())
}

fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

#[test]
fn f121_a_reader_that_is_gone_changes_no_exit_code() {
    let folder = folder();
    write(&folder, "long", vec![b'x'; 60_000]);
    let cli = Cli::on_folder(folder.path());
    for (words, code) in [
        (&["get", "db", "--reveal"][..], 0),
        (&["get", "long", "--reveal", "--json"], 0),
        (&["list"], 0),
        (&["providers"], 0),
        (&["completions", "bash"], 0),
        (&["--help"], 0),
        (&["--version"], 0),
        (&["verify", "--signature", "x", "--json"], 1),
        (&["get", "nope"], 44),
    ] {
        let run = without_reader(cli.command(words));
        assert_eq!(run.code, code, "{words:?}: {run:?}");
        assert!(!run.stderr.contains("panic"), "{words:?}: {run:?}");
    }
}

#[test]
fn f121_nobody_reads_stderr_either() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path()).and("SECRETS_DRI", "x").and("RUST_LOG", "trace");
    for (words, code) in [
        (&["get", "db", "-vvv"][..], 0),
        (&["get", "nope", "-vvv"], 44),
        (&["get", "nope", "--json"], 44),
        (&["no-command"], 2),
        (&["put", "a", "--generate", "32"], 0),
    ] {
        for stderr in [None, Some(full())] {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            let mut command = cli.command(words);
            command.stdout(Stdio::null());
            match stderr {
                Some(full) => command.stderr(full),
                None => command.stderr(writer),
            };
            assert_eq!(command.status().unwrap().code(), Some(code), "{words:?}");
        }
    }
}

#[test]
fn f121_a_full_disk_is_an_error() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path());
    for words in [
        &["get", "db", "--reveal"][..],
        &["list", "--json"],
        &["providers"],
        &["--version"],
        &["sign"],
    ] {
        let run =
            Run::of(cli.command(words).stdout(full()).stderr(Stdio::piped()).output().unwrap());
        assert_eq!(run.code, 75, "{words:?}: {run:?}");
    }
    let mut command = cli.command(&["get", "db", "--reveal", "--json"]);
    let run = Run::of(command.stdout(full()).stderr(Stdio::piped()).output().unwrap());
    assert_eq!(run.kind(), (75, "Unavailable".into()));
}

#[test]
fn f121_streams_that_are_closed_end_no_command_in_panic() {
    let folder = folder();
    let program = env!("CARGO_BIN_EXE_strongroom");
    for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        for words in ["get db", "put a --stdin", "sign", "get nope -vvv"] {
            let script = format!("exec {program} {words} {closed}");
            let mut command = Command::new("/bin/sh");
            command.args(["-c", &script]).env_clear().stdin(Stdio::null());
            command.env("SECRETS_PROVIDER", "file").env("SECRETS_DIR", folder.path());
            let code = command.output().unwrap().status.code();
            // 66: nothing is no value. 101 would be a panic.
            assert!([Some(0), Some(44), Some(66)].contains(&code), "{words} {closed}: {code:?}");
        }
    }
}

#[test]
fn errors_are_a_line_what_a_line_why_and_a_hint() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path());
    let absent = cli.run(&["get", "nope"]);
    assert_eq!(absent.stderr.lines().count(), 1, "{absent:?}");
    assert!(absent.stderr.starts_with("error: file get: `nope`: "), "{absent:?}");
    let wrong = cli.and("SECRETS_CACHE_TTL_SECONDS", "0").run(&["get", "db"]);
    assert!(wrong.stderr.contains("\nhint: `strongroom providers`"), "{wrong:?}");
    let folder = cli.and("SECRETS_DIR", "/nope").run(&["get", "db"]);
    assert!(folder.stderr.contains("\nhint: `strongroom doctor`"), "{folder:?}");
    let unread = cli.run(&["sign", "--in", "/nope"]);
    assert!(unread.stderr.contains("\ncause: "), "{unread:?}");
}

#[test]
fn errors_as_json_leave_nothing_out() {
    let folder = folder();
    let error = Cli::on_folder(folder.path()).run(&["get", "nope", "--json"]).error();
    assert_eq!(members(&error).len(), 6);
    assert_eq!(
        (&error["provider"], &error["operation"], &error["name"], &error["retry_after_ms"]),
        (&"file".into(), &"get".into(), &"nope".into(), &serde_json::Value::Null)
    );
}

#[test]
fn s05_a_running_command_dumps_no_core() {
    let folder = folder();
    write(&folder, "signing-key", key("1"));
    // It waits for its message.
    let mut child = Cli::on_folder(folder.path()).start(&["sign", "-vvv"]);
    let limits = loop {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
        let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        let words: Vec<&str> = line.split_whitespace().skip(4).take(2).collect();
        // Until it has come so far. A command that never does hangs here, and says so by that.
        if words == ["0", "0"] {
            break words.concat();
        }
    };
    assert_eq!(limits, "00");
    drop(child.stdin.take());
    let mut signed = String::new();
    child.stdout.take().unwrap().read_to_string(&mut signed).unwrap();
    assert!(signed.starts_with("sr1."), "{signed}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
