//! How a vault wants to be asked ("Authentication, requests and responses"), and whether that can be believed.

use strongroom_core::{Error, ErrorKind, Result, escaped};
use strongroom_http::Response;
use url::Url;

use crate::auth::TENANT_ID;
use crate::cloud::Cloud;

/// What a vault may ask for.
#[derive(Debug)]
pub(crate) struct Expected {
    /// For whom tokens are.
    pub(crate) resource: &'static str,
    /// Where they come from.
    pub(crate) authority: String,
    /// The tenant that they are of.
    pub(crate) tenant: Option<String>,
}

/// What a vault asks for.
#[derive(Debug, Default)]
struct Challenge<'a> {
    authorization: Option<&'a str>,
    resource: Option<&'a str>,
}

impl Expected {
    /// Checks an answer of 401. No token is sent to a vault that asks for one of another service or of another
    /// authority.
    ///
    /// # Errors
    /// `Malformed` if it does, or does not say what it wants; `Misconfigured` if it belongs to another tenant.
    pub(crate) fn check(&self, response: &Response) -> Result<()> {
        let challenge = response.challenge().and_then(parse).ok_or_else(|| response.malformed())?;
        let refuse = |what: &str, named: &str, expected: &str| {
            let message = format!(
                "the vault asks for a token {what} `{}`, and {expected} is expected; none was sent. Is this the right vault?",
                escaped(named)
            );
            Err(Error::new(ErrorKind::Malformed, message))
        };
        let resource = challenge.resource.unwrap_or_default();
        let plain = resource.strip_suffix("/.default").unwrap_or(resource).trim_end_matches('/');
        if plain != self.resource {
            return refuse("for", resource, self.resource);
        }
        let place = challenge.authorization.and_then(|text| Url::parse(text).ok());
        let Some(place) = place else { return refuse("of", "nobody", &self.authority) };
        let origin = place.origin().ascii_serialization();
        if origin != self.authority && !Cloud::is_authority(&origin) {
            return refuse("of", &origin, &self.authority);
        }
        let theirs = place.path_segments().and_then(|mut path| path.next()).unwrap_or_default();
        match &self.tenant {
            // A domain of a tenant and its id are the same.
            Some(ours)
                if is_guid(ours) && is_guid(theirs) && !ours.eq_ignore_ascii_case(theirs) =>
            {
                let message = format!("the vault belongs to the tenant `{theirs}`");
                Err(Error::new(ErrorKind::Misconfigured, message).with_key(TENANT_ID.name))
            }
            _ => Ok(()),
        }
    }
}

/// Reads `Bearer authorization="..", resource=".."`, or `scope` in place of `resource`.
fn parse(header: &str) -> Option<Challenge<'_>> {
    let (scheme, parameters) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let mut challenge = Challenge::default();
    for parameter in parameters.split(',') {
        let (name, value) = parameter.trim().split_once('=')?;
        let value = value.trim().trim_matches('"');
        let place = match name.trim() {
            "authorization" | "authorization_uri" => &mut challenge.authorization,
            "resource" | "scope" => &mut challenge.resource,
            _ => continue,
        };
        // The one that is checked has to be the one that others act on.
        if place.replace(value).is_some_and(|other| other != value) {
            return None;
        }
    }
    Some(challenge)
}

fn is_guid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let digits = |group: &&str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    groups.iter().all(digits) && groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read_in_both_spellings() {
        let (place, vault) = ("https://login.example/canary", "https://vault.azure.net");
        for text in [
            format!("Bearer authorization=\"{place}\", resource=\"{vault}\""),
            format!("bearer resource={vault},authorization={place}"),
            format!("Bearer authorization_uri=\"{place}\", scope=\"{vault}\", other=\"a=b\""),
        ] {
            let read = parse(&text).unwrap();
            assert_eq!((read.authorization, read.resource), (Some(place), Some(vault)), "{text}");
        }
        let twice = format!("Bearer resource=\"{vault}\", scope=\"https://other.example\"");
        for text in ["", "Bearer", "Basic realm=\"canary\"", "Bearer canary", &twice] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn tenants_are_compared_by_their_ids() {
        assert!(is_guid("01234567-89ab-cdef-0123-456789ABCDEF"));
        for text in [
            "",
            "canary.example",
            "0123456789abcdef0123456789abcdef",
            "01234567-89ab-cdef-0123-456789abcdeg",
        ] {
            assert!(!is_guid(text), "{text}");
        }
    }
}
