//! What the documents show is what the code does.

#![expect(clippy::panic, reason = "a document that is not as expected fails its test")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use strongroom::{
    Form, Key, KeyId, MemoryStore, SecretValue, Secrets, Signature, Signer, providers,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(begin).unwrap_or_else(|| panic!("no {begin:?}"));
    rest.split_once(end).unwrap_or_else(|| panic!("no {end:?}")).0
}

/// The cells of the table rows below a heading, without back quotes.
fn rows<'a>(text: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let table = text.split(heading).nth(1).unwrap_or_else(|| panic!("no {heading:?}"));
    let lines = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    lines
        .map(|line| {
            line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect()
        })
        .collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("two hexadecimal digits");
    (0..text.len()).step_by(2).map(digit).collect()
}

async fn signer(key: &[u8], purpose: &str) -> Signer {
    let store =
        MemoryStore::new().with("signing-key", SecretValue::copy_from(key)).expect("a name");
    let secrets = Secrets::builder().store(store).build().await.expect("no settings");
    secrets.signer().await.expect("a good key").for_purpose(purpose).expect("a purpose")
}

/// Runs the verifier of the document. In CI and elsewhere Python 3 is required: without it this fails.
fn python_accepts(
    folder: &Path,
    key: &[u8],
    purpose: &str,
    message: &[u8],
    signature: &str,
) -> bool {
    let program = between(&read("docs/signature-format.md"), "```python\n", "```").to_owned();
    let (script, key_file) = (folder.join("verify.py"), folder.join("key"));
    std::fs::write(&script, program).expect("our own folder");
    std::fs::write(&key_file, key).expect("our own folder");
    let mut child = Command::new("python3")
        .arg(&script)
        .arg(&key_file)
        .args([purpose, signature])
        .stdin(Stdio::piped())
        .spawn()
        .expect("python3 has to be installed");
    child.stdin.take().expect("piped").write_all(message).expect("it reads its input");
    let status = child.wait().expect("it ends");
    assert!(matches!(status.code(), Some(0 | 1)), "the verifier failed: {status}");
    status.success()
}

#[tokio::test]
async fn the_vectors_of_the_signature_format_are_our_output() {
    let document = read("docs/signature-format.md");
    let vectors = rows(&document, "| key (hex) | purpose | message (hex) | signature |\n");
    assert_eq!(vectors.len(), 4);
    for row in vectors {
        let [key, purpose, message, expected] = row[..] else { panic!("{row:?}") };
        let signer = signer(&unhex(key), purpose).await;
        let signature = signer.sign(&unhex(message)).await.unwrap();
        assert_eq!(signature.to_string(), expected);
        signer.verify(&unhex(message), &expected.parse::<Signature>().unwrap()).await.unwrap();
    }
    for row in rows(&document, "| Transit key | version | kid |\n") {
        let [name, version, expected] = row[..] else { panic!("{row:?}") };
        assert_eq!(KeyId::transit(name, version.parse().unwrap()).as_str(), expected);
    }
}

#[tokio::test]
async fn the_python_verifier_agrees_with_us() {
    let folder = tempfile::tempdir().unwrap();
    let keys: [Vec<u8>; 3] =
        [(0..32).collect(), (100..199).collect(), (0..=255).cycle().take(1_024).collect()];
    let lengths = [0, 64, 10_000];
    for ((key, purpose), length) in keys.iter().zip(["default", "webhook", "a.b_c-9"]).zip(lengths)
    {
        let signer = signer(key, purpose).await;
        let message: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let signature = signer.sign(&message).await.unwrap().to_string();
        let accepts = |purpose: &str, message: &[u8], signature: &str| {
            python_accepts(folder.path(), key, purpose, message, signature)
        };
        assert!(accepts(purpose, &message, &signature), "{length}");
        assert!(!accepts("other", &message, &signature));
        assert!(!accepts(purpose, &[&message[..], b"x"].concat(), &signature));
        assert!(!accepts(purpose, &message, &signature.to_uppercase()));
    }
}

#[test]
fn the_python_verifier_is_short() {
    let document = read("docs/signature-format.md");
    let program = between(&document, "```python\n", "```");
    let lines = program.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines <= 20, "{lines}");
}

#[test]
fn the_readme_shows_the_quickstart() {
    let example = read("examples/quickstart.rs");
    let shown = between(
        &example,
        "// What the README shows: begin.\n",
        "    // What the README shows: end.",
    );
    let unindented: String = shown
        .lines()
        .map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line)))
        .collect();
    assert!(read("README.md").contains(&unindented), "expected in README.md:\n{unindented}");
    let lines = unindented.lines().filter(|line| !line.is_empty()).count();
    assert!(lines <= 12, "{lines}");
}

#[test]
fn the_readme_lists_every_setting_of_the_key_tables() {
    let expected = variable_table();
    let readme = read("README.md");
    let shown = between(&readme, "<!-- variables: begin -->\n", "<!-- variables: end -->");
    assert_eq!(shown, expected, "put this into README.md:\n{expected}");
}

#[test]
fn the_book_lists_every_setting_of_the_key_tables() {
    let expected = format!("{VARIABLES}{}", variable_table());
    let shown = std::fs::read_to_string(root().join("docs/variables.md")).unwrap_or_default();
    assert!(shown == expected, "expected as docs/variables.md:\n{expected}");
}

const VARIABLES: &str = "\
# Settings

Every setting of every provider, as `strongroom providers` tells them with those that are set. Every variable `X` may be
given as `X_FILE`, the path of a file whose trailing newline is dropped, but for those of the vendors' own that are
named in the pages of their providers; both together are an error. Empty is an error, not unset. Misspelt variables are
warnings.

";

/// The files of the book, from the folder `docs` on.
fn pages() -> Vec<String> {
    let summary = read("docs/SUMMARY.md");
    let links = summary.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links.map(str::to_owned).collect()
}

#[test]
fn every_page_is_in_the_book_and_every_link_leads_somewhere() {
    let listed = pages();
    for folder in ["docs", "docs/decisions"] {
        let found = std::fs::read_dir(root().join(folder)).unwrap();
        let names = found.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        for name in names.filter(|name| name.ends_with(".md") && name != "SUMMARY.md") {
            let page = format!("{folder}/{name}").trim_start_matches("docs/").to_owned();
            assert!(listed.contains(&page), "{page} is not in docs/SUMMARY.md");
        }
    }
    let books = listed.iter().map(|page| format!("docs/{page}"));
    let all = books.chain(["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(str::to_owned));
    for page in all {
        let folder = root().join(&page).parent().expect("a file has a folder").to_owned();
        let text = read(&page);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { root().join(&page) } else { folder.join(file) };
            let target = std::fs::read_to_string(&target);
            let target = target.unwrap_or_else(|error| panic!("{page} links to {link}: {error}"));
            let headings = target.lines().filter(|line| line.starts_with('#')).map(slug);
            let is_there = anchor.is_empty() || headings.into_iter().any(|slug| slug == anchor);
            assert!(is_there, "{page} links to {link}, which has no such heading");
            // A link out of the book leads nowhere on its pages.
            assert!(!page.starts_with("docs/") || !file.starts_with("../../"), "{page}: {link}");
        }
    }
}

#[test]
fn files_that_the_book_names_are_there() {
    for page in pages() {
        let text = read(&format!("docs/{page}"));
        for (number, code) in text.split('`').enumerate() {
            let is_path = ["crates/", "tests/", "examples/", "benches/"];
            let is_path = number % 2 == 1 && is_path.iter().any(|root| code.starts_with(root));
            if is_path && !code.contains([' ', '*', '<', '{']) {
                assert!(root().join(code).exists(), "docs/{page} names `{code}`");
            }
        }
    }
}

/// The anchor of a heading, as mdBook and GitHub make it.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn the_rust_of_every_page_is_compiled_and_run() {
    let included = read("tests/support.rs");
    for page in pages() {
        let is_there = included.contains(&format!("include_str!(\"../docs/{page}\")"));
        assert_eq!(read(&format!("docs/{page}")).contains("```rust"), is_there, "{page}");
    }
}

#[test]
fn a_provider_of_ones_own_is_short() {
    let example = read("examples/custom_provider.rs");
    let without_tests = example.split("#[cfg(all(test").next().unwrap_or_default();
    assert!(without_tests.trim_end().lines().count() < 80);
}

#[test]
fn the_readme_names_the_two_commands() {
    let readme = read("README.md");
    assert!(
        readme.contains("cargo run --example quickstart\n")
            && readme.contains("cargo xtask test\n")
    );
}

fn variable_table() -> String {
    let mut settings: Vec<(Key, Vec<&str>)> = Vec::new();
    let mut with_keys = 0;
    for listed in providers() {
        let Some(keys) = listed.keys else { continue };
        with_keys += 1;
        for key in keys {
            match settings.iter_mut().find(|(known, _)| known.name == key.name) {
                Some((_, ids)) => ids.push(listed.id),
                None => settings.push((key, vec![listed.id])),
            }
        }
    }
    // Those of one provider stand together, after those of all.
    settings.sort_by_key(|(_, ids)| ids.len() != with_keys);
    let mut table = String::from(
        "| variable | for | form | default | meaning |\n| --- | --- | --- | --- | --- |\n",
    );
    for (key, ids) in settings {
        let ids = if ids.len() == with_keys { "all".to_owned() } else { ids.join(", ") };
        let form = match key.form {
            Form::Text => "text".to_owned(),
            Form::Secret => "secret text".to_owned(),
            Form::Path => "path".to_owned(),
            Form::Boolean => "`true`, `false`, `1`, `0`".to_owned(),
            Form::Seconds { min, max } => format!("seconds, {min} to {max}"),
            Form::Choice(words) => {
                words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
            }
            other => panic!("{other:?}"),
        };
        let default = match (key.default, key.required) {
            (Some(""), _) => "empty".to_owned(),
            (Some(default), _) => format!("`{default}`"),
            (None, true) => "required".to_owned(),
            (None, false) => "unset".to_owned(),
        };
        table.push_str(&format!(
            "| `{}` | {ids} | {form} | {default} | {} |\n",
            key.name, key.meaning
        ));
    }
    table
}

#[test]
fn every_setting_is_listed_once_per_provider() {
    for listed in providers() {
        let mut seen = BTreeMap::new();
        for key in listed.keys.unwrap_or_default() {
            assert!(seen.insert(key.name, ()).is_none(), "{} twice on {}", key.name, listed.id);
            assert!(!key.meaning.is_empty() && key.name == key.name.to_uppercase());
        }
    }
}
