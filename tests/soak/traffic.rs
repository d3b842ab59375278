//! What the processes of a system do all the time.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use strongroom::{Algorithm, Error, ErrorKind, KeyId, Result, Signature, Verified};
use tokio::time::{Instant, interval};

use crate::ledger::{count, locked, now};
use crate::system::{Process, System};
use crate::{GRACE, RUN};

/// 125 signatures a second.
const SIGNING: Duration = Duration::from_millis(8);
/// 125 unknown key ids a second.
const NOISE: Duration = Duration::from_millis(8);
const LOOKING: Duration = Duration::from_millis(20);
/// One signature in so many is forged in each way.
const FORGED: usize = 8;
/// The oldest signature that is looked at: older than its key can verify, if that was retired a rotation later.
const OLDEST: Duration = GRACE.saturating_add(Duration::from_secs(12));

/// A signature that was made, and its message.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    message: String,
    signature: Signature,
    at: Instant,
}

/// What is looked at again, by the time at which it is.
pub(crate) type Again = Mutex<BTreeMap<(Instant, usize), Made>>;

/// How a verifier is asked.
#[derive(Clone, Copy, Debug)]
enum How {
    /// `KeyRing`.
    Sync,
    /// `Signer`.
    Async,
}

const BOTH: [How; 2] = [How::Sync, How::Async];

/// Signs, has each signature verified at once and puts it by for later, and forges some.
pub(crate) async fn sign(system: Arc<System>) {
    let mut pace = interval(SIGNING);
    let mut random = Random::new();
    for number in 0.. {
        let at = pace.tick().await;
        if at.duration_since(system.ledger.start) >= RUN {
            return;
        }
        let message = format!("canary-message-{number}");
        let Process { signer, ring, .. } = &system.signer;
        // Not in step with who verifies how.
        let signed = match number / 2 % 2 {
            0 => ring.sign(message.as_bytes()),
            _ => signer.sign(message.as_bytes()).await,
        };
        let signature = match signed {
            Ok(signature) => signature,
            Err(error) => {
                system.ledger.finding(format!("signing fails: {}", in_short(&error)));
                continue;
            }
        };
        count(&system.ledger.signed);
        let made = Made { message, signature, at: Instant::now() };
        for (verifier, how) in by_all(&system, number) {
            verify(&system, verifier, how, &made).await;
        }
        if number % FORGED == 0 {
            forge(&system, &made, &mut random).await;
        }
        let due = made.at + OLDEST.mul_f64(random.fraction());
        locked(&system.again).insert((due, number), made);
    }
}

/// Looks at signatures that were put by.
pub(crate) async fn look_again(system: Arc<System>) {
    let mut pace = interval(LOOKING);
    loop {
        let at = pace.tick().await;
        if at.duration_since(system.ledger.start) >= RUN {
            return;
        }
        let due = {
            let mut again = locked(&system.again);
            let later = again.split_off(&(at, usize::MAX));
            std::mem::replace(&mut *again, later)
        };
        for ((_, number), made) in due {
            for (verifier, how) in by_all(&system, number + 1) {
                verify(&system, verifier, how, &made).await;
            }
        }
    }
}

/// Shows one verifier key ids that nobody has.
pub(crate) async fn make_noise(system: Arc<System>) {
    let [_, noisy] = &system.verifiers;
    let mut pace = interval(NOISE);
    let mut random = Random::new();
    for number in 0.. {
        let at = pace.tick().await;
        if at.duration_since(system.ledger.start) >= RUN {
            return;
        }
        let key = KeyId::derived(&random.bytes());
        let unknown = Signature::new(key, Algorithm::Hs256, &random.bytes::<32>());
        let unknown = unknown.expect("the length of a tag");
        let result = ask(noisy, BOTH[number % 2], b"canary", &unknown).await;
        judge(&system, noisy, "an unknown key", &system.ledger.unknown_refused, result);
    }
}

/// Both verifiers, one asked in one way and one in the other.
fn by_all(system: &System, number: usize) -> impl Iterator<Item = (&Process, How)> {
    let hows = BOTH.into_iter().cycle().skip(number % 2);
    system.verifiers.iter().zip(hows)
}

async fn verify(system: &System, verifier: &Process, how: How, made: &Made) {
    let ledger = &system.ledger;
    let key = made.signature.key();
    let (begun, from) = (Instant::now(), now());
    let result = ask(verifier, how, made.message.as_bytes(), &made.signature).await;
    let (took, until) = (begun.elapsed(), now());
    let name = verifier.name;
    match result {
        Ok(_) if ledger.must_refuse(key, from) => {
            ledger.finding(format!("{name} accepts a key past its grace, {how:?}"));
        }
        Ok(_) => {
            count(&ledger.verified);
            match how {
                How::Sync => ledger.slowest_sync.note(took),
                How::Async => ledger.slowest_async.note(took),
            }
        }
        Err(error) if ledger.must_verify(key, until) => {
            ledger.finding(format!("{name}: a good signature, {how:?}: {}", in_short(&error)));
        }
        Err(_) if ledger.must_refuse(key, from) => count(&ledger.retired_refused),
        // In between, where it may go either way.
        Err(_) => {}
    }
}

async fn ask(
    verifier: &Process,
    how: How,
    message: &[u8],
    signature: &Signature,
) -> Result<Verified> {
    match how {
        How::Sync => verifier.ring.verify(message, signature),
        How::Async => verifier.signer.verify(message, signature).await,
    }
}

/// Shows both verifiers what somebody makes of a good signature who does not have the key.
async fn forge(system: &System, made: &Made, random: &mut Random) {
    let Made { message, signature, .. } = made;
    let with_tag = |tag: &[u8]| {
        Signature::new(*signature.key(), signature.algorithm(), tag).expect("the length of a tag")
    };
    let mut tag = signature.tag().to_vec();
    let bit = usize::from(random.bytes::<1>()[0]);
    tag[bit / 8] ^= 1 << (bit % 8);
    let (flipped, invented) = (with_tag(&tag), with_tag(&random.bytes::<32>()));
    let another = format!("{message}0");
    let refused = &system.ledger.forged_refused;
    for verifier in &system.verifiers {
        for how in BOTH {
            for (what, message, signature) in [
                ("a flipped bit", message, &flipped),
                ("an invented tag", message, &invented),
                ("another message", &another, signature),
            ] {
                let result = ask(verifier, how, message.as_bytes(), signature).await;
                judge(system, verifier, what, refused, result);
            }
            let (signer, ring) = &verifier.other;
            let result = match how {
                How::Sync => ring.verify(message.as_bytes(), signature),
                How::Async => signer.verify(message.as_bytes(), signature).await,
            };
            judge(system, verifier, "another purpose", refused, result);
        }
    }
}

/// It has to be refused. Whoever cannot look for a key, or has none any more, must not call it a forgery.
fn judge(
    system: &System,
    verifier: &Process,
    what: &str,
    refused: &AtomicUsize,
    result: Result<Verified>,
) {
    let name = verifier.name;
    match result {
        Ok(_) => system.ledger.finding(format!("{name} accepts {what}")),
        Err(error) => match error.kind() {
            ErrorKind::SignatureMismatch | ErrorKind::Unavailable => count(refused),
            _ => system.ledger.finding(format!("{name}: {what}: {}", in_short(&error))),
        },
    }
}

/// Without the times in it, so that what happens often is one finding.
fn in_short(error: &Error) -> String {
    format!("{} {:?}", error.kind(), error.reason())
}

/// Random enough for tests: a counter, mixed by the hasher of a map, which has a seed of its own.
struct Random(RandomState, u64);

impl Random {
    fn new() -> Self {
        Self(RandomState::new(), 0)
    }

    fn next(&mut self) -> u64 {
        self.1 += 1;
        let mut hasher = self.0.build_hasher();
        hasher.write_u64(self.1);
        hasher.finish()
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
        bytes
    }

    /// From 0 to 1.
    fn fraction(&mut self) -> f64 {
        f64::from(u32::from_le_bytes(self.bytes())) / f64::from(u32::MAX)
    }
}
