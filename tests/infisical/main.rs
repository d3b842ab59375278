//! The provider for Infisical, on the fake. Its server cannot be had here.

#![expect(clippy::panic, clippy::unwrap_used, reason = "scenarios that several tests share")]

mod batch;
mod faults;
mod login;
mod python;
mod reads;
mod scene;
mod settings;
mod signing;
mod writes;

use strongroom_tests::refused;
