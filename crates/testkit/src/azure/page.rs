//! Answers in pages.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};

use crate::azure::ask::Ask;
use crate::azure::reply::Refusal;

/// The page of a list that a request asks for. Its items come with keys, in the order of those, so nothing
/// comes twice whatever is added or removed between two pages.
///
/// # Errors
/// `BadParameter` for a size that no page has, and for a token of another list or of nobody.
pub(super) fn page<'a>(
    ask: &Ask<'_>,
    items: impl Iterator<Item = (&'a str, Value)>,
) -> Result<Value, Refusal> {
    let size = match ask.query("maxresults").map(|text| text.parse()) {
        None => SIZE,
        Some(Ok(size @ 1..=SIZE)) => size,
        Some(_) => return Err(Refusal::parameter("maxresults is not between 1 and 25.")),
    };
    let after = ask.query("$skiptoken").map(|token| opened(ask, &token)).transpose()?;
    let is_behind = |key: &str| after.as_deref().is_none_or(|after| key > after);
    let mut left = items.filter(|(key, _)| is_behind(key)).peekable();
    let (mut page, mut last) = (Vec::new(), "");
    while page.len() < size
        && let Some((key, item)) = left.next()
    {
        page.push(item);
        last = key;
    }
    let next = left.peek().map(|_| {
        format!(
            "https://{}{}?api-version={}&$skiptoken={}&maxresults={size}",
            ask.host(),
            ask.path(),
            ask.query("api-version").unwrap_or_default(),
            sealed(ask, last)
        )
    });
    Ok(json!({ "value": page, "nextLink": next }))
}

fn sealed(ask: &Ask<'_>, after: &str) -> String {
    Base64UrlUnpadded::encode_string(format!("{}:{after}", ask.path()).as_bytes())
}

/// A token is good for the list that gave it.
fn opened(ask: &Ask<'_>, token: &str) -> Result<String, Refusal> {
    let text =
        Base64UrlUnpadded::decode_vec(token).ok().and_then(|text| String::from_utf8(text).ok());
    let after = text.as_deref().and_then(|text| text.strip_prefix(ask.path())?.strip_prefix(':'));
    after.map(str::to_owned).ok_or_else(|| Refusal::parameter("The skiptoken is invalid."))
}

/// "Get Secrets": the default of `maxresults`, and the most.
const SIZE: usize = 25;
