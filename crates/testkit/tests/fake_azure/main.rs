//! What the fake of Azure Key Vault, of Entra and of the identity endpoints answers, over the wire.

mod access;
mod challenge;
mod client;
mod deletion;
mod entra;
mod faults;
mod identity;
mod lists;
mod secrets;
mod settings;
mod versions;
