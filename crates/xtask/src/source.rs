//! What our own sources must not name.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Looks for `words` in every file of every `src` below `crates`.
///
/// # Errors
/// A line for each file that has one; or the files cannot be read.
pub(crate) fn unnamed(words: &[&str]) -> Result<(), String> {
    let unread = |cause: io::Error| format!("cannot read the sources: {cause}");
    let mut problems = Vec::new();
    for file in files(Path::new("crates")).map_err(unread)? {
        let is_source = file.components().any(|part| part.as_os_str() == "src");
        if is_source && let Some(word) = named(&fs::read(&file).map_err(unread)?, words) {
            problems.push(format!("{} names {word}", file.display()));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// How reqwest spells not checking a certificate or its name, old and new. Written in halves, as this
/// file is a source too.
pub(crate) const WAYS_AROUND_CERTIFICATES: [&str; 2] =
    [concat!("danger_accept", "_invalid"), concat!("tls", "_danger")];

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn named<'a>(text: &[u8], words: &[&'a str]) -> Option<&'a str> {
    let text = String::from_utf8_lossy(text);
    words.iter().copied().find(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_found_inside_longer_names() {
        for (text, expected) in [
            (concat!(".danger_accept", "_invalid_certs(true)"), true),
            (concat!(".danger_accept", "_invalid_hostnames(true)"), true),
            (concat!(".tls", "_danger_accept", "_invalid_certs(true)"), true),
            (".tls_built_in_root_certs(true)", false),
        ] {
            let found = named(text.as_bytes(), &WAYS_AROUND_CERTIFICATES);
            assert_eq!(found.is_some(), expected, "{text}");
        }
    }

    #[test]
    fn sources_are_found_in_crates_at_any_depth() {
        let here = files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))).unwrap();
        for file in ["core/src/lib.rs", "providers/local/src/lib.rs"] {
            assert!(here.iter().any(|path| path.ends_with(file)), "{file}");
        }
    }
}
