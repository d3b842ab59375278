//! Filters of lists and batches.

use crate::aws::ask::Ask;
use crate::aws::fields::within;
use crate::aws::reply::Refusal;
use crate::aws::secret::Secret;

/// All of them have to match.
pub(super) struct Filters(Vec<Filter>);

struct Filter {
    key: String,
    /// One of them has to match.
    values: Vec<String>,
}

impl Filters {
    /// The filters of a request, or nothing if the member is absent.
    pub(super) fn read(ask: &Ask) -> Result<Option<Self>, Refusal> {
        let Some(found) = ask.fields.structures("Filters")? else { return Ok(None) };
        within("Filters", found.len(), 0..=10)?;
        let filters = found.iter().map(|fields| {
            let key = fields.required("Key", 1..=32)?;
            if !KEYS.contains(&key) {
                let text = format!("satisfy enum value set: [{}]", KEYS.join(", "));
                return Err(Refusal::constraint("Filters.key", &text));
            }
            let values = fields.texts("Values", 1..=10)?.ok_or_else(|| {
                Refusal::parameter("You must specify at least one value for each filter.")
            })?;
            let values = values.into_iter().map(str::to_owned).collect();
            Ok(Filter { key: key.to_owned(), values })
        });
        filters.collect::<Result<_, _>>().map(|filters| Some(Self(filters)))
    }

    pub(super) fn match_all(&self, secret: &Secret) -> bool {
        self.0.iter().all(|filter| filter.matches(secret))
    }
}

impl Filter {
    fn matches(&self, secret: &Secret) -> bool {
        self.values.iter().any(|value| match value.strip_prefix('!') {
            Some(value) => !self.finds(secret, value),
            None => self.finds(secret, value),
        })
    }

    /// Values are beginnings. Those of descriptions, and words of `all`, go without case.
    fn finds(&self, secret: &Secret, value: &str) -> bool {
        let description = secret.description.as_deref().unwrap_or_default();
        match self.key.as_str() {
            "name" => secret.name.starts_with(value),
            "description" => lower(description).starts_with(&lower(value)),
            "tag-key" => secret.tags.keys().any(|key| key.starts_with(value)),
            "tag-value" => secret.tags.values().any(|found| found.starts_with(value)),
            "primary-region" => !secret.replicas.is_empty() && secret.region.starts_with(value),
            "all" => {
                let tags = secret.tags.iter().flat_map(|(key, value)| [key, value]);
                let texts = tags.map(String::as_str).chain([secret.name.as_str(), description]);
                let texts: Vec<_> = texts.map(lower).collect();
                value
                    .split_whitespace()
                    .map(lower)
                    .any(|word| texts.iter().any(|text| text.contains(&word)))
            }
            // No other service owns secrets here.
            _ => false,
        }
    }
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}

const KEYS: &[&str] =
    &["description", "name", "tag-key", "tag-value", "primary-region", "owning-service", "all"];
