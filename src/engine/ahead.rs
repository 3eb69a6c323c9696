//! What a probe asked and the listing asks again at once: it is sent once.

use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::ask::{Stopped, asked};
use super::http::Client;
use crate::plan::{Reply, Request};

/// Replies that are there before the reading begins. A cheap handle; each reply is given out once.
#[derive(Clone, Debug, Default)]
pub(super) struct Ahead(Arc<Mutex<Vec<(Request, Reply)>>>);

impl Ahead {
    pub(super) fn new(kept: Vec<(Request, Reply)>) -> Self {
        Self(Arc::new(Mutex::new(kept)))
    }

    /// The replies to requests, in the order asked: what is there already is not sent again.
    pub(super) async fn ask(
        &self,
        client: &Client,
        requests: &[Request],
        parallel: usize,
        cancel: &CancellationToken,
    ) -> Result<Vec<Reply>, Stopped> {
        let there: Vec<Option<Reply>> = requests.iter().map(|request| self.take(request)).collect();
        let open = requests.iter().zip(&there).filter(|(_, there)| there.is_none());
        let open: Vec<Request> = open.map(|(request, _)| request.clone()).collect();
        client.counted((requests.len() - open.len()) as u64);
        let mut came = asked(client, &open, parallel, cancel).await?.into_iter();
        Ok(there.into_iter().filter_map(|there| there.or_else(|| came.next())).collect())
    }

    /// The reply to this very request.
    fn take(&self, request: &Request) -> Option<Reply> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(asked, _)| asked == request)?;
        Some(kept.swap_remove(at).1)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_reply_is_given_out_once_and_only_for_the_same_request() {
        let request = Request::get("/users").query("start", "0");
        let reply = Reply { status: 200, headers: Vec::new(), body: "[]".into() };
        let ahead = Ahead::new(vec![(request.clone(), reply)]);
        assert!(ahead.take(&Request::get("/users").query("start", "1000")).is_none());
        assert_eq!(ahead.clone().take(&request).unwrap().body, "[]");
        assert!(ahead.take(&request).is_none());
    }
}
