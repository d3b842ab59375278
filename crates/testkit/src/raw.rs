//! Servers below HTTP: they send scripted bytes, end connections rudely, or never accept.

use std::fmt;
use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::loopback::Loopback;

/// A server on 127.0.0.1 that plays a script, one [`Exchange`] a connection: for answers that no HTTP
/// library gives. Ends, with its connections, when it is dropped.
///
/// What it does not check: anything about a request except where it ends, which is after the body that
/// `Content-Length` announces. It does not know chunked bodies or `Expect`, and reads no second request
/// on a connection.
///
/// ```
/// use strongroom_testkit::{Exchange, RawServer, http};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let server = RawServer::start([
///     Exchange::new().reset(),
///     Exchange::new().send(http(200, &[("content-type", "application/json")], "{}")),
/// ])
/// .await;
/// let address = server.url(); // the first call there is reset, every later one is answered
/// # assert!(address.starts_with("http://127.0.0.1:"));
/// # }
/// ```
pub struct RawServer {
    loopback: Loopback,
    requests: Requests,
}

type Requests = Arc<Mutex<Vec<Vec<u8>>>>;

impl RawServer {
    /// Starts on a free port. Connections play the exchanges in the order in which they come, and the last
    /// exchange repeats. An empty script is one [`Exchange::new`].
    ///
    /// # Panics
    /// If loopback has no free port.
    pub async fn start(script: impl IntoIterator<Item = Exchange>) -> Self {
        let mut script = script.into_iter().collect::<Vec<_>>().into_iter();
        let mut current = Exchange::new();
        let requests = Requests::default();
        let seen = Arc::clone(&requests);
        let loopback = Loopback::start(0, move |stream| {
            if let Some(next) = script.next() {
                current = next;
            }
            play(current.clone(), stream, Arc::clone(&seen))
        });
        Self { loopback: loopback.expect("loopback has a free port"), requests }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.loopback.address
    }

    /// `http://127.0.0.1:port`
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// How many connections came, reset ones included.
    pub fn connections(&self) -> usize {
        self.loopback.connections()
    }

    /// The requests that were read to their end, heads and bodies as they came, in that order.
    pub fn requests(&self) -> Vec<Vec<u8>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Without the requests: their headers carry tokens.
impl fmt::Debug for RawServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawServer").field("loopback", &self.loopback).finish_non_exhaustive()
    }
}

/// What happens on one connection: one request is read, then the steps follow in the order in which they
/// were added, then the server ends its side and reads on until the client ends the other.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    without_reading: bool,
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
enum Step {
    Send(Vec<u8>),
    Drip(Vec<u8>, Duration),
    Endless(Vec<u8>),
    Hang,
    Reset,
}

impl Exchange {
    /// Reads one request and ends the connection without an answer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the steps at once, and no request. For sockets that stay full, and for what comes before a
    /// request: a reset on accept, or plain text on a port where the client expects TLS.
    #[must_use]
    pub fn without_reading(mut self) -> Self {
        self.without_reading = true;
        self
    }

    /// Sends these bytes.
    #[must_use]
    pub fn send(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::Send(bytes.into()))
    }

    /// Waits, sends one byte, and so on to the last.
    #[must_use]
    pub fn drip(self, bytes: impl Into<Vec<u8>>, every: Duration) -> Self {
        self.step(Step::Drip(bytes.into(), every))
    }

    /// Sends these bytes again and again until the client closes. Nothing follows, unless they are none.
    #[must_use]
    pub fn endless(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::Endless(bytes.into()))
    }

    /// Keeps the connection open and says nothing more. Nothing follows.
    #[must_use]
    pub fn hang(self) -> Self {
        self.step(Step::Hang)
    }

    /// Ends the connection with a TCP reset. Nothing follows. Bytes that were sent before and had not
    /// reached the client are lost.
    #[must_use]
    pub fn reset(self) -> Self {
        self.step(Step::Reset)
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

/// An HTTP/1.1 answer with these headers, the `Content-Length` of this body and `Connection: close`,
/// because an [`Exchange`] answers once. Cut it short, or write it by hand, for lengths that lie.
pub fn http(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut head = format!("HTTP/1.1 {status} \r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// An address on 127.0.0.1 where connecting neither succeeds nor fails, until it is dropped. For connect
/// timeouts.
///
/// Linux only: it relies on a listener that drops what comes while its queue is full.
#[derive(Debug)]
pub struct BlackHole {
    address: SocketAddr,
    _listener: TcpListener,
    _queued: TcpStream,
}

impl BlackHole {
    /// Opens one on a free port.
    ///
    /// # Panics
    /// If loopback has no free port.
    pub async fn open() -> Self {
        let opened: io::Result<_> = async {
            let socket = TcpSocket::new_v4()?;
            socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
            // A backlog of zero leaves room for one connection, see listen(2) and sk_acceptq_is_full.
            let listener = socket.listen(0)?;
            let address = listener.local_addr()?;
            let queued = TcpStream::connect(address).await?;
            Ok(Self { address, _listener: listener, _queued: queued })
        }
        .await;
        opened.expect("loopback has a free port")
    }

    /// Where nobody answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn play(exchange: Exchange, mut stream: TcpStream, requests: Requests) -> io::Result<()> {
    stream.set_nodelay(true)?;
    if !exchange.without_reading {
        let request = read_request(&mut stream).await?;
        requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    }
    for step in exchange.steps {
        match step {
            Step::Send(bytes) => stream.write_all(&bytes).await?,
            Step::Drip(bytes, every) => {
                for byte in bytes {
                    tokio::time::sleep(every).await;
                    stream.write_u8(byte).await?;
                }
            }
            Step::Endless(bytes) => {
                // At least 64 KiB a write: byte by byte, a client's size limit is seconds away.
                let many = bytes.repeat(1 + 65_536 / bytes.len().max(1));
                while !many.is_empty() {
                    stream.write_all(&many).await?;
                }
            }
            Step::Hang => pending().await,
            Step::Reset => return stream.set_zero_linger(),
        }
    }
    stream.shutdown().await?;
    // Closing with unread bytes would be a reset, and could overtake what was sent.
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.map(drop)
}

async fn read_request(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    while !is_complete(&request) {
        if stream.read_buf(&mut request).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(request)
}

fn is_complete(request: &[u8]) -> bool {
    const BLANK: &[u8] = b"\r\n\r\n";
    let Some(end) = request.windows(BLANK.len()).position(|window| window == BLANK) else {
        return false;
    };
    let (head, body) = request.split_at(end + BLANK.len());
    let head = String::from_utf8_lossy(head);
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    body.len() >= length.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
}
