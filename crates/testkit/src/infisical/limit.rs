//! How many requests are answered in a minute.

use jiff::Timestamp;

use crate::infisical::reply::Refusal;

/// A window that begins with the first request after the last one ended, as `@fastify/rate-limit` has it.
#[derive(Default)]
pub(super) struct RateLimit {
    /// Nothing where requests are not counted, as on a server of one's own.
    pub(super) per_window: Option<u64>,
    began: Option<Timestamp>,
    count: u64,
    headers: Vec<(&'static str, String)>,
}

impl RateLimit {
    /// Counts a request.
    ///
    /// # Errors
    /// `RateLimitExceeded` past the limit.
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), Refusal> {
        let Some(most) = self.per_window else { return Ok(()) };
        let spent = |began: Timestamp| now.duration_since(began).as_secs();
        let began = self.began.filter(|began| (0..WINDOW).contains(&spent(*began)));
        if began.is_none() {
            self.count = 0;
        }
        let began = *self.began.insert(began.unwrap_or(now));
        self.count += 1;
        let left = (WINDOW - spent(began)).unsigned_abs();
        self.headers = vec![
            ("x-ratelimit-limit", most.to_string()),
            ("x-ratelimit-remaining", most.saturating_sub(self.count).to_string()),
            ("x-ratelimit-reset", left.to_string()),
        ];
        if self.count <= most { Ok(()) } else { Err(Refusal::rate(left)) }
    }

    /// What the answer to the request says that was counted last.
    pub(super) fn headers(&mut self) -> Vec<(&'static str, String)> {
        std::mem::take(&mut self.headers)
    }
}

/// Seconds (`config/rateLimiter.ts`).
const WINDOW: i64 = 60;
