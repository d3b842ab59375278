//! From our names to folders and keys, and back.

use strongroom_core::{Error, ErrorKind, Result, SecretName, escaped};

/// A folder, by the names on the way to it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Folder {
    folders: Vec<String>,
}

impl Folder {
    /// Reads the path of a folder, as a person writes it.
    ///
    /// # Errors
    /// `Misconfigured`, with the rule that it breaks.
    pub(crate) fn read(path: &str) -> Result<Self> {
        let refuse = |rule: &str| {
            let message = format!("must be a path as in `/app/backend`: {rule}");
            Err(Error::new(ErrorKind::Misconfigured, message))
        };
        let Some(rest) = path.strip_prefix('/') else { return refuse("it begins with `/`") };
        if rest.is_empty() {
            return Ok(Self { folders: Vec::new() });
        }
        let folders: Vec<String> = rest.split('/').map(str::to_owned).collect();
        if folders.iter().any(String::is_empty) {
            return refuse("it has no `//`, and no `/` at its end");
        }
        match folders.iter().all(|folder| is_folder(folder)) {
            true => Ok(Self { folders }),
            false => refuse("names of folders are letters, digits, `-` and `_`"),
        }
    }

    /// The folder and the key of a secret whose names are below this folder.
    ///
    /// # Errors
    /// `Misconfigured`, with the rule that the name breaks.
    pub(crate) fn below(&self, name: &SecretName) -> Result<(Self, String)> {
        let mut segments: Vec<&str> = name.segments().collect();
        let key = segments.pop().unwrap_or_default();
        let refuse = |rule| {
            let message = format!("name `{}` {rule}", escaped(name.as_str()));
            Err(Error::new(ErrorKind::Misconfigured, message))
        };
        if segments.iter().any(|segment| !is_folder(segment)) {
            return refuse("has a folder with other characters than letters, digits, `-` and `_`");
        }
        // The server cuts white space off, and splits names at colons elsewhere (`SecretNameSchema`).
        if key.contains(':') || key.trim() != key {
            return refuse("has a `:`, or white space at an end, which Infisical knows not");
        }
        let mut folders = self.folders.clone();
        folders.extend(segments.into_iter().map(str::to_owned));
        Ok((Self { folders }, key.to_owned()))
    }

    /// Our name for a key in a folder below this one; `None` if there is none, so that it cannot be read here.
    pub(crate) fn name(&self, path: &str, key: &str) -> Option<SecretName> {
        let folder = Self::read(path).ok()?;
        let below = folder.folders.strip_prefix(self.folders.as_slice())?;
        let text = below.iter().map(String::as_str).chain([key]).collect::<Vec<_>>().join("/");
        let name = SecretName::new(&text).ok()?;
        self.below(&name).is_ok_and(|below| below == (folder, key.to_owned())).then_some(name)
    }

    /// As the server has it.
    pub(crate) fn path(&self) -> String {
        format!("/{}", self.folders.join("/"))
    }

    /// Whether a path of the server's is this one.
    pub(crate) fn is(&self, path: &str) -> bool {
        Self::read(path).is_ok_and(|other| other == *self)
    }

    /// The folder of this name in this one; `None` if no folder can have it.
    pub(crate) fn child(&self, name: &str) -> Option<Self> {
        is_folder(name).then(|| {
            let folders = self.folders.iter().cloned().chain([name.to_owned()]);
            Self { folders: folders.collect() }
        })
    }

    /// The folder that this one is in, and its name there; `None` for that of the environment.
    pub(crate) fn parent(&self) -> Option<(Self, &str)> {
        let (name, folders) = self.folders.split_last()?;
        Some((Self { folders: folders.to_vec() }, name))
    }
}

fn is_folder(text: &str) -> bool {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !text.is_empty() && text.bytes().all(is_good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b019_paths_are_refused_with_the_rule() {
        for (path, rule) in [
            ("backend", "begins with `/`"),
            ("", "begins with `/`"),
            ("/a//b", "no `//`"),
            ("/a/", "no `/` at its end"),
            ("//", "no `//`"),
            ("/a b", "letters, digits"),
            ("/a/../b", "letters, digits"),
            ("/ä", "letters, digits"),
        ] {
            let error = Folder::read(path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misconfigured, "{path}");
            assert!(error.to_string().contains(rule), "{path}: {error}");
        }
        for path in ["/", "/app", "/app/back-end_2"] {
            assert_eq!(Folder::read(path).unwrap().path(), path);
        }
    }

    #[test]
    fn names_are_folders_and_a_key_and_back() {
        let root = Folder::read("/app").unwrap();
        for (name, path, key) in [
            ("KEY", "/app", "KEY"),
            ("db/prod/pass.word", "/app/db/prod", "pass.word"),
            ("a b", "/app", "a b"),
            ("100%", "/app", "100%"),
        ] {
            let name = SecretName::new(name).unwrap();
            let (folder, found) = root.below(&name).unwrap();
            assert_eq!((folder.path().as_str(), found.as_str()), (path, key));
            assert_eq!(root.name(path, key), Some(name));
        }
        for bad in ["a:b", "a.b/c", "a b/c", "ä/c"] {
            let error = root.below(&SecretName::new(bad).unwrap()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misconfigured, "{bad}");
        }
        for (path, key) in [("/", "KEY"), ("/application", "KEY"), ("/app", "a/b"), ("/app", "a:b")]
        {
            assert_eq!(root.name(path, key), None, "{path} {key}");
        }
    }

    #[test]
    fn a_folder_is_in_another_one() {
        let parent = |path| {
            let folder = Folder::read(path).unwrap();
            folder.parent().map(|(at, name)| (at.path(), name.to_owned()))
        };
        assert_eq!(parent("/a/b"), Some(("/a".to_owned(), "b".to_owned())));
        assert_eq!(parent("/a"), Some(("/".to_owned(), "a".to_owned())));
        assert_eq!(parent("/"), None);
    }
}
