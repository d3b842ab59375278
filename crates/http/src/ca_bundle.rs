//! The authorities that replace those of the operating system.

use std::fmt;

use reqwest::Certificate;
use strongroom_core::{Error, ErrorKind, Key, Result, Settings};

/// Certificates of authorities, in PEM. They replace the roots of the operating system for one provider and
/// are never added to them.
#[derive(Clone)]
pub struct CaBundle(Vec<Certificate>);

impl CaBundle {
    /// Longest bundle, in bytes. The whole of Mozilla's programme is a quarter of that.
    const MAX_BYTES: usize = 1 << 20;

    /// Reads the bundle that a path setting names; `None` if it is not set.
    ///
    /// # Errors
    /// `Misconfigured`, naming the setting, if the file is missing, may be written by any user, is empty, is
    /// not PEM, or holds a private key. Never falls back to other roots.
    pub fn read(settings: &Settings, key: &Key) -> Result<Option<Self>> {
        let Some(bytes) = settings.trusted_file(key, Self::MAX_BYTES)? else { return Ok(None) };
        let refuse =
            |fault: &'static str| Error::new(ErrorKind::Misconfigured, fault).with_key(key.name);
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        if text.contains("PRIVATE KEY-----") {
            return Err(refuse("the file holds a private key; expected certificates only"));
        }
        let begun = text.matches("-----BEGIN ").count();
        let certificates = Certificate::from_pem_bundle(&bytes).unwrap_or_default();
        if begun == 0 || certificates.len() != begun {
            return Err(refuse("the file is not a bundle of certificates in PEM"));
        }
        // A certificate that is none is found when roots are made of them.
        let roots = reqwest::Client::builder().tls_certs_only(certificates.clone());
        roots.build().map_err(|_| refuse("the file holds a certificate that cannot be read"))?;
        Ok(Some(Self(certificates)))
    }

    pub(crate) fn certificates(&self) -> Vec<Certificate> {
        self.0.clone()
    }
}

impl fmt::Debug for CaBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaBundle({} certificates)", self.0.len())
    }
}
