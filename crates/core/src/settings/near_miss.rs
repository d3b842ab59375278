//! Variables that were meant to be settings.

use super::Settings;
use crate::{Key, escaped};

impl Settings {
    /// Variables that look like misspelt settings: same family (`SECRETS_`), at most two letters off a
    /// known one. One sentence each.
    pub fn near_misses(&self, known: &[Key]) -> Vec<String> {
        let mut spellings: Vec<String> = known.iter().map(|key| key.name.to_owned()).collect();
        spellings.extend(known.iter().filter_map(Key::file_twin));
        let mut names: Vec<String> = self.environment.names();
        names.extend(self.set.keys().cloned());
        names.sort();
        names.dedup();
        names.retain(|name| !spellings.contains(name));
        let miss = |name: &String| {
            let upper = name.to_uppercase();
            let family = |spelling: &&String| {
                spelling.split_once('_').is_some_and(|(family, _)| {
                    upper.split_once('_').is_some_and(|(other, _)| other == family)
                })
            };
            let distance = |spelling: &String| strsim::osa_distance(&upper, spelling);
            let nearest =
                spellings.iter().filter(family).min_by_key(|spelling| distance(spelling))?;
            (distance(nearest) <= 2)
                .then(|| format!("`{}` is not a setting; did you mean `{nearest}`?", escaped(name)))
        };
        names.iter().filter_map(miss).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{DIR, TOKEN, TTL, Table};
    use super::*;

    #[test]
    fn misspelt_settings_of_the_family_are_found() {
        let table = Table(
            [
                "SECRETS_DIRR",
                "secrets_dir",
                "SECRETS_DIR",
                "SECRETS_CACHE_TTL_SECOND",
                "VAULT_DIR",
                "HOME",
            ]
            .map(|name| (name, "canary".into()))
            .to_vec(),
            vec![],
        );
        let warnings = Settings::new(table).near_misses(&[DIR, TTL, TOKEN]);
        assert_eq!(
            warnings,
            [
                "`SECRETS_CACHE_TTL_SECOND` is not a setting; did you mean `SECRETS_CACHE_TTL_SECONDS`?",
                "`SECRETS_DIRR` is not a setting; did you mean `SECRETS_DIR`?",
                "`secrets_dir` is not a setting; did you mean `SECRETS_DIR`?",
            ]
        );
    }
}
