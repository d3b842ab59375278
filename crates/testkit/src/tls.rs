//! TLS in front of a server on loopback, with certificates good and bad.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use crate::loopback::Loopback;

/// TLS 1.2 and 1.3 on 127.0.0.1 in front of another server, under a certificate authority of its own.
/// Ends, with its connections, when it is dropped.
///
/// Offers `http/1.1` and nothing else by ALPN. Passes bytes on in both directions, and the end of either.
/// An upstream that resets, or that cannot be reached, ends the connection after the handshake and without
/// `close_notify`; that may or may not be a reset.
///
/// What it does not check: the name that the client asks for, certificates of clients, or revocation.
#[derive(Debug)]
pub struct TlsFront {
    loopback: Loopback,
    handshakes: Arc<AtomicUsize>,
    ca_pem: String,
}

/// What a [`TlsFront`] shows its clients. All but the first are to be refused by a client that trusts
/// [`TlsFront::ca_pem`], and each has one thing wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Certificate {
    /// From the handed out authority, for 127.0.0.1, ::1 and localhost, from 1975 to 4095.
    Good,
    /// Ran out at the end of 1999.
    Expired,
    /// Begins with the year 3000.
    NotYetValid,
    /// For `other.example` only.
    WrongName,
    /// Signed with its own key.
    SelfSigned,
    /// From an authority that is not handed out.
    OtherCa,
}

impl TlsFront {
    /// Starts on a free port, with new keys.
    ///
    /// # Panics
    /// If loopback has no free port.
    pub async fn start(upstream: SocketAddr, certificate: Certificate) -> Self {
        let front = Self::start_for(&[], 0, upstream, certificate);
        front.expect("loopback has a free port")
    }

    /// The same on this port, or with 0 on a free one, with a certificate for these names besides.
    ///
    /// # Errors
    /// Those of listening.
    pub(crate) fn start_for(
        names: &[&str],
        port: u16,
        upstream: SocketAddr,
        certificate: Certificate,
    ) -> io::Result<Self> {
        let (config, ca_pem) =
            issue(certificate, names).expect("fixed parameters make a certificate");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let handshakes = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&handshakes);
        let loopback = Loopback::start(port, move |stream| {
            forward(acceptor.clone(), stream, upstream, Arc::clone(&count))
        });
        Ok(Self { loopback: loopback?, handshakes, ca_pem })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.loopback.address
    }

    /// `https://127.0.0.1:port`
    pub fn url(&self) -> String {
        format!("https://{}", self.address())
    }

    /// The certificate of the authority to trust, whichever certificate is shown.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// How many connections came, refused ones included.
    pub fn connections(&self) -> usize {
        self.loopback.connections()
    }

    /// How many handshakes were completed by both sides. Up to date once the client has an answer.
    pub fn handshakes(&self) -> usize {
        self.handshakes.load(Ordering::SeqCst)
    }
}

async fn forward(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    upstream: SocketAddr,
    handshakes: Arc<AtomicUsize>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut client = acceptor.accept(stream).await?;
    handshakes.fetch_add(1, Ordering::SeqCst);
    let mut server = TcpStream::connect(upstream).await?;
    server.set_nodelay(true)?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

type Issued<T> = Result<T, Box<dyn std::error::Error>>;

fn issue(certificate: Certificate, names: &[&str]) -> Issued<(ServerConfig, String)> {
    let trusted = authority("strongroom test authority")?;
    let mut params = match certificate {
        Certificate::WrongName => CertificateParams::new(["other.example".to_owned()])?,
        _ => {
            let names = ["127.0.0.1", "::1", "localhost"].iter().chain(names);
            CertificateParams::new(names.map(ToString::to_string).collect::<Vec<_>>())?
        }
    };
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Whole centuries away, so that no clock has to be asked.
    params.not_before = date_time_ymd(1975, 1, 1);
    params.not_after = date_time_ymd(4096, 1, 1);
    match certificate {
        Certificate::Expired => params.not_after = date_time_ymd(2000, 1, 1),
        Certificate::NotYetValid => params.not_before = date_time_ymd(3000, 1, 1),
        _ => {}
    }
    let key = KeyPair::generate()?;
    let signed = match certificate {
        Certificate::SelfSigned => params.self_signed(&key)?,
        Certificate::OtherCa => params.signed_by(&key, &*authority("another test authority")?)?,
        _ => params.signed_by(&key, &trusted)?,
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS12, &TLS13])?
        .with_no_client_auth()
        .with_single_cert(vec![signed.der().clone()], key.into())?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((config, trusted.pem()))
}

fn authority(name: &str) -> Issued<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}
