//! The authorities that replace those of the operating system.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use strongroom_core::{Error, ErrorKind, Result, Settings};

use crate::config::CA_BUNDLE;

/// Longest bundle that is read. The whole of Mozilla's programme is a quarter of that.
const MAX_BYTES: usize = 1 << 20;

/// Reads the bundle, in PEM, if there is to be one. The SDK would look into it no sooner than at the first call,
/// and take one without certificates for one that trusts nobody.
///
/// # Errors
/// `Misconfigured` if the file is missing, may be written by any user, is empty, is not PEM, or holds a private key.
pub(crate) fn read(settings: &Settings) -> Result<Option<Vec<u8>>> {
    let Some(bytes) = settings.trusted_file(&CA_BUNDLE, MAX_BYTES)? else { return Ok(None) };
    let refuse =
        |fault: &'static str| Error::new(ErrorKind::Misconfigured, fault).with_key(CA_BUNDLE.name);
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    if text.contains("PRIVATE KEY-----") {
        return Err(refuse("the file holds a private key; expected certificates only"));
    }
    let begun = text.matches("-----BEGIN ").count();
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(&bytes).filter_map(std::result::Result::ok).collect();
    if begun == 0 || certificates.len() != begun {
        return Err(refuse("the file is not a bundle of certificates in PEM"));
    }
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots
            .add(certificate)
            .map_err(|_| refuse("the file holds a certificate that cannot be read"))?;
    }
    Ok(Some(bytes))
}
