//! The provider for Azure Key Vault, on the fake, over TLS. No emulator of Azure can be had here.

#![expect(clippy::panic, clippy::unwrap_used, reason = "scenarios that several tests share")]

mod challenge;
mod doctor;
mod faults;
mod lists;
mod login;
mod process;
mod python;
mod scene;
mod secrets;
mod settings;
mod signing;
mod versions;

use strongroom_tests::refused;
