//! `providers`: what can be selected, and what it needs.

use serde::Serialize;
use strongroom::{Form, Key, Settings};

use crate::failure::Failure;
use crate::session::Session;
use crate::table;

pub(super) fn run(session: &Session) -> Result<u8, Failure> {
    let listed = strongroom::providers();
    match session.output.json {
        true => {
            let providers = listed.iter().map(|one| Provider {
                id: one.id,
                compiled: one.keys.is_some(),
                feature: one.feature,
                variables: variables(one.keys.as_deref().unwrap_or_default(), &session.settings),
            });
            session.output.json(&Providers { providers: providers.collect() })?;
        }
        false => session.output.text(&words(&listed, &session.settings))?,
    }
    Ok(0)
}

#[derive(Serialize)]
struct Providers {
    providers: Vec<Provider>,
}

#[derive(Serialize)]
struct Provider {
    id: &'static str,
    compiled: bool,
    feature: Option<&'static str>,
    variables: Vec<Variable>,
}

#[derive(Serialize)]
struct Variable {
    name: &'static str,
    required: bool,
    secret: bool,
    default: Option<&'static str>,
    set: bool,
}

fn variables(keys: &[Key], settings: &Settings) -> Vec<Variable> {
    let variable = |key: &Key| Variable {
        name: key.name,
        required: key.required,
        secret: key.form == Form::Secret,
        default: key.default,
        set: settings.is_set(key),
    };
    keys.iter().map(variable).collect()
}

/// A table for the settings that all have, then one for each group of ids with the same settings.
fn words(listed: &[strongroom::Listed], settings: &Settings) -> String {
    let mut groups: Vec<(Vec<&str>, &[Key])> = Vec::new();
    for one in listed {
        let Some(keys) = &one.keys else { continue };
        match groups.iter_mut().find(|(_, others)| others == keys) {
            Some((ids, _)) => ids.push(one.id),
            None => groups.push((vec![one.id], keys)),
        }
    }
    let in_all = |key: &Key| groups.iter().all(|(_, keys)| keys.contains(key));
    let shared: Vec<Key> = groups
        .first()
        .map(|(_, keys)| keys.iter().copied().filter(in_all).collect())
        .unwrap_or_default();
    let mut text = section("every provider", &shared, settings);
    for (ids, keys) in &groups {
        let own: Vec<Key> = keys.iter().copied().filter(|key| !shared.contains(key)).collect();
        text.push_str(&section(&ids.join(", "), &own, settings));
    }
    let missing = listed.iter().filter(|one| one.keys.is_none());
    let missing: Vec<String> = missing
        .map(|one| format!("{} (feature {})\n", one.id, one.feature.unwrap_or("none")))
        .collect();
    if !missing.is_empty() {
        text.push_str(&format!("not compiled in\n{}", missing.concat()));
    }
    text
}

fn section(title: &str, keys: &[Key], settings: &Settings) -> String {
    let row = |key: &Key| {
        let set = match (settings.is_set(key), key.required) {
            (true, _) => "set",
            (false, true) => "needed",
            (false, false) => "",
        };
        [
            key.name.to_owned(),
            set.to_owned(),
            key.default.unwrap_or_default().to_owned(),
            key.meaning.to_owned(),
        ]
    };
    let rows: Vec<_> = keys.iter().map(row).collect();
    let table = table::plain(["VARIABLE", "SET", "DEFAULT", "MEANING"], &rows);
    format!("{title}\n{table}\n\n")
}
