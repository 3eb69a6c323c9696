//! What a reply says about the service's own limit: `Retry-After` and the reset headers of vendors.

use std::time::Duration;

use jiff::Timestamp;

use crate::plan::{REASON_PHRASE, Reply};

/// Whether a reply says that there were too many requests: nothing was done, and it can be tried again in a while. Some
/// services say so with 503 and in words (targets/litmos.md 1); another 503 is an outage.
pub(super) fn over(reply: &Reply) -> bool {
    match reply.status {
        429 => true,
        503 => {
            let body = String::from_utf8_lossy(&reply.body[..reply.body.len().min(2048)]);
            let said = format!("{} {body}", reply.header(REASON_PHRASE).unwrap_or_default()).to_ascii_lowercase();
            ["rate limit", "rating limit", "limit has been exceeded", "too many requests"]
                .iter()
                .any(|words| said.contains(words))
        }
        _ => false,
    }
}

/// How many requests are left, as the service says.
pub(super) fn remaining(reply: &Reply) -> Option<u32> {
    ["x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining"]
        .iter()
        .find_map(|name| reply.header(name)?.trim().parse().ok())
}

/// In how long the service's window starts anew: an epoch in seconds or milliseconds, or seconds from now, since no vendor's
/// documents agree (targets/aha.md 3).
pub(super) fn reset(reply: &Reply, now: Timestamp) -> Option<Duration> {
    let text = ["x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset"]
        .iter()
        .find_map(|name| reply.header(name))?
        .trim();
    let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0)?;
    let seconds = if value >= 1e11 {
        value / 1000.0 - now.as_millisecond() as f64 / 1000.0
    } else if value >= 1e8 {
        value - now.as_millisecond() as f64 / 1000.0
    } else {
        value
    };
    // A clock that is off by hours must not stop us for hours; one in the past says that it is over.
    (seconds <= 3600.0).then(|| Duration::from_secs_f64(seconds.max(0.0)))
}

/// How long the service wants us to wait: `Retry-After` in seconds or as a date (RFC 9110 10.2.3), else its reset header.
/// `None` where it says nothing that can be understood.
pub(super) fn named_wait(reply: &Reply, now: Timestamp) -> Option<Duration> {
    // An epoch is whole seconds: a little more than named, so that we are not early.
    let reset = || reset(reply, now).map(|wait| (wait + Duration::from_millis(250)).max(Duration::from_secs(1)));
    let Some(text) = reply.header("retry-after").or_else(|| reply.header("retry_after")).map(str::trim) else {
        return reset();
    };
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    match jiff::fmt::rfc2822::parse(text) {
        Ok(date) => {
            let seconds = date.timestamp().as_second() - now.as_second();
            Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0).max(1)))
        }
        Err(_) => reset(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn reply(headers: &[(&str, &str)]) -> Reply {
        Reply {
            status: 429,
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: bytes::Bytes::new(),
        }
    }

    fn wait(headers: &[(&str, &str)]) -> Option<u64> {
        let now: Timestamp = "2015-10-21T07:28:00Z".parse().unwrap();
        named_wait(&reply(headers), now).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(wait(&[("retry-after", "7")]), Some(7));
        assert_eq!(wait(&[("retry-after", "Wed, 21 Oct 2015 07:28:09 GMT")]), Some(9));
        assert_eq!(wait(&[("retry-after", "Wed, 21 Oct 2015 07:00:00 GMT")]), Some(1));
    }

    #[test]
    fn a_reset_is_an_epoch_or_seconds_from_now() {
        assert_eq!(wait(&[("x-ratelimit-reset", "1445412485")]), Some(5));
        assert_eq!(wait(&[("x-ratelimit-reset", "1445412485000")]), Some(5));
        assert_eq!(wait(&[("x-ratelimit-reset", "12")]), Some(12));
        assert_eq!(wait(&[("x-ratelimit-reset", "1445412000")]), Some(1));
    }

    #[test]
    fn retry_after_comes_before_the_reset_header_unless_it_is_nonsense() {
        assert_eq!(wait(&[("x-ratelimit-reset", "12"), ("retry-after", "3")]), Some(3));
        assert_eq!(wait(&[("x-ratelimit-reset", "12"), ("retry-after", "soon")]), Some(12));
    }

    #[test]
    fn too_many_requests_may_be_said_in_words() {
        let said = |status: u16, body: &'static str| over(&Reply { status, headers: Vec::new(), body: body.into() });
        assert!(said(503, "{\"Detail\":\"The API rating limit has been exceeded.\"}"));
        assert!(said(503, "Rate limit reached") && said(429, ""));
        assert!(!said(503, "Service Unavailable") && !said(500, "The API rating limit has been exceeded."));
    }

    #[test]
    fn what_cannot_be_understood_says_nothing() {
        assert_eq!(wait(&[]), None);
        assert_eq!(wait(&[("retry-after", "soon")]), None);
        assert_eq!(wait(&[("x-ratelimit-reset", "99999999999999999")]), None);
        assert_eq!(remaining(&reply(&[("x-ratelimit-remaining", "x")])), None);
        assert_eq!(remaining(&reply(&[("x-ratelimit-remaining", "41")])), Some(41));
    }
}
