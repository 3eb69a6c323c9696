//! The walk through one file: block after block, from its first byte to its last.

use std::sync::{Arc, Mutex, PoisonError};

use super::parser::Parser;
use super::{Ask, Written};
use crate::connectors::{Block, Finish, Input, Next, Walk};
use crate::mapping::Mapping;
use crate::model::Proof;
use crate::plan::Reply;

/// The walk.
pub(super) struct Reading {
    feed: Arc<str>,
    ask: Ask,
    /// Shared with the blocks, which are read on threads of their own.
    parser: Arc<Mutex<Parser>>,
    ended: bool,
}

impl Reading {
    pub(super) fn new(mapping: Arc<Mapping>, feed: &str, file: &str, written: &Written) -> Self {
        let feed: Arc<str> = feed.into();
        let parser = Parser::new(mapping, feed.clone(), file, written.clone());
        let ask = Ask { file: file.to_owned(), from: 0, most: None, stamp: None };
        Self { feed, ask, parser: Arc::new(Mutex::new(parser)), ended: false }
    }

    fn took(&mut self, reply: Option<&Reply>) -> Next {
        let Some(reply) = reply.filter(|reply| reply.ok()) else {
            return Next::Done(Finish::Feed(Proof::Partial { why: format!("{}: no bytes came", self.ask.file) }));
        };
        self.ask.stamp = reply.header("stamp").map(str::to_owned);
        self.ask.from += reply.body.len() as u64;
        self.ended = reply.body.is_empty();
        let (parser, bytes) = (self.parser.clone(), reply.body.clone());
        Next::Block(Block::new(self.feed.clone(), move |into| {
            Ok(parser.lock().unwrap_or_else(PoisonError::into_inner).take(&bytes, into))
        }))
    }

    fn onward(&self) -> Next {
        let parser = self.parser.lock().unwrap_or_else(PoisonError::into_inner);
        if self.ended || parser.over() {
            return Next::Done(Finish::Feed(parser.proof()));
        }
        Next::Ask(vec![self.ask.request()])
    }
}

impl Walk for Reading {
    fn next(&mut self, input: Input) -> Next {
        match input {
            Input::Start => Next::Ask(vec![self.ask.request()]),
            Input::Replies(replies) => self.took(replies.first()),
            Input::Taken(_) => self.onward(),
            Input::Unreadable(why) => {
                Next::Done(Finish::Feed(Proof::Partial { why: format!("{}: {why}", self.ask.file) }))
            }
        }
    }
}
