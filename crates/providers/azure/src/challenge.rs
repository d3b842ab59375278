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
    /// Checks the answer of 401 to a question without a token. No token is sent to a vault that asks for one of
    /// another service or of another authority.
    ///
    /// # Errors
    /// `Malformed` if it does, or does not say what it wants; `Misconfigured` if it belongs to another tenant.
    pub(crate) fn check(&self, response: &Response) -> Result<()> {
        let challenge = response.challenge().and_then(parse).ok_or_else(|| response.malformed())?;
        self.check_resource(challenge.resource.unwrap_or_default())?;
        self.check_authority(challenge.authorization.unwrap_or_default())
    }

    /// Checks the answer of 401 to a question with a token. It may say less, as that the token is not good any more.
    ///
    /// # Errors
    /// As [`check`](Self::check), but for what is not said.
    pub(crate) fn check_again(&self, response: &Response) -> Result<()> {
        let Some(challenge) = response.challenge().and_then(parse) else { return Ok(()) };
        challenge.resource.map_or(Ok(()), |resource| self.check_resource(resource))?;
        challenge.authorization.map_or(Ok(()), |place| self.check_authority(place))
    }

    fn check_resource(&self, resource: &str) -> Result<()> {
        let plain = resource.strip_suffix("/.default").unwrap_or(resource).trim_end_matches('/');
        match plain == self.resource {
            true => Ok(()),
            false => Err(foreign("for", resource, self.resource)),
        }
    }

    fn check_authority(&self, text: &str) -> Result<()> {
        let Ok(place) = Url::parse(text) else {
            return Err(foreign("of", text, &self.authority));
        };
        let origin = place.origin().ascii_serialization();
        if origin != self.authority && !Cloud::is_authority(&origin) {
            return Err(foreign("of", &origin, &self.authority));
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

fn foreign(what: &str, named: &str, expected: &str) -> Error {
    let message = format!(
        "the vault asks for a token {what} `{}`, and {expected} is expected; it gets none. Is this the right vault?",
        escaped(named)
    );
    Error::new(ErrorKind::Malformed, message)
}

/// Reads `Bearer authorization="..", resource=".."`, or `scope` in place of `resource`, up to the next scheme.
fn parse(header: &str) -> Option<Challenge<'_>> {
    let (scheme, mut rest) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let mut challenge = Challenge::default();
    while let Some((name, value, after)) = parameter(rest) {
        rest = after;
        let place = match name {
            "authorization" | "authorization_uri" => &mut challenge.authorization,
            "resource" | "scope" => &mut challenge.resource,
            // The next scheme, and its first parameter.
            _ if name.contains(' ') => break,
            _ => continue,
        };
        // The one that is checked has to be the one that others act on.
        if place.replace(value).is_some_and(|other| other != value) {
            return None;
        }
    }
    Some(challenge)
}

/// The first parameter, and what comes after it. Its value may be quoted (RFC 9110, 11.2); `\\` is not looked for, as no
/// URL has it.
fn parameter(text: &str) -> Option<(&str, &str, &str)> {
    let (name, value) = text.split_once('=')?;
    let (value, after) = match value.trim_start().strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => (value.split(',').next()?.trim(), value.find(',').map_or("", |at| &value[at..])),
    };
    Some((name.trim(), value, after.trim_start_matches([',', ' '])))
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
            format!(
                "Bearer error=\"x, y\", resource=\"{vault}\",authorization={place}, PoP realm=\"\""
            ),
        ] {
            let read = parse(&text).unwrap();
            assert_eq!((read.authorization, read.resource), (Some(place), Some(vault)), "{text}");
        }
        let twice = format!("Bearer resource=\"{vault}\", scope=\"https://other.example\"");
        for text in ["", "Bearer", "Basic realm=\"canary\"", &twice] {
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
