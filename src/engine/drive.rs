//! Drives a walk to its end: carries out what it asks, has its pages read, and tells it what came.
//!
//! Pages are read on threads of their own, never on the workers that wait for sockets.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use super::ahead::Ahead;
use super::ask::{Stopped, asked, panicked};
use super::foreseen::{Foreseen, came};
use super::http::Client;
use crate::connectors::{Finish, Glimpse, Input, Next, Page, Walk};
use crate::mapping::{ReadError, Taken};
use crate::model::{Proof, Table, TableBuilder};
use crate::plan::Site;

/// How a page gets into a table.
pub(super) type ReadPage = Arc<dyn Fn(&Page, &mut TableBuilder) -> Result<Taken, ReadError> + Send + Sync>;

/// At most this often a second a growing table is shown, and never for more than a tenth of the time.
const GAP: Duration = Duration::from_millis(100);

/// Drives a probe. `glimpsed` is given what may be shown while it still asks.
///
/// # Errors
/// When it did not come to its end; with what it has found out until then.
pub(super) async fn probe(
    client: &Client,
    mut walk: Box<dyn Walk>,
    parallel: usize,
    cancel: &CancellationToken,
    glimpsed: UnboundedSender<Glimpse>,
) -> Result<(Site, Ahead), (Stopped, Option<Box<Site>>)> {
    let mut input = Input::Start;
    loop {
        input = match walk.next(input) {
            Next::Ask(requests) => {
                if let Some(glimpse) = walk.glimpse() {
                    // Where nobody listens, the page is shown when the reading comes to it.
                    let _ = glimpsed.send(*glimpse);
                }
                match asked(client, &requests, parallel, cancel).await {
                    Ok(replies) => Input::Replies(replies),
                    Err(stopped) if walk.spares() && !matches!(stopped, Stopped::Cancelled) => {
                        Input::Unreadable(stopped.why())
                    }
                    Err(stopped) => {
                        let found = walk.broken(&stopped.why());
                        return Err((stopped, found));
                    }
                }
            }
            // A probe reads replies itself; a page in it belongs to no table.
            Next::Page(page) => Input::Unreadable(format!("a probe has no table for {}", page.feed)),
            Next::Block(block) => Input::Unreadable(format!("a probe has no table for {}", block.feed)),
            Next::Done(Finish::Site(site)) => return Ok((*site, Ahead::new(walk.kept()))),
            Next::Done(Finish::Feed(_)) => {
                return Err((Stopped::Crashed("a probe ended as a listing".to_owned()), None));
            }
        };
    }
}

/// What is shown while a feed is read.
#[derive(Debug)]
pub(super) struct Grown {
    /// All records so far.
    pub(super) table: Table,
    /// Records in all, as far as the service has said.
    pub(super) of: Option<u64>,
    /// Pages taken.
    pub(super) pages: u32,
}

/// A walk of one feed.
pub(super) struct Drive<'d> {
    pub(super) client: &'d Client,
    pub(super) parallel: usize,
    pub(super) cancel: &'d CancellationToken,
    /// What the probe has read already.
    pub(super) ahead: &'d Ahead,
    pub(super) read: ReadPage,
    /// Told of the first page at once, and then from time to time.
    pub(super) grown: &'d mut (dyn FnMut(Grown) + Send),
}

/// What a feed came to.
#[derive(Debug)]
pub(super) struct Driven {
    /// The table with what the feed brought; `None` where the reading of a page broke it.
    pub(super) builder: Option<TableBuilder>,
    /// Whether it is complete.
    pub(super) proof: Proof,
    /// Pages taken.
    pub(super) pages: u32,
    /// Why it did not end by itself.
    pub(super) stopped: Option<Stopped>,
}

impl Drive<'_> {
    /// Drives the walk into the table.
    pub(super) async fn feed(self, mut walk: Box<dyn Walk>, builder: TableBuilder) -> Driven {
        let mut builder = Some(builder);
        let mut pages = 0;
        let ended = self.turns(&mut *walk, &mut builder, &mut pages).await;
        let (proof, stopped) = match ended {
            Ok(proof) => (proof, None),
            Err(stopped) => (Proof::Partial { why: stopped.why() }, Some(stopped)),
        };
        Driven { builder, proof, pages, stopped }
    }

    async fn turns(
        self,
        walk: &mut dyn Walk,
        builder: &mut Option<TableBuilder>,
        pages: &mut u32,
    ) -> Result<Proof, Stopped> {
        let mut input = Input::Start;
        let mut shown: Option<(Instant, Duration)> = None;
        let mut foreseen = Foreseen::default();
        loop {
            input = match walk.next(input) {
                Next::Ask(requests) => {
                    let one = requests.first().filter(|_| requests.len() == 1);
                    let sent = one.and_then(|request| foreseen.take(request));
                    let more = walk.foresees(self.parallel.saturating_sub(1));
                    foreseen.send(self.client, more);
                    Input::Replies(match sent {
                        Some(sent) => vec![came(sent, self.cancel).await?],
                        None => self.ahead.ask(self.client, &requests, self.parallel, self.cancel).await?,
                    })
                }
                next @ (Next::Page(_) | Next::Block(_)) => {
                    if self.cancel.is_cancelled() {
                        return Err(Stopped::Cancelled);
                    }
                    let show = shown.is_none_or(|(last, cost)| last.elapsed() >= GAP.max(cost * 10));
                    let owned = builder.take().ok_or_else(lost)?;
                    let read = self.read.clone();
                    let piece = move |into: &mut TableBuilder| match next {
                        Next::Page(page) => read(&page, into),
                        Next::Block(block) => block.read(into),
                        Next::Ask(_) | Next::Done(_) => Ok(Taken::default()),
                    };
                    let done = tokio::task::spawn_blocking(move || take(piece, owned, show)).await;
                    let taken = done.map_err(|error| Stopped::Crashed(panicked(error)))?;
                    *builder = Some(taken.builder);
                    if let Some((table, cost)) = taken.shown {
                        shown = Some((Instant::now(), cost));
                        (self.grown)(Grown { table, of: walk.expected(), pages: *pages + 1 });
                    }
                    match taken.read {
                        Ok(taken) => {
                            *pages += 1;
                            Input::Taken(taken)
                        }
                        Err(error) => Input::Unreadable(error.to_string()),
                    }
                }
                Next::Done(Finish::Feed(proof)) => return Ok(proof),
                Next::Done(Finish::Site(_)) => return Err(Stopped::Crashed("a listing ended as a probe".to_owned())),
            };
        }
    }
}

fn lost() -> Stopped {
    Stopped::Crashed("the table is gone".to_owned())
}

struct Took {
    builder: TableBuilder,
    read: Result<Taken, ReadError>,
    shown: Option<(Table, Duration)>,
}

fn take(
    piece: impl FnOnce(&mut TableBuilder) -> Result<Taken, ReadError>,
    mut builder: TableBuilder,
    show: bool,
) -> Took {
    let read = piece(&mut builder);
    builder.next_page();
    let shown = (show && read.is_ok()).then(|| {
        let began = Instant::now();
        let table = builder.table();
        (table, began.elapsed())
    });
    Took { builder, read, shown }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::collections::VecDeque;

    use bytes::Bytes;

    use super::super::stand::{Stand, json, reply, stand};
    use super::*;
    use crate::model::{Attr, AttrDef, AttrPath, Fold, Form, Kind, Row, Schema};
    use crate::plan::Request;

    /// Asks for pages until one is empty.
    #[derive(Default)]
    struct Pages {
        number: u32,
        /// The pages that it foresees after the one that it asks for.
        foresees: Vec<u32>,
        waiting: VecDeque<Bytes>,
        side_by_side: u32,
        told: Vec<String>,
    }

    impl Pages {
        fn ask(&mut self) -> Next {
            let most = self.side_by_side.max(1);
            let requests =
                (0..most).map(|more| Request::get("/users").query("page", (self.number + more).to_string())).collect();
            self.number += most;
            Next::Ask(requests)
        }

        fn page(&mut self) -> Option<Next> {
            let bytes = self.waiting.pop_front()?;
            Some(Next::Page(Page { feed: "users".into(), owner: None, bytes }))
        }
    }

    impl Walk for Pages {
        fn next(&mut self, input: Input) -> Next {
            match input {
                Input::Start => self.ask(),
                Input::Replies(replies) => {
                    if let Some(bad) = replies.iter().find(|reply| !reply.ok()) {
                        return Next::Done(Finish::Feed(Proof::Partial { why: format!("status {}", bad.status) }));
                    }
                    self.waiting.extend(replies.into_iter().map(|reply| reply.body));
                    self.page().unwrap()
                }
                Input::Taken(taken) if taken.records == 0 => {
                    Next::Done(Finish::Feed(Proof::Complete { how: "an empty page".into(), total: 0 }))
                }
                Input::Taken(_) => self.page().unwrap_or_else(|| self.ask()),
                Input::Unreadable(why) => {
                    self.told.push(why.clone());
                    Next::Done(Finish::Feed(Proof::Partial { why }))
                }
            }
        }

        fn expected(&self) -> Option<u64> {
            Some(7)
        }

        fn foresees(&self, most: usize) -> Vec<Request> {
            let ahead = self.foresees.iter().filter(|page| **page >= self.number).take(most);
            ahead.map(|page| Request::get("/users").query("page", page.to_string())).collect()
        }
    }

    fn builder() -> TableBuilder {
        let name = AttrDef {
            path: AttrPath::new("userName"),
            form: Form::Text,
            fold: Fold::Caseless,
            refers: None,
            unreadable: false,
            unique: true,
            later: false,
            slot: 0,
        };
        TableBuilder::new(Schema::new(Kind::User, vec![name]))
    }

    /// Pages are arrays of names.
    fn names() -> ReadPage {
        Arc::new(|page: &Page, into: &mut TableBuilder| {
            let names: Vec<String> =
                serde_json::from_slice(&page.bytes).map_err(|error| ReadError::Broken(error.to_string()))?;
            let mut taken = Taken { records: names.len() as u32, ..Taken::default() };
            for name in names {
                assert_ne!(name, "panic");
                if into.begin(&name) {
                    into.set(Attr(0), &name);
                    into.end();
                    taken.fresh += 1;
                }
            }
            Ok(taken)
        })
    }

    async fn drive(service: &Stand, walk: Pages, cancel: &CancellationToken) -> (Driven, Vec<usize>) {
        let client = Client::quick(&service.url, "token");
        let mut shown = Vec::new();
        let mut grown = |grown: Grown| {
            assert_eq!(grown.of, Some(7));
            shown.push(grown.table.len());
        };
        let ahead = Ahead::default();
        let drive = Drive { client: &client, parallel: 4, cancel, ahead: &ahead, read: names(), grown: &mut grown };
        let driven = drive.feed(Box::new(walk), builder()).await;
        (driven, shown)
    }

    fn three_pages(text: &str) -> Vec<u8> {
        match text.split(['=', ' ']).nth(2) {
            Some("0") => json("[\"a\",\"b\"]"),
            Some("1") => json("[\"c\",\"d\"]"),
            _ => json("[]"),
        }
    }

    #[tokio::test]
    async fn pages_come_into_the_table_and_the_first_is_shown_at_once() {
        let service = stand(|_, text| three_pages(text)).await;
        let (driven, shown) = drive(&service, Pages::default(), &CancellationToken::new()).await;
        assert!(driven.proof.complete() && driven.stopped.is_none());
        let table = driven.builder.unwrap().table();
        assert_eq!((table.len(), driven.pages, shown[0]), (4, 3, 2));
        assert_eq!((table.page(Row(1)), table.page(Row(2))), (0, 1));
    }

    #[tokio::test]
    async fn requests_side_by_side_are_answered_in_the_order_asked() {
        let service = stand(|_, text| three_pages(text)).await;
        let walk = Pages { side_by_side: 3, ..Pages::default() };
        let (driven, _) = drive(&service, walk, &CancellationToken::new()).await;
        let table = driven.builder.unwrap().table();
        let ids: Vec<_> = table.rows().map(|row| table.id(row).to_owned()).collect();
        assert_eq!((ids.join(""), service.seen().len()), ("abcd".to_owned(), 3));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn what_a_walk_foresees_is_under_way_while_it_waits_and_is_sent_once() {
        let all_there = Arc::new(std::sync::Barrier::new(3));
        let service = stand(move |_, text| {
            // None is answered before all three are here.
            all_there.wait();
            three_pages(text)
        })
        .await;
        let walk = Pages { foresees: vec![1, 2], ..Pages::default() };
        let cancel = CancellationToken::new();
        let driven = tokio::time::timeout(Duration::from_secs(30), drive(&service, walk, &cancel));
        let (driven, _) = driven.await.expect("three requests side by side");
        let table = driven.builder.unwrap().table();
        let ids: Vec<_> = table.rows().map(|row| table.id(row).to_owned()).collect();
        assert_eq!((ids.join(""), service.seen().len(), driven.pages), ("abcd".to_owned(), 3, 3));
    }

    #[tokio::test]
    async fn what_was_foreseen_wrongly_costs_a_request_and_nothing_else() {
        let service = stand(|_, text| three_pages(text)).await;
        let walk = Pages { foresees: vec![7], ..Pages::default() };
        let (driven, _) = drive(&service, walk, &CancellationToken::new()).await;
        let table = driven.builder.unwrap().table();
        let ids: Vec<_> = table.rows().map(|row| table.id(row).to_owned()).collect();
        assert_eq!((ids.join(""), driven.pages), ("abcd".to_owned(), 3));
        assert!(driven.proof.complete());
    }

    #[tokio::test]
    async fn what_breaks_off_keeps_what_it_has_and_is_partial() {
        let service = stand(|number, text| if number == 0 { three_pages(text) } else { Vec::new() }).await;
        let (driven, _) = drive(&service, Pages::default(), &CancellationToken::new()).await;
        assert!(matches!(&driven.stopped, Some(Stopped::Trouble(trouble)) if trouble.word == "cut"));
        assert!(matches!(&driven.proof, Proof::Partial { why } if why.contains("closed the connection")));
        assert_eq!(driven.builder.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_refusal_and_a_page_that_cannot_be_read_are_the_walks_to_judge() {
        let service = stand(|_, _| reply(401, "", b"")).await;
        let (driven, _) = drive(&service, Pages::default(), &CancellationToken::new()).await;
        assert_eq!(driven.proof, Proof::Partial { why: "status 401".into() });
        let service = stand(|_, _| json("{\"error\":1}")).await;
        let (driven, shown) = drive(&service, Pages::default(), &CancellationToken::new()).await;
        assert!(matches!(&driven.proof, Proof::Partial { why } if why.contains("not whole JSON")));
        assert!(shown.is_empty() && driven.builder.is_some());
    }

    #[tokio::test]
    async fn a_panic_in_a_reader_is_told_and_breaks_nothing_else() {
        let service = stand(|_, _| json("[\"panic\"]")).await;
        let (driven, _) = drive(&service, Pages::default(), &CancellationToken::new()).await;
        assert!(matches!(&driven.stopped, Some(Stopped::Crashed(text)) if text.contains("panic")));
        assert!(!driven.proof.complete());
    }

    #[tokio::test]
    async fn a_walk_can_be_stopped_while_it_waits() {
        let cancel = CancellationToken::new();
        let stop = cancel.clone();
        let service = stand(move |_, _| {
            stop.cancel();
            reply(429, "retry-after: 100\r\n", b"")
        })
        .await;
        let (driven, _) = drive(&service, Pages::default(), &cancel).await;
        assert!(matches!(driven.stopped, Some(Stopped::Cancelled)));
    }
}
