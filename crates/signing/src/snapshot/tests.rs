use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use proptest::prelude::*;
use strongroom_core::Coarse;
use strongroom_testkit::ManualClock;

use super::*;
use crate::SigningKey;

const GRACE: Duration = Duration::from_secs(900);

fn key(text: &str) -> SigningKey {
    SigningKey::new(format!("canary-key-of-thirty-two-bytes-{text}").into()).expect("long enough")
}

fn ring(keys: Vec<(SigningKey, KeyState)>, clock: &ManualClock) -> Result<KeySnapshot> {
    ring_by(keys, Arc::new(clock.clone()))
}

fn ring_by(keys: Vec<(SigningKey, KeyState)>, clock: Arc<dyn Clock>) -> Result<KeySnapshot> {
    let limits = KeyLimits { age: Duration::from_secs(360), grace: GRACE };
    let live = |(key, state)| LiveKey { key, state, version: None, created_at: None };
    KeySnapshot::new(keys.into_iter().map(live).collect(), Moment::now(&*clock), limits, clock)
}

fn clock() -> ManualClock {
    ManualClock::at(1_800_000_000)
}

fn reason(result: Result<Verified>) -> Option<Reason> {
    result.err().and_then(|error| error.reason())
}

#[test]
fn the_current_key_signs_and_the_named_key_verifies() {
    let clock = clock();
    let retiring = KeyState::Retiring { since: clock.now() };
    let old = ring(vec![(key("1"), KeyState::Current)], &clock).unwrap();
    let next = ring(vec![(key("3"), KeyState::Current)], &clock).unwrap();
    let now = ring(
        vec![(key("1"), retiring), (key("2"), KeyState::Current), (key("3"), KeyState::Pending)],
        &clock,
    )
    .unwrap();
    let signature = now.sign(b"hi").unwrap();
    assert_eq!(signature.key(), key("2").id());
    assert!(now.verify(b"hi", &signature).unwrap().is_current());
    for other in [old, next] {
        let signature = other.sign(b"hi").unwrap();
        assert!(!now.verify(b"hi", &signature).unwrap().is_current());
        assert_eq!(reason(now.verify(b"ho", &signature)), Some(Reason::Tag));
    }
}

#[test]
fn f032_b077_a_retired_key_ends_at_the_second_its_grace_is_over() {
    let clock = clock();
    let old = ring(vec![(key("1"), KeyState::Current)], &clock).unwrap().sign(b"hi").unwrap();
    let since = clock.now();
    let keys = || vec![(key("1"), KeyState::Retiring { since }), (key("2"), KeyState::Current)];
    clock.advance(GRACE - Duration::from_secs(1));
    let now = ring(keys(), &clock).unwrap();
    assert!(now.verify(b"hi", &old).is_ok());
    clock.advance(Duration::from_secs(1));
    assert_eq!(
        reason(now.verify(b"hi", &old)),
        Some(Reason::Retired),
        "the ring was loaded before"
    );
}

#[test]
fn b074_b075_another_purpose_is_another_signature() {
    let default = ring(vec![(key("1"), KeyState::Current)], &clock()).unwrap();
    let webhook = default.with_purpose(&Purpose::new("webhook").unwrap()).unwrap();
    let signature = webhook.sign(b"hi").unwrap();
    assert!(webhook.verify(b"hi", &signature).is_ok());
    assert_eq!(reason(default.verify(b"hi", &signature)), Some(Reason::Tag));
    assert!(Purpose::new("Not A Purpose").is_err());
}

#[test]
fn s43_b068_the_algorithm_is_the_keys_and_not_the_signatures() {
    let ring = ring(vec![(key("1"), KeyState::Current)], &clock()).unwrap();
    let forged = Signature::new(*key("1").id(), Algorithm::Ed25519, &[0; 64]).unwrap();
    assert_eq!(reason(ring.verify(b"hi", &forged)), Some(Reason::Alg));
    let unknown = Signature::new(*key("2").id(), Algorithm::Hs256, &[0; 32]).unwrap();
    assert_eq!(reason(ring.verify(b"hi", &unknown)), Some(Reason::UnknownKey));
}

#[test]
fn s40_every_bit_of_a_tag_counts() {
    let ring = ring(vec![(key("1"), KeyState::Current)], &clock()).unwrap();
    let good = ring.sign(b"hi").unwrap();
    for bit in 0..256 {
        let mut tag = good.tag().to_vec();
        tag[bit / 8] ^= 1 << (bit % 8);
        let other = Signature::new(*good.key(), Algorithm::Hs256, &tag).unwrap();
        assert_eq!(reason(ring.verify(b"hi", &other)), Some(Reason::Tag), "bit {bit}");
    }
}

#[test]
fn s41_unknown_retired_and_wrong_are_one_and_the_same_error_to_a_stranger() {
    let clock = clock();
    let since = clock.now() - GRACE;
    let keys = vec![(key("1"), KeyState::Current), (key("2"), KeyState::Retiring { since })];
    let ring = ring(keys, &clock).unwrap();
    let refused = |key: &SigningKey| {
        let forged = Signature::new(*key.id(), Algorithm::Hs256, &[0; 32]).unwrap();
        let error = ring.verify(b"hi", &forged).unwrap_err();
        (error.reason(), format!("{error} {error:?} {:?}", error.name()))
    };
    let [wrong, retired, unknown] = [key("1"), key("2"), key("3")].map(|key| refused(&key));
    let reasons = [wrong.0, retired.0, unknown.0];
    assert_eq!(reasons, [Reason::Tag, Reason::Retired, Reason::UnknownKey].map(Some));
    assert!(wrong.1 == retired.1 && retired.1 == unknown.1);
}

#[test]
fn s49_a_ring_without_a_current_key_or_past_its_age_limit_refuses() {
    let clock = clock();
    let none = ring(vec![(key("1"), KeyState::Pending)], &clock).unwrap_err();
    assert_eq!(none.kind(), ErrorKind::NotFound);
    for pass in [ManualClock::advance, ManualClock::suspend] {
        let ring = ring(vec![(key("1"), KeyState::Current)], &clock).unwrap();
        let signature = ring.sign(b"hi").unwrap();
        pass(&clock, Duration::from_secs(360));
        for error in [ring.sign(b"hi").unwrap_err(), ring.verify(b"hi", &signature).unwrap_err()] {
            assert_eq!(
                (error.kind(), error.reason()),
                (ErrorKind::Unavailable, Some(Reason::AgeLimit))
            );
        }
    }
}

#[test]
fn the_same_key_in_several_versions_counts_once_with_its_best_state() {
    let clock = clock();
    let retired = |ago| KeyState::Retiring { since: clock.now() - Duration::from_secs(ago) };
    let keys = vec![
        (key("1"), retired(5)),
        (key("2"), retired(500)),
        (key("1"), KeyState::Current),
        (key("2"), retired(50)),
    ];
    let states: Vec<_> = ring(keys, &clock).unwrap().keys().collect();
    assert_eq!(states, [(*key("1").id(), KeyState::Current), (*key("2").id(), retired(50))]);
}

#[test]
fn a_ring_holds_the_current_key_and_the_15_most_recently_retired() {
    let clock = clock();
    let retired = |ago| KeyState::Retiring { since: clock.now() - Duration::from_secs(ago) };
    let mut keys: Vec<_> = (1..=20).map(|n| (key(&n.to_string()), retired(n))).collect();
    keys.push((key("0"), KeyState::Current));
    let ring = ring(keys, &clock).unwrap();
    assert_eq!(ring.keys().count(), 16);
    assert!(ring.knows(key("0").id()) && ring.knows(key("15").id()) && !ring.knows(key("16").id()));
}

#[test]
fn nothing_of_a_key_is_printed() {
    let ring = ring(vec![(key("1"), KeyState::Current)], &clock()).unwrap();
    assert!(!format!("{ring:?} {ring:#?}").contains("canary"));
}

proptest! {
    #[test]
    fn f039_no_mutation_of_a_signature_verifies(
        message in proptest::collection::vec(any::<u8>(), 0..64), at in any::<usize>(), byte in any::<u8>(),
    ) {
        let ring = ring(vec![(key("1"), KeyState::Current), (key("2"), KeyState::Pending)], &clock()).expect("a ring");
        let text = ring.sign(&message).expect("fresh").to_string();
        let mut mutated = text.clone().into_bytes();
        let at = at % mutated.len();
        mutated[at] = byte;
        let verifies = String::from_utf8(mutated.clone()).ok()
            .and_then(|text| text.parse().ok())
            .is_some_and(|signature| ring.verify(&message, &signature).is_ok());
        prop_assert_eq!(verifies, mutated == text.as_bytes());
    }

    #[test]
    fn b078_no_other_message_verifies(one in proptest::collection::vec(0u8..4, 0..8), other in proptest::collection::vec(0u8..4, 0..8)) {
        let ring = ring(vec![(key("1"), KeyState::Current)], &clock()).expect("a ring");
        let signature = ring.sign(&one).expect("fresh");
        prop_assert_eq!(ring.verify(&other, &signature).is_ok(), one == other);
    }
}

/// A clock with a cheap way to tell the time, which counts how often it is asked.
#[derive(Debug)]
struct CoarseClock {
    clock: ManualClock,
    start: Instant,
    coarse: AtomicUsize,
    exact: AtomicUsize,
}

impl CoarseClock {
    fn new(clock: &ManualClock) -> Arc<Self> {
        let (start, zero) = (clock.monotonic(), AtomicUsize::default);
        Arc::new(Self { clock: clock.clone(), start, coarse: zero(), exact: zero() })
    }

    /// How often the coarse and the exact times were asked for, since this was asked last.
    fn looks(&self) -> (usize, usize) {
        (self.coarse.swap(0, Ordering::SeqCst), self.exact.swap(0, Ordering::SeqCst))
    }
}

impl Clock for CoarseClock {
    fn now(&self) -> SystemTime {
        self.exact.fetch_add(1, Ordering::SeqCst);
        self.clock.now()
    }

    fn monotonic(&self) -> Instant {
        self.exact.fetch_add(1, Ordering::SeqCst);
        self.clock.monotonic()
    }

    fn coarse(&self) -> Option<Coarse> {
        self.coarse.fetch_add(1, Ordering::SeqCst);
        Some(Coarse::new(self.clock.now(), self.clock.monotonic() - self.start))
    }
}

#[test]
fn signing_and_verifying_take_one_coarse_look_at_the_clock() {
    let manual = clock();
    let clock = CoarseClock::new(&manual);
    let retiring = KeyState::Retiring { since: manual.now() };
    let keys = vec![(key("1"), KeyState::Current), (key("2"), retiring)];
    let now = ring_by(keys, clock.clone()).unwrap();
    let old = ring(vec![(key("2"), KeyState::Current)], &manual).unwrap().sign(b"hi").unwrap();
    clock.looks();
    let new = now.sign(b"hi").unwrap();
    assert_eq!(clock.looks(), (1, 0), "sign");
    for (signature, what) in [(new, "current"), (old, "retiring")] {
        now.verify(b"hi", &signature).unwrap();
        assert_eq!(clock.looks(), (1, 0), "{what}");
    }
    let raw = crate::RawSnapshot::new(now).unwrap();
    clock.looks();
    let tag = raw.sign(b"hi").unwrap();
    raw.verify(b"hi", &tag).unwrap();
    assert_eq!(clock.looks(), (2, 0), "raw");
}

#[test]
fn age_and_grace_end_on_a_coarse_clock_as_on_an_exact_one() {
    for pass in [ManualClock::advance, ManualClock::suspend] {
        let manual = clock();
        let since = manual.now() - (GRACE - Duration::from_secs(100));
        let keys = vec![(key("1"), KeyState::Current), (key("2"), KeyState::Retiring { since })];
        let now = ring_by(keys, CoarseClock::new(&manual)).unwrap();
        let old = ring(vec![(key("2"), KeyState::Current)], &manual).unwrap().sign(b"hi").unwrap();
        pass(&manual, Duration::from_secs(99));
        assert!(now.verify(b"hi", &old).is_ok());
        pass(&manual, Duration::from_secs(1));
        assert_eq!(reason(now.verify(b"hi", &old)), Some(Reason::Retired));
        pass(&manual, Duration::from_secs(259));
        assert!(now.sign(b"hi").is_ok());
        pass(&manual, Duration::from_secs(1));
        assert_eq!(now.sign(b"hi").unwrap_err().reason(), Some(Reason::AgeLimit));
        assert_eq!(reason(now.verify(b"hi", &old)), Some(Reason::AgeLimit));
    }
}

#[test]
fn f019_a_clock_that_is_set_back_extends_nothing() {
    let manual = clock();
    let clocks: [Arc<dyn Clock>; 2] = [Arc::new(manual.clone()), CoarseClock::new(&manual)];
    for clock in clocks {
        let since = manual.now() - (GRACE - Duration::from_secs(100));
        let keys = vec![(key("1"), KeyState::Current), (key("2"), KeyState::Retiring { since })];
        let now = ring_by(keys, clock).unwrap();
        let old = ring(vec![(key("2"), KeyState::Current)], &manual).unwrap().sign(b"hi").unwrap();
        manual.set_back(Duration::from_secs(3_600));
        manual.advance(Duration::from_secs(100));
        assert_eq!(reason(now.verify(b"hi", &old)), Some(Reason::Retired));
        manual.advance(Duration::from_secs(260));
        assert_eq!(now.sign(b"hi").unwrap_err().reason(), Some(Reason::AgeLimit));
    }
}
