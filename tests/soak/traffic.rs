//! What the processes of a system do all the time.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
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
/// The oldest signature that is looked at: from then on its key is retired or never will be.
const OLDEST: Duration = Duration::from_secs(12).saturating_add(GRACE);

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
        let signed = match number % 2 {
            0 => ring.sign(message.as_bytes()),
            _ => signer.sign(message.as_bytes()).await,
        };
        let signature = match signed {
            Ok(signature) => signature,
            Err(error) => {
                system.ledger.finding(format!("signing failed: {error:?}"));
                continue;
            }
        };
        count(&system.ledger.signed);
        let made = Made { message, signature, at: Instant::now() };
        for verifier in &system.verifiers {
            for how in BOTH {
                verify(&system, verifier, how, &made).await;
            }
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
            let how = BOTH[number / 2 % 2];
            for verifier in &system.verifiers {
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
        let error = match ask(noisy, BOTH[number % 2], b"canary", &unknown).await {
            Ok(_) => {
                system.ledger.finding("a key that does not exist was accepted");
                continue;
            }
            Err(error) => error,
        };
        // While the provider is down, nobody can say that there is no such key.
        match error.kind() {
            ErrorKind::SignatureMismatch | ErrorKind::Unavailable => {
                count(&system.ledger.unknown_refused);
            }
            _ => system.ledger.finding(format!("an unknown key is not a mismatch: {error:?}")),
        }
    }
}

async fn verify(system: &System, verifier: &Process, how: How, made: &Made) {
    let ledger = &system.ledger;
    let key = made.signature.key();
    let (begun, from) = (Instant::now(), now());
    let result = ask(verifier, how, made.message.as_bytes(), &made.signature).await;
    let (took, until) = (begun.elapsed(), now());
    let what = || {
        let (name, age) = (verifier.name, made.at.elapsed().as_secs_f64());
        format!("{name}, {how:?}, a signature of {key} that is {age:.2} s old")
    };
    match result {
        Ok(_) if ledger.must_refuse(key, from) => {
            ledger.finding(format!("accepted past the grace of its key: {}", what()));
        }
        Ok(_) => {
            count(&ledger.verified);
            match how {
                How::Sync => ledger.slowest_sync.note(took),
                How::Async => ledger.slowest_async.note(took),
            }
        }
        Err(error) if ledger.must_verify(key, until) => {
            ledger.finding(format!("does not verify: {}: {error:?}", what()));
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
    for verifier in &system.verifiers {
        for how in BOTH {
            for (what, message, signature) in [
                ("a flipped bit", message, &flipped),
                ("an invented tag", message, &invented),
                ("another message", &another, signature),
            ] {
                let result = ask(verifier, how, message.as_bytes(), signature).await;
                judge(system, verifier, what, result);
            }
            let (signer, ring) = &verifier.other;
            let result = match how {
                How::Sync => ring.verify(message.as_bytes(), signature),
                How::Async => signer.verify(message.as_bytes(), signature).await,
            };
            judge(system, verifier, "another purpose", result);
        }
    }
}

/// The key is known, so nothing but a mismatch is an answer.
fn judge(system: &System, verifier: &Process, what: &str, result: Result<Verified>) {
    let kind = result.as_ref().err().map(Error::kind);
    match kind {
        Some(ErrorKind::SignatureMismatch) => count(&system.ledger.forged_refused),
        _ => system.ledger.finding(format!("{}, {what}: {result:?}", verifier.name)),
    }
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
