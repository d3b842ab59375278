//! Points in time as text.

use std::time::SystemTime;

use jiff::Timestamp;

/// RFC 3339 in UTC: `2026-11-23T09:05:22Z`. `None` outside the years that it can write.
pub(crate) fn rfc3339(time: SystemTime) -> Option<String> {
    Timestamp::try_from(time).ok().map(|time| time.to_string())
}

/// The same in whole seconds, for people.
pub(crate) fn in_seconds(time: SystemTime) -> Option<String> {
    let time = Timestamp::try_from(time).ok()?;
    Timestamp::from_second(time.as_second()).ok().map(|time| time.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn times_are_in_utc() {
        let text = |millis| rfc3339(UNIX_EPOCH + Duration::from_millis(millis)).unwrap();
        assert_eq!(text(1_800_000_000_000), "2027-01-15T08:00:00Z");
        assert_eq!(text(1_800_000_000_250), "2027-01-15T08:00:00.25Z");
        let short = in_seconds(UNIX_EPOCH + Duration::from_millis(1_800_000_000_250));
        assert_eq!(short.unwrap(), "2027-01-15T08:00:00Z");
    }
}
