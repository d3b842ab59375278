//! Which secrets there are.

use serde_json::json;

use crate::aws::account::Account;
use crate::aws::ask::Ask;
use crate::aws::filter::Filters;
use crate::aws::page::{Page, with_next};
use crate::aws::reply::{Outcome, Refusal};

/// `ListSecrets`
pub(super) fn list(account: &Account, ask: &Ask) -> Outcome {
    ask.authorise("*")?;
    let page = Page::read(ask, 1..=100)?;
    let filters = Filters::read(ask)?;
    let planned = ask.fields.flag("IncludePlannedDeletion")?;
    let descending = match ask.fields.text("SortOrder", 1..=8)? {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(_) => {
            return Err(Refusal::constraint("SortOrder", "satisfy enum value set: [asc, desc]"));
        }
    };
    let mut found: Vec<_> = account
        .of(&ask.region)
        .filter(|secret| planned || secret.deletion.is_none())
        .filter(|secret| filters.as_ref().is_none_or(|filters| filters.match_all(secret)))
        .collect();
    if descending {
        found.reverse();
    }
    let told = found
        .into_iter()
        .map(|secret| (secret.number, secret.described(&ask.region, "SecretVersionsToStages")));
    let (list, next) = page.cut(told, descending);
    Ok(with_next(json!({ "SecretList": list }), next))
}
