//! The name of a release: when it was made, in UTC.

use std::fmt;
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use strongroom_core::SecretVersion;

/// Calendar part of a stamp: `20260215T090000Z`.
const FORMAT: &str = "%Y%m%dT%H%M%SZ";
/// Length of the calendar part.
const LENGTH: usize = 16;
/// Releases that one second can hold.
const PER_SECOND: u16 = 9_999;

/// A release's name: `20260215T090000Z`, and `20260215T090000Z-0002` for the second one of a second.
///
/// Stamps sort by time, as names and as values.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Stamp {
    time: Timestamp,
    sequence: u16,
}

impl Stamp {
    /// Reads a stamp strictly: days and hours that exist, one spelling.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (time, rest) = text.split_at_checked(LENGTH)?;
        let time = DateTime::strptime(FORMAT, time).ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
        let sequence = match rest {
            "" => 1,
            _ => rest.strip_prefix('-')?.parse().ok().filter(|sequence| *sequence <= PER_SECOND)?,
        };
        let stamp = Self { time, sequence };
        (stamp.to_string() == text).then_some(stamp)
    }

    /// The stamp of a release made now: later than all that exist, even if the clock was set back.
    ///
    /// `None` if the newest one is so full, or the time so far off, that there is no such stamp.
    pub(super) fn next(now: SystemTime, newest: Option<Self>) -> Option<Self> {
        let time = Timestamp::try_from(now).ok()?;
        let time = Timestamp::from_second(time.as_second()).ok()?;
        match newest {
            Some(newest) if newest.time >= time => {
                let sequence = newest.sequence + 1;
                (sequence <= PER_SECOND).then_some(Self { time: newest.time, sequence })
            }
            _ => Some(Self { time, sequence: 1 }),
        }
    }

    pub(super) fn time(self) -> SystemTime {
        self.time.into()
    }

    pub(super) fn version(self) -> SecretVersion {
        SecretVersion::new(self.to_string())
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.time.strftime(FORMAT);
        match self.sequence {
            1 => write!(f, "{time}"),
            sequence => write!(f, "{time}-{sequence:04}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn b089_stamps_have_one_spelling_and_a_real_date() {
        for good in ["20260215T090000Z", "20260215T090000Z-0002", "20260215T090000Z-9999"] {
            assert_eq!(Stamp::parse(good).map(|stamp| stamp.to_string()).as_deref(), Some(good));
        }
        for bad in [
            "2026-02-15",
            "20260230T000000Z",
            "../x",
            "",
            "20260215T090000",
            "20260215T250000Z",
            "20260215T090000Z-1",
            "20260215T090000Z-0001",
            "20260215T090000Z-10000",
            "20260215T090000Z ",
            "20260215t090000z",
            "20260215T090000Z-",
            "20260215T090000Z/..",
            "é0260215T090000Z",
        ] {
            assert_eq!(Stamp::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn b089_the_same_second_twice_gives_two_stamps_and_a_clock_set_back_none_older() {
        let now = UNIX_EPOCH + Duration::from_secs(1_771_146_000);
        let first = Stamp::next(now, None).unwrap();
        assert_eq!(first.to_string(), "20260215T090000Z");
        let second = Stamp::next(now, Some(first)).unwrap();
        assert_eq!(second.to_string(), "20260215T090000Z-0002");
        let earlier = Stamp::next(now - Duration::from_secs(60), Some(second)).unwrap();
        assert_eq!(earlier.to_string(), "20260215T090000Z-0003");
        let full = Stamp::parse("20260215T090000Z-9999");
        assert_eq!(Stamp::next(now, full), None);
        assert!(
            first < second
                && second < Stamp::next(now + Duration::from_secs(1), Some(second)).unwrap()
        );
    }
}
