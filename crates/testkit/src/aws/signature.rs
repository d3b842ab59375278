//! Signature version 4: whether a request was signed by the owner of an access key, here and now.
//!
//! After "Signature Version 4 signing process" of the AWS General Reference.

use std::fmt::Write as _;

use aws_lc_rs::{digest, hmac};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::aws::reply::Refusal;
use crate::server::Request;

/// The header `Authorization`, taken apart.
pub(super) struct Signature<'a> {
    pub(super) key_id: &'a str,
    pub(super) region: &'a str,
    date: &'a str,
    service: &'a str,
    /// Date, region, service and the end: what a signing key is for.
    scope: &'a str,
    signed: &'a str,
    signature: &'a str,
}

impl<'a> Signature<'a> {
    /// # Errors
    /// `MissingAuthenticationTokenException` without the header, `IncompleteSignatureException` if it is not of
    /// this version.
    pub(super) fn read(request: &'a Request) -> Result<Self, Refusal> {
        let text = header(request, "authorization").ok_or_else(|| {
            Refusal::new("MissingAuthenticationTokenException", "Missing Authentication Token")
        })?;
        Self::parse(text).ok_or_else(|| {
            Refusal::new(
                "IncompleteSignatureException",
                "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters.",
            )
        })
    }

    fn parse(text: &'a str) -> Option<Self> {
        let parts = text.strip_prefix(ALGORITHM)?.split(',');
        let (mut credential, mut signed, mut signature) = (None, None, None);
        for part in parts {
            match part.trim().split_once('=')? {
                ("Credential", value) => credential = Some(value),
                ("SignedHeaders", value) => signed = Some(value),
                ("Signature", value) => signature = Some(value),
                _ => return None,
            }
        }
        let (key_id, scope) = credential?.split_once('/')?;
        let parts: Vec<_> = scope.split('/').collect();
        let &[date, region, service, "aws4_request"] = parts.as_slice() else { return None };
        Some(Self { key_id, region, date, service, scope, signed: signed?, signature: signature? })
    }

    /// Whether it was made with this secret, for this request, within five minutes of this time.
    pub(super) fn check(
        &self,
        request: &Request,
        secret: &str,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if self.service != SERVICE {
            return Err(invalid(
                "Credential should be scoped to correct service: 'secretsmanager'.",
            ));
        }
        let stamp = header(request, "x-amz-date").unwrap_or_default();
        let at = DateTime::strptime("%Y%m%dT%H%M%SZ", stamp)
            .and_then(|at| at.to_zoned(TimeZone::UTC))
            .map_err(|_| invalid("X-Amz-Date must be a date of the form 20260131T000000Z."))?
            .timestamp();
        if !stamp.starts_with(self.date) {
            return Err(invalid("Date in Credential scope does not match X-Amz-Date."));
        }
        check_time(stamp, at, now)?;
        let canonical =
            self.canonical(request).filter(|_| self.signs("host") && self.signs("x-amz-date"));
        let text = canonical.map(|canonical| {
            let digest = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
            format!("{ALGORITHM}\n{stamp}\n{}\n{digest}", self.scope)
        });
        match text {
            Some(text) if hex(&mac(&self.signing_key(secret), &text)) == self.signature => Ok(()),
            _ => Err(invalid(
                "The request signature we calculated does not match the signature you provided. Check your \
                 AWS Secret Access Key and signing method. Consult the service documentation for details.",
            )),
        }
    }

    fn signs(&self, name: &str) -> bool {
        self.signed.split(';').any(|signed| signed == name)
    }

    /// The request as it was signed. Only a body distinguishes one from the other here: the path is always `/`.
    fn canonical(&self, request: &Request) -> Option<String> {
        let query = request.url.query().unwrap_or_default();
        let mut text = format!("{}\n{}\n{query}\n", request.method, request.url.path());
        for name in self.signed.split(';') {
            let values = request.headers.get_all(name).iter();
            let values: Vec<_> = values
                .map(|value| value.to_str().ok().map(single_spaced))
                .collect::<Option<_>>()?;
            writeln!(text, "{name}:{}", values.join(",")).ok()?;
        }
        let body = hex(digest::digest(&digest::SHA256, &request.body).as_ref());
        Some(format!("{text}\n{}\n{body}", self.signed))
    }

    fn signing_key(&self, secret: &str) -> Vec<u8> {
        let first = format!("AWS4{secret}").into_bytes();
        self.scope.split('/').fold(first, |key, part| mac(&key, part))
    }
}

/// A header of the request, if it is text.
pub(super) fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.get(name)?.to_str().ok()
}

fn check_time(stamp: &str, at: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    let shown = |time: Timestamp| time.strftime("%Y%m%dT%H%M%SZ").to_string();
    let (earliest, latest, clock) = (now - TOLERANCE, now + TOLERANCE, shown(now));
    if at < earliest {
        let earliest = shown(earliest);
        let heading = format!("Signature expired: {stamp} is now earlier than {earliest}");
        return Err(invalid(format!("{heading} ({clock} - 5 min.)")));
    }
    if at > latest {
        let latest = shown(latest);
        let heading = format!("Signature not yet current: {stamp} is still later than {latest}");
        return Err(invalid(format!("{heading} ({clock} + 5 min.)")));
    }
    Ok(())
}

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new("InvalidSignatureException", text)
}

fn single_spaced(value: &str) -> String {
    value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SERVICE: &str = "secretsmanager";
/// How far the clock of a client may be off: what refusals of AWS name (`- 5 min.`); no page promises it.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
