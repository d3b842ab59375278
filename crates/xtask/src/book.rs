//! The commands that the pages of the book show, run as a reader would: in bash, page by page, each page in a fresh
//! folder, with our two programs on the path.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::command::{cargo, succeed};

/// Runs every `console` block of the pages that `docs/SUMMARY.md` lists.
///
/// A line that begins with `$ ` is a command, and goes on in the next one after a backslash. It has to succeed. The
/// lines below are what it prints; `..` in one stands for any text, and a line of nothing else for any lines. Where
/// nothing is shown, nothing is compared.
///
/// # Errors
/// Names the page and the command that fails, or prints something else.
pub(crate) fn run() -> Result<(), String> {
    succeed(&mut cargo("build --locked -p strongroom-cli"))?;
    succeed(&mut cargo("build --locked -p strongroom-testkit --features program"))?;
    let summary = read("docs/SUMMARY.md")?;
    let links = summary.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let pages = links.map(|link| format!("docs/{link}"));
    let mut problems = Vec::new();
    for page in pages {
        let commands = commands(&read(&page)?);
        let (elsewhere, here): (Vec<_>, Vec<_>) =
            commands.into_iter().partition(|command| command.text.contains("cargo "));
        problems.extend(elsewhere.iter().filter_map(|command| unknown(&page, command)));
        if !here.is_empty() {
            println!("{page}: {} commands", here.len());
            problems.extend(session(&page, &here).err());
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// One command of a page, and what it is said to print.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    text: String,
    output: Vec<String>,
}

/// What takes minutes to build, and is run by who measures.
const ELSEWHERE: [&str; 2] = ["cargo xtask bench ", "cd benches && cargo run --release "];

fn unknown(page: &str, command: &Shown) -> Option<String> {
    let known = ELSEWHERE.iter().any(|known| command.text.starts_with(known));
    (!known).then(|| format!("{page}: nobody runs `{}`", command.text))
}

fn read(page: &str) -> Result<String, String> {
    fs::read_to_string(page).map_err(|cause| format!("cannot read {page}: {cause}"))
}

fn commands(page: &str) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    let (mut is_inside, mut goes_on) = (false, false);
    for line in page.lines() {
        match (is_inside, line) {
            (false, "```console") => is_inside = true,
            (true, "```") => (is_inside, goes_on) = (false, false),
            (true, line) => {
                let last = shown.last_mut();
                match (line.strip_prefix("$ "), last) {
                    (_, Some(last)) if goes_on => {
                        last.text.push('\n');
                        last.text.push_str(line);
                    }
                    (Some(text), _) => {
                        shown.push(Shown { text: text.to_owned(), output: Vec::new() });
                    }
                    (None, Some(last)) => last.output.push(line.to_owned()),
                    (None, None) => {}
                }
                goes_on = line.ends_with('\\');
            }
            (false, _) => {}
        }
    }
    shown
}

/// Runs the commands of a page in one shell.
fn session(page: &str, commands: &[Shown]) -> Result<(), String> {
    let folder = Path::new("target/book");
    let _ = fs::remove_dir_all(folder);
    let absolute = fs::create_dir_all(folder).and_then(|()| folder.canonicalize());
    let folder = absolute.map_err(|cause| format!("cannot make {}: {cause}", folder.display()))?;
    let programs = Path::new("target/debug").canonicalize().map_err(|cause| cause.to_string())?;
    // What a page leaves running would keep the pipes open, and us waiting.
    let mut script = String::from("set -o pipefail\ntrap 'kill $(jobs -p) 2>/dev/null' EXIT\n");
    for command in commands {
        script.push_str(&format!("echo {MARK}\n{}\n[ $? = 0 ] || exit 1\n", command.text));
    }
    let mut bash = Command::new("bash");
    bash.args(["-c", &script]).current_dir(&folder).env_clear().env("HOME", &folder);
    bash.env("PATH", format!("{}:{}", programs.display(), path()));
    let output = bash.stdin(Stdio::null()).output();
    let output = output.map_err(|cause| format!("cannot start bash: {cause}"))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    let parts: Vec<&str> = printed.split(MARK).skip(1).collect();
    for (command, part) in commands.iter().zip(&parts) {
        let lines: Vec<String> = part.trim_matches('\n').lines().map(squeezed).collect();
        let expected: Vec<String> = command.output.iter().map(|line| squeezed(line)).collect();
        if !expected.is_empty() && !matches(&borrowed(&expected), &borrowed(&lines)) {
            return Err(format!("{page}: `{}` prints\n{part}\n{said}", command.text));
        }
    }
    match (output.status.success(), parts.len().checked_sub(1)) {
        (true, Some(last)) if last + 1 == commands.len() => Ok(()),
        (_, last) => {
            let command = last.and_then(|at| commands.get(at)).map(|command| &command.text);
            Err(format!("{page}: `{}` fails:\n{said}", command.map_or("bash", String::as_str)))
        }
    }
}

const MARK: &str = "\u{1}strongroom-book\u{1}";

#[expect(clippy::disallowed_methods, reason = "where bash is, and no setting")]
fn path() -> String {
    std::env::var("PATH").unwrap_or_default()
}

/// Columns are as wide as what is in them.
fn squeezed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn borrowed(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

/// Whether lines are as shown.
fn matches(shown: &[&str], lines: &[&str]) -> bool {
    match (shown.split_first(), lines.split_first()) {
        (None, None) => true,
        (Some((&"..", rest)), _) => {
            (0..=lines.len()).any(|at| lines.get(at..).is_some_and(|lines| matches(rest, lines)))
        }
        (Some((first, rest)), Some((line, lines))) => fits(first, line) && matches(rest, lines),
        _ => false,
    }
}

/// Whether a line is as shown.
fn fits(shown: &str, line: &str) -> bool {
    let (first, rest) = shown.split_once("..").map_or((shown, None), |(a, b)| (a, Some(b)));
    match (line.strip_prefix(first), rest) {
        (Some(left), Some(rest)) => {
            let starts = left.char_indices().map(|(at, _)| at).chain([left.len()]);
            starts.into_iter().any(|at| left.get(at..).is_some_and(|left| fits(rest, left)))
        }
        (Some(left), None) => left.is_empty(),
        (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_with_what_they_print() {
        let page =
            "text\n```console\n$ one \\\n  more\nout\n..\n$ two\n```\n$ no\n```rust\n$ no\n```\n";
        let read = commands(page);
        let texts: Vec<_> = read.iter().map(|command| command.text.as_str()).collect();
        assert_eq!(texts, ["one \\\n  more", "two"]);
        assert_eq!(
            read.first().map(|one| one.output.clone()),
            Some(vec!["out".into(), "..".into()])
        );
    }

    #[test]
    fn two_dots_stand_for_any_text_and_alone_for_any_lines() {
        for (shown, lines, expected) in [
            (&["a"][..], &["a"][..], true),
            (&["a"], &["b"], false),
            (&["a..c"], &["abbc"], true),
            (&["a..c"], &["abb"], false),
            (&["20..", "x"], &["2026", "x"], true),
            (&["..", "ready"], &["one", "two", "ready"], true),
            (&["a", "..", "b"], &["a", "b"], true),
            (&["a", ".."], &["b"], false),
            (&["a"], &["a", "b"], false),
        ] {
            assert_eq!(matches(shown, lines), expected, "{shown:?} {lines:?}");
        }
    }
}
