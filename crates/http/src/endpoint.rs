//! Where a provider is, checked before anything is sent there.

use std::fmt;

use reqwest::Url;
use strongroom_core::{Error, ErrorKind, Result, escaped};

/// The base URL of a provider: scheme, host, port, and a path prefix if it stands behind one.
///
/// Displays as its origin: `https://vault.example.com:8200`.
#[derive(Clone, Eq, PartialEq)]
pub struct Endpoint {
    url: Url,
}

/// Where plain http may go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Plaintext {
    /// To a literal loopback address: `127.0.0.0/8` or `[::1]`. A name, `localhost` included, is resolved by
    /// somebody else.
    Loopback,
    /// To any host: for the networks of a development machine.
    AnyHost,
}

impl Endpoint {
    /// Checks the URL that a setting gives. What the URL standard would silently repair is refused.
    ///
    /// # Errors
    /// `Misconfigured`, naming the setting and the rule; never shows what stands before an `@`.
    pub fn parse(setting: &'static str, text: &str, plaintext: Plaintext) -> Result<Self> {
        parse(text, plaintext)
            .map_err(|fault| Error::new(ErrorKind::Misconfigured, fault).with_key(setting))
    }

    /// Scheme, host and port, as browsers print them: default ports left out, host in ASCII.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// The host: a name in ASCII and lower case, or an address, that of IPv6 in brackets.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether the host is a literal link-local address: `169.254.0.0/16` or `fe80::/10`, where clouds have their
    /// metadata services.
    pub fn is_link_local(&self) -> bool {
        match self.url.host() {
            Some(url::Host::Ipv4(address)) => address.is_link_local(),
            Some(url::Host::Ipv6(address)) => match address.to_ipv4_mapped() {
                Some(address) => address.is_link_local(),
                None => address.is_unicast_link_local(),
            },
            _ => false,
        }
    }

    /// Whether the host is a literal loopback address.
    pub fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            _ => false,
        }
    }

    /// Whether TLS is spoken.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The segments of the path prefix; none for most.
    pub fn prefix(&self) -> impl Iterator<Item = &str> {
        self.url.path().split('/').filter(|segment| !segment.is_empty())
    }

    /// Whether a URL is one of this server: same scheme, host and port, and the prefix or below.
    pub(crate) fn covers(&self, url: &Url) -> bool {
        let below = url.path().strip_prefix(self.url.path().trim_end_matches('/'));
        let is_below = below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        url.origin() == self.url.origin() && is_below
    }

    /// The URL below the prefix. Each segment is percent-encoded as one, slashes included.
    pub(crate) fn join<'a>(
        &self,
        segments: impl IntoIterator<Item = &'a str>,
        query: &[(&'static str, String)],
    ) -> Result<Url> {
        let mut url = self.url.clone();
        let refuse = |message| Err(Error::new(ErrorKind::Internal, message));
        match url.path_segments_mut() {
            Ok(mut path) => {
                path.pop_if_empty();
                for segment in segments {
                    if matches!(segment, "" | "." | "..") {
                        return refuse("a path with an empty, `.` or `..` segment was asked for");
                    }
                    path.push(segment);
                }
            }
            Err(()) => return refuse("the base URL cannot have a path"),
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.url)
    }
}

fn parse(text: &str, plaintext: Plaintext) -> Result<Endpoint, String> {
    let expected = "expected https://HOST[:PORT][/PREFIX]";
    let scheme = text.split_once("://").map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
    let (scheme, rest) = match scheme {
        Some((scheme, rest)) if scheme == "https" || scheme == "http" => (scheme, rest),
        Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            return Err(format!("scheme `{}` is not spoken here; {expected}", escaped(&scheme)));
        }
        _ => return Err(format!("has no scheme; {expected}")),
    };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    // First, so that no later message can show a password.
    if authority.contains('@') {
        return Err(format!("must not hold a user name or password; {expected}"));
    }
    if authority.is_empty() || authority.starts_with(':') {
        return Err(format!("has no host; {expected}"));
    }
    let path = rest.get(authority.len()..).unwrap_or_default();
    if let Some(fault) = fault_of_path(path) {
        return Err(format!("{fault}; {expected}"));
    }
    if authority.ends_with(':') {
        return Err("has a `:` without a port after it".into());
    }
    if authority.contains(['%', ' ']) {
        return Err("has a percent sign or a blank in its host; write the host plainly".into());
    }
    let mut url = Url::parse(text).map_err(|cause| match cause {
        url::ParseError::InvalidPort => "has no valid port; expected 1 to 65535".to_owned(),
        _ => format!("is not a URL; {expected}"),
    })?;
    if url.port() == Some(0) {
        return Err("has port 0; expected 1 to 65535".into());
    }
    let host = url.host_str().unwrap_or_default().to_owned();
    if !authority.is_ascii() {
        // Letters of two scripts look alike; whoever means it can write it so that it shows.
        return Err(format!("has a host that is not ASCII; if it is meant, write `{host}`"));
    }
    if let Some(name) = host.strip_suffix('.')
        && url.set_host(Some(name)).is_err()
    {
        return Err(format!("is not a URL; {expected}"));
    }
    if let Some(prefix) = url.path().strip_suffix('/').map(str::to_owned) {
        url.set_path(&prefix);
    }
    let endpoint = Endpoint { url };
    if scheme == "http" && plaintext == Plaintext::Loopback && !endpoint.is_loopback() {
        let hint = match host.as_str() {
            "localhost" => "write 127.0.0.1, which no resolver can point elsewhere",
            _ => "the token would travel in clear; use https",
        };
        return Err(format!("is plain http to `{}`: {hint}", escaped(&host)));
    }
    Ok(endpoint)
}

fn fault_of_path(path: &str) -> Option<&'static str> {
    if path.contains('?') {
        return Some("must not have a query");
    }
    if path.contains('#') {
        return Some("must not have a fragment");
    }
    if path.contains(['\\', '%', ' ']) {
        return Some("must not have `\\`, `%` or blanks in its path");
    }
    let trimmed = path.strip_suffix('/').unwrap_or(path);
    let mut segments = trimmed.split('/').skip(1);
    segments
        .any(|segment| matches!(segment, "" | "." | ".."))
        .then_some("must not have empty, `.` or `..` segments in its path")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let error = Endpoint::parse("VAULT_ADDR", text, Plaintext::Loopback).unwrap_err();
        assert_eq!((error.kind(), error.key()), (ErrorKind::Misconfigured, Some("VAULT_ADDR")));
        error.to_string()
    }

    fn accepted(text: &str) -> Endpoint {
        Endpoint::parse("VAULT_ADDR", text, Plaintext::Loopback).unwrap()
    }

    #[test]
    fn b040_s20_plain_http_goes_to_literal_loopback_only() {
        for text in ["http://127.0.0.1:8200", "http://127.8.9.1", "http://[::1]:8200"] {
            assert!(accepted(text).is_loopback(), "{text}");
        }
        assert!(refused("http://vault.example.com:8200").contains("`vault.example.com`"));
        assert!(refused("http://localhost:8200").contains("write 127.0.0.1"));
        let any = Endpoint::parse("VAULT_ADDR", "http://vault:8200", Plaintext::AnyHost);
        assert_eq!(any.unwrap().origin(), "http://vault:8200");
    }

    #[test]
    fn b048_b049_an_address_is_what_it_is_however_it_is_written() {
        let at = |host: &str| {
            let text = format!("https://{host}");
            Endpoint::parse("VAULT_ADDR", &text, Plaintext::Loopback)
        };
        for host in ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]"] {
            assert!(at(host).unwrap().is_link_local(), "{host}");
        }
        for host in ["0xa9fea9fe", "2852039166", "0x7f000001", "2130706433"] {
            let shown = at(host).map(|endpoint| (endpoint.is_link_local(), endpoint.is_loopback()));
            assert!(!matches!(shown, Ok((false, false))), "{host}");
        }
        assert!(!at("169.254.169.254.example").unwrap().is_link_local());
    }

    #[test]
    fn b041_what_only_looks_like_loopback_is_not() {
        for host in [
            "localhost.evil.com",
            "127.0.0.1.nip.io",
            "[::ffff:8.8.8.8]",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",
            "128.0.0.1",
        ] {
            assert!(refused(&format!("http://{host}")).contains("plain http"), "{host}");
        }
    }

    #[test]
    fn b042_credentials_are_refused_and_not_shown() {
        for text in [
            "https://canary:canary@host",
            "https://canary@host/x",
            "https://:canary@host",
            "https://canary:@host?x",
            "https://canary:canary@",
        ] {
            let message = refused(text);
            assert!(message.contains("user name or password"), "{message}");
            assert!(!message.contains("canary"), "{message}");
        }
    }

    #[test]
    fn b043_queries_fragments_and_odd_paths_are_named() {
        assert!(refused("https://host?x=canary").contains("query"));
        assert!(refused("https://host/#f").contains("fragment"));
        for path in ["/a/../b", "/./", "//", "/a//b", "/a\\b", "/%2e", "/a b"] {
            assert!(refused(&format!("https://host{path}")).contains("path"), "{path}");
        }
        let behind_a_proxy = accepted("https://host/vault/");
        assert_eq!(behind_a_proxy.prefix().collect::<Vec<_>>(), ["vault"]);
        let url = behind_a_proxy.join(["v1", "secret"], &[]).unwrap();
        assert_eq!(url.as_str(), "https://host/vault/v1/secret");
    }

    #[test]
    fn b044_origins_have_one_spelling() {
        assert_eq!(accepted("HTTPS://HOST:443/").origin(), "https://host");
        assert_eq!(accepted("https://host/vault/"), accepted("https://HOST/vault"));
        assert_eq!(accepted("https://host.").origin(), "https://host");
        assert_eq!(accepted("https://host:8443/x").to_string(), "https://host:8443");
        let message = refused("https://\u{435}xample.com");
        assert!(message.contains("`xn--xample-2of.com`"), "{message}");
        assert_eq!(accepted("https://xn--xample-2of.com").origin(), "https://xn--xample-2of.com");
    }

    #[test]
    fn b045_schemes_are_said() {
        for text in ["vault.example.com:8200", "//host", "unix:/x", "localhost", ""] {
            assert!(refused(text).contains("no scheme"), "{text}");
        }
        for text in ["ftp://host", "file:///x", "unix:///x"] {
            assert!(refused(text).contains("is not spoken here"), "{text}");
        }
    }

    #[test]
    fn b046_hosts_and_ports_are_there_and_in_range() {
        for text in ["https://", "https:///x", "https://:8200", "https://?x"] {
            assert!(refused(text).contains("host"), "{text}: {}", refused(text));
        }
        for text in ["https://host:0", "https://host:99999", "https://host:x", "https://host:"] {
            assert!(refused(text).contains("port"), "{text}: {}", refused(text));
        }
    }

    #[test]
    fn case_10_a_segment_stays_one_segment() {
        let url = accepted("https://host").join(["a/b", "c?d#e", "%2e%2e", "f g\\"], &[]).unwrap();
        assert_eq!(url.path(), "/a%2Fb/c%3Fd%23e/%252e%252e/f%20g%5C");
        for segment in ["", ".", ".."] {
            assert!(accepted("https://host").join([segment], &[]).is_err(), "{segment:?}");
        }
    }
}
