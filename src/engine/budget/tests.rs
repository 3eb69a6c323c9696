#![allow(clippy::unwrap_used, clippy::expect_used)]
use std::sync::Arc;

use futures_util::FutureExt as _;

use super::*;

fn rate(per_second: f64, burst: u32, parallel: u32) -> Rate {
    Rate { per_second, burst, parallel }
}

/// Sends `count` requests one after another, each of which takes `latency`, on a clock of its own, and notes when each
/// left.
fn push(bucket: &Bucket, count: usize, latency: Duration) -> Vec<f64> {
    let mut state = bucket.lock();
    let began = state.at;
    let mut now = began;
    let mut left = Vec::new();
    for _ in 0..count {
        // A timer wakes up to a millisecond late.
        let due = state.due(now);
        if due > now {
            now = due + Duration::from_micros(900);
        }
        assert!(state.due(now) <= now, "a request that was due is not");
        state.take(now);
        left.push((now - began).as_secs_f64());
        now += latency;
        state.under_way -= 1;
    }
    left
}

fn most_within(times: &[f64], window: f64) -> usize {
    let mut most = 0;
    let mut first = 0;
    for (at, time) in times.iter().enumerate() {
        while times[first] <= time - window {
            first += 1;
        }
        most = most.max(at + 1 - first);
    }
    most
}

#[test]
fn a_push_reaches_the_bound_and_no_second_or_minute_sees_more() {
    for (per_second, burst) in [(5.0, 1), (5.0, 10), (20.0, 20), (4.0, 10), (50.0, 5)] {
        let bucket = Bucket::new(rate(per_second, burst, 4));
        let count = (per_second * 180.0) as usize;
        let left = push(&bucket, count, Duration::from_millis(13));
        let reached = count as f64 / (left.last().unwrap() + 0.013) / per_second;
        assert!(reached >= 0.97, "{per_second}/s, burst {burst}: {reached}");
        assert!(most_within(&left, 60.0) <= (per_second * 60.0) as usize, "{per_second}/s, burst {burst}");
        assert!(most_within(&left, 1.0) <= (per_second as usize).max(burst as usize), "{per_second}/s {burst}");
    }
}

#[test]
fn a_burst_leaves_at_once_and_the_rest_at_the_rate() {
    let bucket = Bucket::new(rate(4.0, 2, 8));
    let ms: Vec<u64> = push(&bucket, 4, Duration::ZERO).iter().map(|at| (at * 1000.0).round() as u64).collect();
    assert_eq!(&ms[..2], [0, 0]);
    assert!((250..=252).contains(&ms[2]) && (500..=502).contains(&ms[3]), "{ms:?}");
}

#[tokio::test]
async fn no_more_than_the_set_number_are_under_way() {
    let bucket = Bucket::new(rate(1000.0, 1000, 2));
    let (first, _second) = (bucket.acquire().await, bucket.acquire().await);
    assert!(bucket.acquire().now_or_never().is_none());
    drop(first);
    assert!(bucket.acquire().now_or_never().is_some());
}

#[tokio::test]
async fn a_refusal_pauses_until_the_instant_named_and_slows_down_once() {
    let bucket = Bucket::new(rate(10.0, 10, 4));
    bucket.refused(Duration::from_secs(7));
    bucket.refused(Duration::from_secs(3));
    let shown = bucket.shown();
    assert!((6.5..=7.0).contains(&shown.wait), "{shown:?}");
    assert!((shown.per_second - 7.0).abs() < 0.01, "{shown:?}");
    assert!(bucket.acquire().now_or_never().is_none());
}

#[test]
fn the_rate_comes_back_within_a_minute_of_good_replies() {
    let bucket = Bucket::new(rate(10.0, 10, 4));
    bucket.refused(Duration::ZERO);
    for _ in 0..30 {
        // As if a second had passed.
        bucket.lock().raised -= Duration::from_secs(1);
        bucket.taken(None, None);
    }
    assert!((bucket.shown().per_second - 10.0).abs() < 0.01);
}

#[test]
fn what_the_service_says_is_left_is_believed() {
    let bucket = Bucket::new(rate(10.0, 10, 4));
    bucket.taken(Some(3), Some(Duration::from_secs(40)));
    assert!(bucket.shown().wait < 0.01);
    bucket.taken(Some(0), Some(Duration::from_secs(40)));
    let shown = bucket.shown();
    assert!((39.0..=40.0).contains(&shown.wait), "{shown:?}");
    assert_eq!(shown.remaining, Some(0));
}

#[tokio::test]
async fn a_new_rate_reaches_those_that_wait() {
    let bucket = Arc::new(Bucket::new(rate(0.01, 1, 4)));
    drop(bucket.acquire().await);
    let waiting = tokio::spawn({
        let bucket = bucket.clone();
        async move { drop(bucket.acquire().await) }
    });
    while bucket.turn.try_lock().is_ok() {
        tokio::task::yield_now().await;
    }
    bucket.tune(1000.0);
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("it still waits").unwrap();
}

#[tokio::test]
async fn whoever_gives_up_does_not_hold_up_the_others() {
    let bucket = Bucket::new(rate(0.01, 1, 1));
    drop(bucket.acquire().await);
    assert!(bucket.acquire().now_or_never().is_none());
    bucket.tune(1000.0);
    tokio::time::timeout(Duration::from_secs(20), bucket.acquire()).await.expect("somebody who left is in the way");
}
