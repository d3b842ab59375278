//! A minute of real time, the only one in the tests: keys rotate, providers go down, forgeries come in, and no
//! caller notices.
//!
//! Three systems run side by side, each with a signing process and two verifying ones, with times of a few seconds:
//! release directories (a rotation is a pending release that is promoted), and a `jwks` value on the fake and on
//! OpenBao. In the middle each provider is down for ten seconds: sealed, or
//! with its folder moved away, which is how a mount that is gone looks.
//!
//! Required are: no signature that has to verify fails, none that must not verify is accepted, no signing fails,
//! and every process asks its provider no more often than the formula allows.
//!
//! # What it does not show
//! - How often OpenBao and the folder were asked: only the fake tells that. What each process asks for is counted
//!   at its own store, before and behind the retries.
//! - A rotation right after an outage. It would be sound once every verifier has reached its provider again, which
//!   is at the latest when its old values would end; so the next one begins then.

mod bound;
mod ledger;
mod place;
mod publish;
mod script;
mod system;
mod tally;
mod traffic;

use std::sync::Arc;
use std::time::Duration;

use place::Place;
use system::System;

/// `SECRETS_CACHE_TTL_SECONDS`.
const TTL: Duration = Duration::from_secs(2);
/// `SECRETS_MAX_STALE_SECONDS`.
const MAX_STALE: Duration = Duration::from_secs(12);
/// `SECRETS_TIMEOUT_SECONDS`: the deadline of an attempt, too.
const DEADLINE: Duration = Duration::from_secs(1);
/// `SECRETS_PREVIOUS_KEY_GRACE_SECONDS`: the least that goes with the two above.
const GRACE: Duration = Duration::from_secs(28);
/// Least time between two loads that unknown key ids force.
const COOLDOWN: Duration = Duration::from_secs(30);
/// How long it runs.
const RUN: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "figures for people")]
async fn soak_60_s_of_rotations_and_an_outage_on_file_fake_and_openbao() {
    let (folder, fake, openbao) = tokio::join!(Place::folder(), Place::fake(), Place::openbao());
    let runs = [folder, fake, openbao].map(|place| tokio::spawn(run(place)));
    let mut problems = Vec::new();
    for run in runs {
        let (figures, wrong) = run.await.unwrap();
        println!("{figures}");
        problems.extend(wrong);
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

/// One system for its minute: its figures, and what was wrong.
async fn run(place: Place) -> (String, Vec<String>) {
    let system = Arc::new(System::start(place).await);
    let tasks = [
        tokio::spawn(script::play(system.clone())),
        tokio::spawn(traffic::sign(system.clone())),
        tokio::spawn(traffic::look_again(system.clone())),
        tokio::spawn(traffic::make_noise(system.clone())),
    ];
    for task in tasks {
        task.await.expect("no part of the soak panics");
    }
    system.conclude()
}
