//! From names to files.

use strongroom_core::{Error, ErrorKind, Reason, Result, SecretName};

/// Longest file name of the usual file systems, in bytes (NAME_MAX).
const MAX_SEGMENT_BYTES: usize = 255;

/// How deep folders may nest.
pub(super) const MAX_DEPTH: usize = 16;

/// Checks that every segment of a name can be a file: at most 255 bytes, no leading dot; and that what is
/// written can be listed again.
///
/// Files with a leading dot are the platform's (`..data`) or ours (locks, manifests).
pub(super) fn check(name: &SecretName) -> Result<()> {
    let refuse = |message: String| Err(Error::new(ErrorKind::Misconfigured, message));
    if name.segments().count() > MAX_DEPTH + 1 {
        return refuse(format!("on provider `file` folders nest at most {MAX_DEPTH} deep"));
    }
    if name.segments().next() == Some(super::LOST_AND_FOUND) {
        return refuse("`lost+found` is the file system's own".into());
    }
    for segment in name.segments() {
        if segment.len() > MAX_SEGMENT_BYTES {
            return refuse(format!(
                "on provider `file` a segment is at most {MAX_SEGMENT_BYTES} bytes"
            ));
        }
        if segment.starts_with('.') {
            return refuse("on provider `file` no segment begins with a dot".into());
        }
    }
    Ok(())
}

/// The folder of a name, empty at the top, and its file.
pub(super) fn split(name: &SecretName) -> (&str, &str) {
    name.as_str().rsplit_once('/').unwrap_or(("", name.as_str()))
}

/// Every folder on the way to a name: `a`, `a/b` for `a/b/c`.
pub(super) fn folders_of(name: &SecretName) -> impl Iterator<Item = &str> {
    let ends = name.as_str().match_indices('/');
    ends.filter_map(|(end, _)| name.as_str().get(..end))
}

/// Checks that a new name can stand beside those that exist: not a folder of theirs nor below one of
/// them, and not the same but for case, which some file systems cannot tell apart.
pub(super) fn check_beside<'a>(
    name: &SecretName,
    others: impl IntoIterator<Item = &'a SecretName>,
) -> Result<()> {
    match others.into_iter().find_map(|other| clash(name, other)) {
        Some(message) => {
            Err(Error::new(ErrorKind::Misconfigured, message).with_reason(Reason::Collision))
        }
        None => Ok(()),
    }
}

fn clash(name: &SecretName, other: &SecretName) -> Option<String> {
    let (mut ours, mut theirs) = (name.segments(), other.segments());
    loop {
        match (ours.next(), theirs.next()) {
            (Some(one), Some(same)) if one == same => {}
            (Some(one), Some(clashing)) if one.to_lowercase() == clashing.to_lowercase() => {
                return Some(format!(
                    "`{one}` differs from `{clashing}` of `{other}` only by case"
                ));
            }
            (None, Some(_)) => return Some(format!("is the folder of `{other}`")),
            (Some(_), None) => return Some(format!("`{other}` is a file and cannot be a folder")),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b090_b011_names_that_are_no_files_are_refused() {
        for name in ["..x", ".hidden", "a/.b", "lost+found", "lost+found/x", &"x".repeat(256)] {
            let error = check(&SecretName::new(name).unwrap()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misconfigured, "{name}");
        }
        assert!(check(&SecretName::new(&"x".repeat(255)).unwrap()).is_ok());
    }

    #[test]
    fn b090_names_that_collide_are_refused() {
        let names = ["a/b", "c"].map(|name| SecretName::new(name).unwrap());
        for (name, fine) in [
            ("a/b", true),
            ("a/c", true),
            ("A/b", false),
            ("A/c", false),
            ("C/d", false),
            ("C", false),
            ("a", false),
            ("c/d", false),
        ] {
            let name = SecretName::new(name).unwrap();
            assert_eq!(check_beside(&name, &names).is_ok(), fine, "{name}");
        }
    }
}
