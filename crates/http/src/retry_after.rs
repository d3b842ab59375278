//! How long a server asks us to wait.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;

/// Longest wait that is believed: 300 s. A server that says more is asked again then.
const MAX: Duration = Duration::from_secs(300);

/// Reads `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), and the headers in milliseconds that
/// Azure sends, which win as they are finer. What is none of these counts as not said.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let milliseconds = ["retry-after-ms", "x-ms-retry-after-ms"]
        .into_iter()
        .find_map(|name| digits(text(name)?).map(Duration::from_millis));
    let wait = milliseconds.or_else(|| {
        let text = text("retry-after")?;
        let date = || {
            let date = httpdate::parse_http_date(text).ok()?;
            Some(date.duration_since(now).unwrap_or_default())
        };
        digits(text).map(Duration::from_secs).or_else(date)
    })?;
    Some(wait.min(MAX))
}

/// Plain digits; more than fit are a very long time.
fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn of(headers: &[(&'static str, &str)]) -> Option<Duration> {
        // 2026-11-23 00:00:00 UTC
        let now = UNIX_EPOCH + Duration::from_secs(1_795_392_000);
        let headers = headers.iter().map(|(name, value)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        });
        retry_after(&headers.collect(), now)
    }

    #[test]
    fn f043_every_shape_is_read_and_junk_is_not() {
        let seconds = |text| of(&[("retry-after", text)]).map(|wait| wait.as_secs_f64());
        for (text, expected) in [
            ("7", Some(7.0)),
            ("0", Some(0.0)),
            (" 7 ", Some(7.0)),
            ("Mon, 23 Nov 2026 00:00:07 GMT", Some(7.0)),
            ("Sunday, 22-Nov-26 23:59:59 GMT", Some(0.0)),
            ("Mon, 23 Nov 2026 09:00:00 GMT", Some(300.0)),
            ("301", Some(300.0)),
            ("99999999999999999999999", Some(300.0)),
            ("-1", None),
            ("1e9", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
        ] {
            assert_eq!(seconds(text), expected, "{text:?}");
        }
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn f043_milliseconds_win_over_seconds() {
        for name in ["retry-after-ms", "x-ms-retry-after-ms"] {
            let wait = of(&[(name, "1500"), ("retry-after", "7")]);
            assert_eq!(wait, Some(Duration::from_millis(1_500)), "{name}");
            assert_eq!(of(&[(name, "junk"), ("retry-after", "7")]), Some(Duration::from_secs(7)));
        }
    }
}
