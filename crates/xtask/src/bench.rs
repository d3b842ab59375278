//! `cargo xtask bench`: against a bare client on OpenBao. `cargo xtask bench hot`: what is warm, against the peers.

use crate::command::{cargo, succeed};

/// Measures Strongroom against a bare HTTP client on OpenBao.
///
/// # Errors
/// If a bar is missed, or OpenBao cannot be installed.
pub(crate) fn vault() -> Result<(), String> {
    strongroom_servers::install()?;
    succeed(&mut cargo("run --release --locked -p strongroom-tests --example vault_speed"))
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
            let words = format!("{BENCHES} --bin {program} -- --check");
            succeed(&mut cargo(&words)).err()
        })
        .collect();
    if missed.is_empty() { Ok(()) } else { Err(missed.join("\n")) }
}

/// Not `--locked`: what Strongroom has come to need since the last run is added to that lock file.
const BENCHES: &str =
    "run --release --manifest-path benches/Cargo.toml --target-dir target/benches";
