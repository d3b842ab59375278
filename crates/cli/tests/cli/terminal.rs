//! On a terminal: prompts, colours, widths.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use strongroom_testkit::FakeVault;

use crate::support::{Cli, folder, read_all, releases, vault};

/// A terminal: the side of the person, and that of the command.
struct Terminal {
    person: File,
    command: File,
}

impl Terminal {
    fn new(columns: u16) -> Self {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap();
        let command = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let size = Winsize { ws_row: 25, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&command, size).unwrap();
        Self { person: person.into(), command: command.into() }
    }

    fn stdio(&self) -> Stdio {
        self.command.try_clone().unwrap().into()
    }

    fn echoes(&self) -> bool {
        tcgetattr(self.person.as_fd()).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// Runs with data and words on the terminal, and gives what was on it and the exit code.
    fn show(self, mut command: Command) -> (String, i32) {
        command.stdout(self.stdio()).stderr(self.stdio());
        let mut child = command.spawn().unwrap();
        drop((command, self.command));
        let shown = String::from_utf8(read_all(self.person)).unwrap();
        (shown, child.wait().unwrap().code().unwrap())
    }
}

/// Starts `put db --stdin` on a terminal and waits for its question.
fn asked(cli: &Cli, terminal: &Terminal, words: &[&str]) -> Child {
    let mut command = cli.command(words);
    command.stdin(terminal.stdio()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut question = [0; 19];
    child.stderr.as_mut().unwrap().read_exact(&mut question).unwrap();
    assert_eq!(&question, b"value (not shown): ");
    child
}

#[test]
fn s81_a_prompt_shows_nothing_of_the_answer_and_takes_it_without_its_newline() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path());
    for (typed, value) in [
        ("canary typed\n", "canary typed"),
        ("\u{1b}[200~canary-pasted\u{1b}[201~\n", "canary-pasted"),
        ("canary-wrong\u{15}canary-right\n", "canary-right"),
    ] {
        let mut terminal = Terminal::new(80);
        let child = asked(&cli, &terminal, &["put", "db", "--stdin"]);
        terminal.person.write_all(typed.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(words.contains(&format!("wrote {} bytes", value.len())), "{words}");
        assert!(terminal.echoes(), "it is as it was");
        drop(terminal.command);
        let echoed = String::from_utf8(read_all(terminal.person)).unwrap();
        assert!(!echoed.contains("canary") && !words.contains("canary"), "{echoed} {words}");
        assert_eq!(cli.run(&["get", "db", "--reveal"]).text(), value);
    }
}

#[test]
fn s81_ctrl_c_and_ctrl_d_cancel_and_leave_the_terminal_as_it_was() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path());
    for typed in ["\u{3}", "canary\u{3}", "\u{4}"] {
        let mut terminal = Terminal::new(80);
        let child = asked(&cli, &terminal, &["put", "db", "--stdin", "--json"]);
        terminal.person.write_all(typed.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{output:?}");
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(words.contains(r#""kind":"Cancelled""#) && !words.contains("canary"), "{words}");
        assert!(terminal.echoes(), "{typed:?}");
    }
    assert_eq!(cli.run(&["get", "db", "--reveal"]).text(), "canary-db");
}

#[test]
fn an_answer_longer_than_a_terminal_hands_on_is_refused_instead_of_cut() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path());
    let mut terminal = Terminal::new(80);
    let child = asked(&cli, &terminal, &["put", "db", "--stdin", "--json"]);
    terminal.person.write_all(&[b'x'; 4_095]).unwrap();
    terminal.person.write_all(b"yyyyy\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(65), "{output:?}");
    assert_eq!(cli.run(&["get", "db", "--reveal"]).text(), "canary-db");
}

#[test]
fn s81_lines_that_were_pasted_reach_neither_the_store_nor_the_shell() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path());
    let mut terminal = Terminal::new(80);
    let child = asked(&cli, &terminal, &["put", "db", "--stdin", "--json"]);
    terminal.person.write_all(b"canary-1\ncanary-2\ncanary-3\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(65), "{output:?}");
    assert_eq!(cli.run(&["get", "db", "--reveal"]).text(), "canary-db");
    let waiting = rustix::io::ioctl_fionread(&terminal.command).unwrap();
    assert_eq!(waiting, 0, "what the shell would read next");
}

#[test]
fn f121_a_terminal_of_any_width_is_wide_enough() {
    let folder = releases();
    let cli = Cli::on_folder(folder.path());
    for columns in [0, 1, 2, 7, 30, 60, 80, 200, u16::MAX] {
        for words in [&["providers"][..], &["versions", "db"], &["doctor", "db"], &["get", "db"]] {
            let (shown, code) = Terminal::new(columns).show(cli.command(words));
            assert_eq!(code, 0, "{words:?} {columns}: {shown}");
        }
    }
}

#[test]
fn tables_fit_the_terminal_and_break_no_name_while_there_is_room() {
    let (shown, _) = Terminal::new(80).show(Cli::default().command(&["providers"]));
    assert!(shown.contains("SECRETS_PREVIOUS_KEY_GRACE_SECONDS"), "{shown}");
    let widest = shown.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 80, "{widest}: {shown}");
}

#[test]
fn colours_are_for_terminals_and_for_who_wants_them() {
    let failing = Cli::default().and("TERM", "xterm");
    let colours = |cli: Cli, words: &[&str]| {
        let (shown, _) = Terminal::new(80).show(cli.command(words));
        shown.contains("\u{1b}[")
    };
    let folder = folder();
    let doctor = Cli::on_folder(folder.path()).and("TERM", "xterm");
    for (cli, words) in [(failing, &["get", "db"][..]), (doctor, &["doctor"])] {
        assert!(colours(cli.clone(), words), "{words:?}");
        assert!(colours(cli.and("NO_COLOR", ""), words), "{words:?}: empty is unset");
        assert!(!colours(cli.and("NO_COLOR", "1"), words), "{words:?}");
        assert!(!colours(cli.and("TERM", "dumb"), words), "{words:?}");
        let run = cli.run(words);
        assert!(!run.stderr.contains('\u{1b}') && !run.text().contains('\u{1b}'), "{run:?}");
    }
}

#[test]
fn s13_text_of_a_server_moves_no_cursor() {
    let server: FakeVault = vault();
    let cli = Cli::on_vault(&server).and("TERM", "xterm").and("NO_COLOR", "1");
    let (shown, _) = Terminal::new(80).show(cli.command(&["get", "a\u{1b}[2Jb"]));
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
}
