//! Requests side by side, and how a walk may be stopped in the middle of them.

use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio_util::sync::CancellationToken;

use super::fault::{Fault, Trouble};
use super::http::Client;
use crate::plan::{Reply, Request};

/// How a walk ended that did not end by itself.
#[derive(Debug)]
pub(super) enum Stopped {
    /// The way to the service broke.
    Trouble(Trouble),
    /// The operator stopped it.
    Cancelled,
    /// A part of this program broke.
    Crashed(String),
}

impl Stopped {
    /// Why what was read is not all.
    pub(super) fn why(&self) -> String {
        match self {
            Self::Trouble(trouble) => trouble.text.clone(),
            Self::Cancelled => "the reading was stopped".to_owned(),
            Self::Crashed(text) => format!("the reading broke off by a fault of this program: {text}"),
        }
    }
}

/// Requests side by side, replies in the order asked. The first fault ends all of them.
pub(super) async fn ask(client: &Client, requests: &[Request], parallel: usize) -> Result<Vec<Reply>, Fault> {
    // The futures borrow the requests, so they are collected before they are streamed.
    let reads: Vec<_> = requests.iter().map(|request| client.read(request)).collect();
    futures_util::stream::iter(reads).buffered(parallel.max(1)).try_collect().await
}

/// The same, until the operator stops it.
pub(super) async fn asked(
    client: &Client,
    requests: &[Request],
    parallel: usize,
    cancel: &CancellationToken,
) -> Result<Vec<Reply>, Stopped> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Stopped::Cancelled),
        replies = ask(client, requests, parallel) => replies.map_err(|fault| Stopped::Trouble(fault.trouble().clone())),
    }
}

/// What a thread died of.
pub(super) fn panicked(error: tokio::task::JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "it says nothing of itself".to_owned()),
        Err(error) => error.to_string(),
    }
}
