//! Which versions of a key are read, and what becomes of them.

#![forbid(unsafe_code)]

mod keys;
mod live_versions;
mod store;
