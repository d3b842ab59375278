//! How long keys are used.

use std::time::Duration;

/// How long a snapshot of keys, and a retired key in it, may be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeyLimits {
    /// How long after it was loaded a snapshot signs and verifies: TTL plus stale window. Counted from before
    /// the first read, and not extended by anything.
    pub age: Duration,
    /// How long a retired key verifies, counted from its successor's activation as the provider tells it. At
    /// least twice the age, or a process that has not seen the rotation signs what nobody accepts.
    pub grace: Duration,
}
