//! Command lines that are none.

use crate::support::{Cli, Run};

const WRONG: &[&[&str]] = &[
    &[],
    &["canary"],
    &["--canary"],
    &["--canary=canary", "list"],
    &["put", "db", "canary"],
    &["put", "db", "--stdin", "canary"],
    &["put", "db", "--stdin=canary"],
    &["put", "db", "--token", "canary"],
    &["put", "db", "--token=canary"],
    &["put", "db", "-canary"],
    &["put", "db", "--generate", "canary"],
    &["put", "db", "--generate", "31"],
    &["put", "db", "--generate", "513"],
    &["put", "db", "--generate", "+32"],
    &["put", "db", "--generate", "-1"],
    &["put", "db", "--value", "canary", "--stdin"],
    &["put", "db"],
    &["put", "db", "--stdin", "--generate", "32"],
    &["put", "db", "--stdin", "--stdin"],
    &["put", "db", "--stdin", "--if-version", ""],
    &["put", "db", "--stdin", "--if-version"],
    &["put"],
    &["get"],
    &["get", "db", "canary"],
    &["get", "db", "--reveal=canary"],
    &["get", "db", "--version"],
    &["list", "a", "canary"],
    &["versions"],
    &["delete", "db"],
    &["delete", "db", "--yes=canary"],
    &["sign", "--format", "canary"],
    &["sign", "--format", "hex", "--purpose", "canary"],
    &["sign", "canary"],
    &["verify"],
    &["verify", "--format", "native", "--purpose", "canary", "--signature", "canary"],
    &["rotate", "db", "canary"],
    &["rotate", "--generate", "32", "--stdin"],
    &["rotate", "--dry-run"],
    &["rotate", "--rollback"],
    &["doctor", "--canary"],
    &["completions", "canary"],
    &["completions"],
    &["onboard"],
    &["run", "--", "canary"],
    &["list", "--timeout", "canary"],
    &["list", "--timeout", "0"],
    &["list", "--timeout", "61"],
    &["list", "--provider"],
];

#[test]
fn s81_usage_errors_exit_with_2_and_repeat_nothing() {
    for words in WRONG {
        let run = Cli::default().run(words);
        assert_eq!((run.code, run.text()), (2, ""), "{words:?}: {run:?}");
        assert!(run.stderr.starts_with("usage: "), "{words:?}: {run:?}");
        assert!(!run.stderr.contains("canary"), "{words:?}: {run:?}");
    }
}

#[test]
fn usage_errors_are_json_if_that_was_asked_for() {
    for words in WRONG {
        let run = Cli::default().run(&[&["--json"], *words].concat());
        assert_eq!(run.kind(), (2, "usage".into()), "{words:?}");
        assert!(!run.stderr.contains("canary"), "{words:?}: {run:?}");
    }
}

#[test]
fn a_value_on_the_command_line_is_answered_with_where_it_belongs() {
    for words in [
        &["put", "db", "canary"][..],
        &["put", "db", "--stdin=canary"],
        &["put", "db", "--token", "canary"],
        &["put", "db", "--generate", "canary"],
        &["rotate", "db", "canary"],
    ] {
        let run = Cli::default().run(words);
        assert!(run.stderr.contains("never taken from the command line"), "{run:?}");
        assert!(run.stderr.contains("--stdin"), "{run:?}");
    }
}

#[test]
fn what_was_meant_is_suggested() {
    let says = |words: &[&str], part: &str| {
        let run: Run = Cli::default().run(words);
        assert!(run.stderr.contains(part), "{part}: {run:?}");
    };
    says(
        &["get", "db", "--revael"],
        "argument 3 is not one that `get` takes; did you mean `--reveal`?",
    );
    says(&["lst"], "did you mean `list`?");
    says(&["sign", "--format", "x"], "must be one of sr1, native, hex, base64");
    says(&["put", "db", "--generate", "1"], "a whole number from 32 to 512");
    says(&["get"], "see `strongroom get --help`");
}

#[test]
fn help_and_version_are_data() {
    let version = Cli::default().run(&["--version"]);
    assert_eq!((version.code, version.stderr.as_str()), (0, ""));
    assert!(version.text().starts_with("strongroom "));
    for command in [
        "providers",
        "get",
        "put",
        "list",
        "versions",
        "delete",
        "sign",
        "verify",
        "rotate",
        "doctor",
        "completions",
    ] {
        let help = Cli::default().run(&[command, "--help"]);
        assert_eq!((help.code, help.stderr.as_str()), (0, ""), "{command}");
        assert!(help.text().contains("Examples:\n  "), "{command}");
        assert!(help.text().contains("Print"), "{command}");
        assert!(help.text().contains("xits with 0"), "{command}");
    }
}
