//! HTTP/1.1 for the fakes: whole requests in, answers out, and the ways in which an answer can fail to arrive.

use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::Url;

use crate::loopback::Loopback;

/// A request whose body has come.
pub(crate) struct Request {
    pub(crate) method: Method,
    /// On a host that means nothing: what was asked for is the header `Host`.
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// What a client gets.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    delay: Option<Duration>,
    end: End,
}

/// How an answer ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// It arrives.
    Whole,
    /// Its length is announced and half of it sent.
    Truncated,
    /// The connection is reset in its place.
    Reset,
    /// It never comes, and the connection stays open.
    Hang,
}

impl Answer {
    pub(crate) fn new(status: u16) -> Self {
        let (headers, body) = (HeaderMap::new(), Bytes::new());
        Self { status, headers, body, delay: None, end: End::Whole }
    }

    /// Sets a header. A value that HTTP does not know is left out.
    pub(crate) fn header(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        if let Ok(value) = HeaderValue::try_from(value.as_ref()) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    pub(crate) fn headers(mut self, headers: &HeaderMap) -> Self {
        headers.iter().for_each(|(name, value)| {
            self.headers.insert(name, value.clone());
        });
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    pub(crate) fn end(mut self, end: End) -> Self {
        self.end = end;
        self
    }
}

/// A server on loopback, which ends when this value is dropped.
#[derive(Debug)]
pub(crate) struct Server(Loopback);

impl Server {
    /// Answers every request so, on this port or with 0 on a free one.
    ///
    /// # Errors
    /// Those of listening.
    pub(crate) fn start(
        port: u16,
        respond: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let respond: Arc<Respond> = Arc::new(respond);
        Loopback::start(port, move |stream| serve(stream, Arc::clone(&respond))).map(Self)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// `http://127.0.0.1:port`
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.0.address)
    }
}

/// What a fake keeps, for one request or one method. A test that panicked in between changes nothing for the others.
pub(crate) fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

type Respond = dyn Fn(&Request) -> Answer + Send + Sync;

async fn serve(stream: TcpStream, respond: Arc<Respond>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let service = service_fn(|request| answer(request, &*respond));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let Err(error) = Pin::new(&mut connection).await else { return Ok(()) };
    let source = std::error::Error::source(&error);
    match source.is_some_and(|source| source.is::<Reset>()) {
        true => connection.into_parts().io.into_inner().set_zero_linger(),
        // Cut short by us, or left by the client.
        false => Ok(()),
    }
}

async fn answer(
    request: hyper::Request<Incoming>,
    respond: &Respond,
) -> Result<Response<Content>, Reset> {
    let answer = match read(request).await {
        Some(request) => respond(&request),
        None => Answer::new(400),
    };
    if let Some(delay) = answer.delay {
        tokio::time::sleep(delay).await;
    }
    match answer.end {
        End::Hang => match pending::<Infallible>().await {},
        End::Reset => return Err(Reset),
        End::Whole | End::Truncated => {}
    }
    let content = Content::new(answer.body, answer.end == End::Truncated);
    let mut response = Response::new(content);
    *response.status_mut() = answer.status.try_into().expect("a status of three digits");
    *response.headers_mut() = answer.headers;
    Ok(response)
}

/// Nothing, if the body broke off or the target is no path.
async fn read(request: hyper::Request<Incoming>) -> Option<Request> {
    let (head, body) = request.into_parts();
    let url = Url::parse(&format!("http://localhost{}", head.uri.path_and_query()?)).ok()?;
    let body = body.collect().await.ok()?.to_bytes().to_vec();
    Some(Request { method: head.method, url, headers: head.headers, body })
}

/// Bytes whose length is announced, though only a part of them may come.
struct Content {
    left: Bytes,
    announced: usize,
    is_truncated: bool,
    /// Whether what came before the end was handed to the connection, and had the time to be sent.
    is_sent: bool,
}

impl Content {
    fn new(bytes: Bytes, is_truncated: bool) -> Self {
        let announced = bytes.len();
        let left = if is_truncated { bytes.slice(..announced / 2) } else { bytes };
        Self { left, announced, is_truncated, is_sent: false }
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let left = std::mem::take(&mut self.left);
        if !left.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(left))));
        }
        if !self.is_truncated {
            return Poll::Ready(None);
        }
        if !self.is_sent {
            // The connection sends what it has only while it waits for more; an error now would throw that away.
            self.is_sent = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::ErrorKind::BrokenPipe.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty() && !self.is_truncated
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced as u64)
    }
}

/// Asks for a reset in place of an answer.
#[derive(Debug)]
struct Reset;

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("reset")
    }
}

impl std::error::Error for Reset {}
