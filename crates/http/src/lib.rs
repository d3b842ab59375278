//! The one door of Strongroom to the network.
//!
//! A [`Client`] talks to one [`Endpoint`] for one identity: rustls with aws-lc-rs, TLS 1.2 or newer. Plain http
//! goes to a literal loopback address alone, unless [`Plaintext::AnyHost`] was asked for. The only proxy is
//! that of [`Config::proxy`], and never for loopback; those of the process are not looked at. No redirect is
//! followed, and no cookie, compression, referer or retry is used, whatever features other crates switch on.
//! Every attempt has a deadline and every answer a cap. [`Response::error`] is the one place that maps a status
//! to an [`ErrorKind`](strongroom_core::ErrorKind).
//!
//! Errors name the origin, never a path with a query, a header or a body.

#![forbid(unsafe_code)]

mod body;
mod ca_bundle;
mod classify;
mod client;
mod endpoint;
mod gate;
mod proxy;
mod request;
mod resolver;
mod response;
mod retry_after;
mod tokens;
mod transport;

pub use body::json_body;
pub use ca_bundle::CaBundle;
pub use client::{Client, Config};
pub use endpoint::{Endpoint, Plaintext};
pub use proxy::Proxy;
pub use request::{Header, Method, Request};
pub use response::Response;
pub use tokens::{Lease, Login, Token, TokenCache};
