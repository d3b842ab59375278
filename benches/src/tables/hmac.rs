//! HMAC-SHA256 with a key that the store keeps.

use std::hint::black_box;

use aws_lc_rs::hmac::{self, HMAC_SHA256};

use crate::bar::Bar;
use crate::contest::{Contestant, contest};
use crate::contestants::{KeyedState, Keys, key_bytes, runtime};
use crate::report::Report;

const BARE: &str = "aws-lc-rs, pre-built key";
const STATE: &str = "floor of `raw.sign`: hmac 0.13, cloned state";
const TAG: &str = "`raw.sign(message)`";
const SIGN: &str = "`ring.sign(message)`, `sr1`";
const ONE: &str = "`ring.verify(..)`, 1 live version";
const FIVE: &str = "`ring.verify(..)`, 5 live versions, made by the oldest";

/// Bytes of a message, and what of the bare library's time a plain tag may take.
const SIZES: [(usize, f64); 3] = [(64, 0.85), (256, 0.90), (1024, 0.98)];

/// What of its time with one live version a verification may take with five.
const MOST: f64 = 1.1;

/// Times them.
pub(crate) fn measure() -> Report {
    let runtime = runtime(1);
    let bare = hmac::Key::new(HMAC_SHA256, key_bytes(0).as_bytes());
    let state = KeyedState::new();
    let one = runtime.block_on(Keys::open(1));
    let five = runtime.block_on(Keys::open(5));
    let _entered = runtime.enter();
    let title = "HMAC-SHA256, 1 thread";
    let mut report = Report::new(title, ["contestant", "message", "ns", "x bare"]);
    for (bytes, most) in SIZES {
        let message = vec![b'm'; bytes];
        let message = || black_box(message.as_slice());
        let signature = one.ring.sign(message()).expect("a fresh ring");
        let standings = contest(&[
            Contestant::new(BARE, |_| {
                black_box(hmac::sign(&bare, message()));
            }),
            Contestant::new(STATE, |_| {
                black_box(state.tag(message()));
            }),
            Contestant::new(TAG, |_| {
                black_box(one.raw.sign(message()).expect("a fresh key"));
            }),
            Contestant::new(SIGN, |_| {
                black_box(one.ring.sign(message()).expect("a fresh ring"));
            }),
            Contestant::new(ONE, |_| {
                black_box(
                    one.ring.verify(message(), black_box(&signature)).expect("it is its own"),
                );
            }),
            Contestant::new(FIVE, |_| {
                black_box(five.ring.verify(message(), black_box(&signature)).expect("it is live"));
            }),
        ]);
        for (name, nanos) in standings.iter() {
            let ratio = format!("{:.2}", standings.ratio(name, BARE));
            report.row([name.to_owned(), format!("{bytes} B"), format!("{nanos:.0}"), ratio]);
        }
        let what = format!("{TAG} of {bytes} B, x {BARE}");
        report.bar(Bar::at_most(most, what, standings.ratio(TAG, BARE)));
        if bytes == 256 {
            let what = format!("{FIVE}, x 1 live version, {bytes} B");
            report.bar(Bar::at_most(MOST, what, standings.ratio(FIVE, ONE)));
        }
    }
    report
}
