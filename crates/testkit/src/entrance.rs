//! The way into a fake that serves with or without TLS, as the test says.

use std::io;

use crate::fake::Opening;
use crate::server::{Answer, Request, Server};
use crate::{TlsFront, Variables};

/// A server, and TLS in front of it if that was asked for. Both end when this value is dropped.
#[derive(Debug)]
pub(crate) struct Entrance {
    plain: Server,
    front: Option<TlsFront>,
}

impl Entrance {
    /// Opens it, on the port that was asked for, and answers every request so.
    ///
    /// # Errors
    /// Those of listening.
    pub(crate) fn open(
        opening: &Opening,
        respond: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let (front_port, port) = if opening.tls { (opening.port, 0) } else { (0, opening.port) };
        let plain = Server::start(port, respond)?;
        let start = || TlsFront::start_for(&[], front_port, plain.address(), opening.certificate);
        let front = opening.tls.then(start).transpose()?;
        Ok(Self { plain, front })
    }

    /// `http://127.0.0.1:port`, or `https`.
    pub(crate) fn url(&self) -> String {
        self.front.as_ref().map_or_else(|| self.plain.url(), TlsFront::url)
    }

    /// The variables, and the authority to trust under this name if there is one.
    pub(crate) fn trusted(&self, variables: Variables, name: &'static str) -> Variables {
        match self.front.as_ref().map(|front| front.ca_pem().to_owned()) {
            Some(ca) => variables.with_file(name, "/fake/ca.pem", move || ca.clone()),
            None => variables,
        }
    }
}
