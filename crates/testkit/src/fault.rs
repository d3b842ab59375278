//! Answers that a fake gives in place of its own.

use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use crate::server::{Answer, End};

/// What goes wrong with some calls of a fake.
///
/// With a [status](Self::status), a call is answered so and not carried out. [`hang`](Self::hang) and
/// [`reset`](Self::reset) carry nothing out either. With none of these it is carried out as usual, and the fault changes
/// only what it names of the answer. Default: nothing is changed, for ever.
///
/// ```
/// use strongroom_testkit::{Fault, On};
///
/// let busy = Fault::new(On::Read).status(429).header("retry-after", "2").times(1);
/// # let _ = busy;
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    on: On,
    status: Option<u16>,
    headers: HeaderMap,
    body: Option<Bytes>,
    delay: Option<Duration>,
    end: End,
    left: Option<usize>,
}

/// Which calls a [`Fault`] hits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum On {
    /// Reading a secret, its metadata or a key.
    Read,
    /// Changing one: writing, patching, deleting, rotating.
    Write,
    /// Listing names.
    List,
    /// Signing and verifying, with or without a key pair.
    Sign,
    /// Logging in, and unwrapping what a login needs.
    Login,
    /// Every call, those about health, mounts and tokens included.
    Any,
    /// Reading, changing, listing and signing: what a token is for.
    Secrets,
    /// Calls whose path begins so: with the leading slash, as it is sent, before the `?`.
    Path(&'static str),
}

impl Fault {
    /// Hits every such call, until it is limited or cleared.
    pub fn new(on: On) -> Self {
        Self {
            on,
            status: None,
            headers: HeaderMap::new(),
            body: None,
            delay: None,
            end: End::Whole,
            left: None,
        }
    }

    /// Answers with this status in place of carrying the call out.
    ///
    /// # Panics
    /// Unless it is from 100 to 999.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        assert!((100..1000).contains(&status), "a status has three digits, not {status}");
        self.status = Some(status);
        self
    }

    /// Sets a header of the answer. Its length is what it is: for lengths that lie there are
    /// [`truncate`](Self::truncate) and [`RawServer`](crate::RawServer).
    ///
    /// # Panics
    /// If HTTP knows no such name or value, or the name is `Content-Length`.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("a header name");
        assert_ne!(name, hyper::header::CONTENT_LENGTH, "the length of an answer is its own");
        self.headers.insert(name, HeaderValue::try_from(value).expect("a header value"));
        self
    }

    /// Sets the body of the answer. It says that it is JSON, whatever it is, unless a header says otherwise.
    #[must_use]
    pub fn body(mut self, text: impl Into<String>) -> Self {
        self.body = Some(Bytes::from(text.into()));
        self
    }

    /// Answers this much later, by the real clock.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// Never answers, and keeps the connection open.
    #[must_use]
    pub fn hang(mut self) -> Self {
        self.end = End::Hang;
        self
    }

    /// Resets the connection in place of an answer.
    #[must_use]
    pub fn reset(mut self) -> Self {
        self.end = End::Reset;
        self
    }

    /// Announces the whole answer, sends half of its body and closes. An answer without a body arrives.
    #[must_use]
    pub fn truncate(mut self) -> Self {
        self.end = End::Truncated;
        self
    }

    /// Hits this many calls only.
    #[must_use]
    pub fn times(mut self, count: usize) -> Self {
        self.left = Some(count);
        self
    }

    /// The status and the whole answer, if the call is not to be carried out. The status is 0 where no answer comes.
    pub(crate) fn answer(&self) -> Option<(u16, Answer)> {
        let status = match self.end {
            End::Hang | End::Reset => 0,
            End::Whole | End::Truncated => self.status?,
        };
        Some((status, self.change(Answer::new(self.status.unwrap_or(200)))))
    }

    /// The answer of the fake, changed.
    pub(crate) fn change(&self, mut answer: Answer) -> Answer {
        if let Some(body) = &self.body {
            answer = answer.body(body.clone()).header("content-type", JSON);
        }
        answer = answer.headers(&self.headers).end(self.end);
        match self.delay {
            Some(delay) => answer.delay(delay),
            None => answer,
        }
    }

    fn hits(&self, kind: Option<On>, path: &str) -> bool {
        match self.on {
            On::Any => true,
            On::Secrets => kind.is_some_and(|kind| kind != On::Login),
            On::Path(prefix) => path.starts_with(prefix),
            on => Some(on) == kind,
        }
    }
}

/// The faults of a fake, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The first fault that hits this call, counted down. A call that is none of the kinds has no kind.
    pub(crate) fn next(&mut self, kind: Option<On>, path: &str) -> Option<Fault> {
        let fault =
            self.0.iter_mut().find(|fault| fault.left != Some(0) && fault.hits(kind, path))?;
        fault.left = fault.left.map(|left| left - 1);
        Some(fault.clone())
    }
}

pub(crate) const JSON: &str = "application/json";
