//! `cargo xtask bench`: against a bare client on OpenBao. `cargo xtask bench aws`: against the bare SDK on moto. `cargo xtask bench azure`: against the bare SDK on the fake. `cargo xtask bench infisical`: against a bare HTTP client on the fake. `cargo xtask bench hot`: what is warm, against the peers.

use crate::command::{cargo, succeed};

/// Measures Strongroom against a bare HTTP client on OpenBao.
///
/// # Errors
/// If a bar is missed, or OpenBao cannot be installed.
pub(crate) fn vault() -> Result<(), String> {
    strongroom_servers::install()?;
    succeed(&mut cargo("run --release --locked -p strongroom-tests --example vault_speed"))
}

/// Measures Strongroom against the bare AWS SDK on moto.
///
/// # Errors
/// If a bar is missed, or moto cannot be installed.
pub(crate) fn aws() -> Result<(), String> {
    strongroom_servers::install()?;
    succeed(&mut cargo("run --release --locked -p strongroom-tests --example aws_speed"))
}

/// Measures Strongroom against the bare Azure SDK on the fake of Azure: there is no emulator.
///
/// # Errors
/// If a bar is missed.
pub(crate) fn azure() -> Result<(), String> {
    succeed(&mut cargo("run --release --locked -p strongroom-tests --example azure_speed"))
}

/// Measures Strongroom against a bare HTTP client on the fake of Infisical: there is no server to be had.
///
/// # Errors
/// If a bar is missed.
pub(crate) fn infisical() -> Result<(), String> {
    succeed(&mut cargo("run --release --locked -p strongroom-tests --example infisical_speed"))
}

/// Measures warm reads, signatures and renewals against the peers, which takes minutes to build at first.
///
/// # Errors
/// If a bar is missed.
pub(crate) fn hot() -> Result<(), String> {
    // Allocations in a program of their own: counting them would slow the contestants that allocate.
    let missed: Vec<String> = ["allocations", "hot"]
        .into_iter()
        .filter_map(|program| {
            let mut run = cargo(&format!("{BENCHES} --bin {program} -- --check"));
            OURS.iter().for_each(|name| {
                run.env_remove(name);
            });
            succeed(&mut run).err()
        })
        .collect();
    if missed.is_empty() { Ok(()) } else { Err(missed.join("\n")) }
}

/// Not `--locked`: what Strongroom has come to need since the last run is added to that lock file.
const BENCHES: &str =
    "run --release --manifest-path benches/Cargo.toml --target-dir target/benches";

/// What `cargo` tells this program about its package. ring, and with it the AWS SDK, is built anew when these
/// change, as they would between this command and a `cargo` of one's own.
const OURS: [&str; 6] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
];
