//! What the environment of a program has to have for a fake.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use strongroom_core::{Environment, Settings};

/// The variables of a program that uses a fake, and the files that they name, which are on no disk. Files that a test adds
/// by their paths are read from the disk.
#[derive(Clone)]
pub struct Variables {
    values: BTreeMap<&'static str, String>,
    files: BTreeMap<&'static str, Content>,
}

/// What is in a file when it is read.
type Content = Arc<dyn Fn() -> String + Send + Sync>;

impl Variables {
    pub(crate) fn new<const N: usize>(values: [(&'static str, &str); N]) -> Self {
        let values = values.map(|(name, value)| (name, value.to_owned()));
        Self { values: values.into(), files: BTreeMap::new() }
    }

    /// The same with this variable, in place of one that is there.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.values.insert(name, value.to_owned());
        self
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// With this variable if there is a value.
    pub(crate) fn with_some(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With a variable that names this file, whose content is asked for whenever it is read.
    pub(crate) fn with_file(
        mut self,
        name: &'static str,
        path: &'static str,
        content: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        self.files.insert(path, Arc::new(content));
        self.with(name, path)
    }

    /// As settings, for a service in the process of the test.
    pub fn settings(&self) -> Settings {
        Settings::new(self.clone())
    }

    /// As variables for a child process. The files that they name are written into this folder, as they are now.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn for_child(&self, folder: &Path) -> io::Result<Vec<(&'static str, String)>> {
        let folder = folder.canonicalize()?;
        let mut values = self.values.clone();
        for (path, content) in &self.files {
            let name = Path::new(path).file_name().unwrap_or_default();
            let written = folder.join(name);
            std::fs::write(&written, content())?;
            for value in values.values_mut().filter(|value| value == path) {
                *value = written.to_string_lossy().into_owned();
            }
        }
        Ok(values.into_iter().collect())
    }
}

impl Environment for Variables {
    fn var(&self, name: &str) -> Option<OsString> {
        self.values.get(name).map(OsString::from)
    }

    fn names(&self) -> Vec<String> {
        self.values.keys().map(ToString::to_string).collect()
    }

    fn read_file(&self, path: &Path, max_bytes: usize) -> io::Result<Vec<u8>> {
        let content = match path.to_str().and_then(|path| self.files.get(path)) {
            Some(content) => content().into_bytes(),
            // One that a test made itself.
            None => std::fs::read(path)?,
        };
        match content.len() <= max_bytes {
            true => Ok(content),
            false => Err(io::ErrorKind::FileTooLarge.into()),
        }
    }
}

/// Names, no values.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}
