//! Addresses of settings: of another endpoint, of a proxy.

use std::fmt;
use std::net::IpAddr;

use strongroom_core::{Error, ErrorKind, Result};
use url::{Host, Url};

/// Another endpoint than AWS's own, or a proxy. Shown without its path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Endpoint(Url);

impl Endpoint {
    /// An endpoint: https, or http to a literal loopback address.
    ///
    /// # Errors
    /// `Misconfigured`, with the rule.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let endpoint = Self::of_proxy(text)?;
        match endpoint.is_https() || endpoint.is_loopback() {
            true => Ok(endpoint),
            false => Err(fault(
                "is plain http to another host: the signature and the secrets would travel in clear; use https",
            )),
        }
    }

    /// A proxy: http or https, to any host.
    ///
    /// # Errors
    /// `Misconfigured`, with the rule.
    pub(crate) fn of_proxy(text: &str) -> Result<Self> {
        // What the parser says may quote the text.
        let url = Url::parse(text).map_err(|_| fault("must be a URL, as in https://host:port"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(fault("must begin with https:// or http://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(fault("must not hold a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(fault("must have neither `?` nor `#`"));
        }
        match url.host() {
            Some(_) if url.port() != Some(0) => Ok(Self(url)),
            _ => Err(fault("needs a host, and a port that is not 0")),
        }
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    pub(crate) fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
            _ => false,
        }
    }

    pub(crate) fn url(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

fn fault(message: &'static str) -> Error {
    Error::new(ErrorKind::Misconfigured, message)
}
