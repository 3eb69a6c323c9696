//! Requests that a walk has not asked for yet and most likely will: sent while it reads its pages, so that the line is never
//! idle. What it then asks for otherwise is asked anew: nothing hangs on this but time.

use std::collections::VecDeque;

use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::ask::{Stopped, panicked};
use super::fault::Fault;
use super::http::Client;
use crate::plan::{Reply, Request};

/// The reply to a request that was sent before it was asked for.
pub(super) async fn came(sent: Sent, cancel: &CancellationToken) -> Result<Reply, Stopped> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Stopped::Cancelled),
        reply = sent => match reply {
            Ok(reply) => reply.map_err(|fault| Stopped::Trouble(fault.trouble().clone())),
            Err(error) => Err(Stopped::Crashed(panicked(error))),
        },
    }
}

/// A request under way, which is given up with this.
pub(super) type Sent = AbortOnDropHandle<Result<Reply, Fault>>;

/// What is under way, in the order in which it will be asked for.
#[derive(Default)]
pub(super) struct Foreseen(VecDeque<(Request, Sent)>);

impl Foreseen {
    /// What was sent for this very request. If the walk asks for another one, nothing of what was foreseen is any good.
    pub(super) fn take(&mut self, request: &Request) -> Option<Sent> {
        if self.0.front().is_some_and(|(foreseen, _)| foreseen == request) {
            return self.0.pop_front().map(|(_, sent)| sent);
        }
        self.0.clear();
        None
    }

    pub(super) fn send(&mut self, client: &Client, requests: Vec<Request>) {
        let there = self.0.iter().zip(&requests).take_while(|((sent, _), request)| sent == *request).count();
        self.0.truncate(there);
        for request in requests.into_iter().skip(there) {
            let (client, asked) = (client.clone(), request.clone());
            let sent = AbortOnDropHandle::new(tokio::spawn(async move { client.read(&asked).await }));
            self.0.push_back((request, sent));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::stand::{json, stand};
    use super::*;

    fn page(number: u32) -> Request {
        Request::get("/users").query("page", number.to_string())
    }

    fn waiting(foreseen: &Foreseen) -> Vec<Request> {
        foreseen.0.iter().map(|(request, _)| request.clone()).collect()
    }

    #[tokio::test]
    async fn what_will_not_be_asked_for_is_given_up_and_what_is_under_way_is_not_sent_again() {
        let service = stand(|_, _| json("{}")).await;
        let client = Client::quick(&service.url, "token");
        let mut foreseen = Foreseen::default();
        foreseen.send(&client, vec![page(1), page(2), page(3)]);
        let first = foreseen.take(&page(1)).unwrap();
        assert!(first.await.unwrap().is_ok());
        foreseen.send(&client, vec![page(2), page(3), page(4)]);
        assert_eq!(waiting(&foreseen), [page(2), page(3), page(4)]);
        foreseen.send(&client, vec![page(2), page(9)]);
        assert_eq!(waiting(&foreseen), [page(2), page(9)], "three and four are not wanted any more");
        assert!(foreseen.take(&page(7)).is_none());
        assert!(waiting(&foreseen).is_empty(), "whoever goes another way wants none of it");
        let seen = service.seen();
        for number in [1, 2, 3, 4, 9] {
            let asked = seen.iter().filter(|text| text.starts_with(&format!("GET /users?page={number} "))).count();
            assert!(asked <= 1, "page {number} was asked for {asked} times");
        }
    }
}
