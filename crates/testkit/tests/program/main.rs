//! `strongroom-fakes`, as users of any language have it.

mod clients;
mod contract;
mod faults;
mod running;
