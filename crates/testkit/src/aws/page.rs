//! Answers in pages.

use std::ops::RangeInclusive;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::Value;

use crate::aws::ask::Ask;
use crate::aws::reply::Refusal;

/// Which part of a list an answer has.
pub(super) struct Page {
    action: &'static str,
    size: usize,
    /// The number of the last item of the page before.
    after: Option<u64>,
}

impl Page {
    /// The page that a request asks for. Without a size, it has as many items as the range allows.
    pub(super) fn read(ask: &Ask, sizes: RangeInclusive<i64>) -> Result<Self, Refusal> {
        let size = ask.fields.number("MaxResults")?.unwrap_or(*sizes.end());
        if !sizes.contains(&size) {
            let text = format!("have value between {} and {}", sizes.start(), sizes.end());
            return Err(Refusal::constraint("MaxResults", &text));
        }
        let token = ask.fields.text("NextToken", 1..=4096)?;
        let after = token.map(|token| opened(ask.action, token)).transpose()?;
        Ok(Self { action: ask.action, size: usize::try_from(size).unwrap_or(usize::MAX), after })
    }

    /// The items of this page, and the token of the next one if there is more. Numbers go up or down
    /// throughout, so nothing comes twice whatever is added or removed meanwhile.
    pub(super) fn cut<T>(
        &self,
        items: impl Iterator<Item = (u64, T)>,
        descending: bool,
    ) -> (Vec<T>, Option<String>) {
        let is_behind = |number: u64| match self.after {
            Some(after) if descending => number < after,
            Some(after) => number > after,
            None => true,
        };
        let mut left = items.filter(|(number, _)| is_behind(*number)).peekable();
        let (mut page, mut last) = (Vec::new(), 0);
        while page.len() < self.size
            && let Some((number, item)) = left.next()
        {
            page.push(item);
            last = number;
        }
        let next = left.peek().map(|_| sealed(self.action, last));
        (page, next)
    }
}

/// Adds the token, if there is one.
pub(super) fn with_next(mut told: Value, next: Option<String>) -> Value {
    if let Some(next) = next {
        told["NextToken"] = next.into();
    }
    told
}

fn sealed(action: &str, after: u64) -> String {
    Base64UrlUnpadded::encode_string(format!("{action}/{after}").as_bytes())
}

/// A token is good for the action that gave it.
fn opened(action: &str, token: &str) -> Result<u64, Refusal> {
    let text =
        Base64UrlUnpadded::decode_vec(token).ok().and_then(|text| String::from_utf8(text).ok());
    let after = text.as_deref().and_then(|text| text.strip_prefix(action)?.strip_prefix('/'));
    let invalid = || Refusal::new("InvalidNextTokenException", "The NextToken value is invalid.");
    after.and_then(|after| after.parse().ok()).ok_or_else(invalid)
}
