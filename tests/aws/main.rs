//! The provider for AWS Secrets Manager, on the fake and on two emulators.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "scenarios that the tests of several servers share"
)]

mod batch;
mod boto3;
mod connections;
mod faults;
mod place;
mod process;
mod regions;
mod secrets;
mod settings;
mod signing;

use strongroom_tests::refused;
