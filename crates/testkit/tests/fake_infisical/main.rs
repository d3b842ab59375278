//! What the fake of Infisical answers, over the wire.

mod access;
mod client;
mod faults;
mod folders;
mod imports;
mod limits;
mod lists;
mod login;
mod references;
mod routes;
mod secrets;
mod service;
mod settings;
mod tls;
mod tokens;
mod versions;
mod writes;
