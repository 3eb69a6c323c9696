//! An export as a system: CSV, JSON Lines or one SCIM ListResponse, from a path or standard input. Read only.
//!
//! Owns what the bytes of an export mean. Does no I/O: it asks for the bytes of a file from a place on ([`Ask`]), and whoever
//! opens files answers.

mod csv;
mod faults;
mod form;
mod located;
mod parser;
mod probe;
#[cfg(test)]
mod tests;
mod text;
mod walk;

use std::sync::Arc;

use super::{Connector, Finish, Input, Looked, Next, Observed, Settings, Walk};
use crate::mapping::Mapping;
use crate::model::{AttrPath, Kind, Proof, RecordKey};
use crate::plan::{Change, Refusal, Reply, Request, Site, Step, Verdict};

/// The request's path by which the bytes of a file are asked for.
pub const READ: &str = "/file";

/// The name that stands for standard input.
pub const STDIN: &str = "-";

/// A read of a file's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The file, as the configuration names it.
    pub file: String,
    /// From which byte on.
    pub from: u64,
    /// At most so many bytes; `None`: as many as are handy.
    pub most: Option<u64>,
    /// What the file was like when its first bytes were read: it must still be so.
    pub stamp: Option<String>,
}

impl Ask {
    /// The request.
    pub fn request(&self) -> Request {
        let mut request = Request::get(READ).query("file", &self.file).query("from", self.from.to_string());
        if let Some(most) = self.most {
            request = request.query("most", most.to_string());
        }
        if let Some(stamp) = &self.stamp {
            request = request.query("stamp", stamp);
        }
        request
    }

    /// What a request asks for; `None` where it is no read of a file.
    pub fn of(request: &Request) -> Option<Self> {
        let value = |name: &str| request.query.iter().find(|(have, _)| have == name).map(|(_, value)| value.clone());
        if request.path != READ || !request.reads() {
            return None;
        }
        Some(Self {
            file: value("file")?,
            from: value("from")?.parse().ok()?,
            most: value("most").and_then(|most| most.parse().ok()),
            stamp: value("stamp"),
        })
    }
}

/// How the exports of one system are written, as far as the configuration says.
#[derive(Clone, Debug, Default)]
struct Written {
    form: Option<form::Form>,
    separator: Option<u8>,
    encoding: Option<text::Encoding>,
}

/// The connector.
#[derive(Clone)]
pub(super) struct File {
    mapping: Arc<Mapping>,
    files: Vec<(Kind, String)>,
    written: Written,
}

impl File {
    pub(super) fn new(mapping: Arc<Mapping>, settings: &Settings) -> Self {
        let own = |name: &str| settings.own.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
        let named = [
            (Kind::User, own("users").or_else(|| own("path"))),
            (Kind::Group, own("groups")),
            (Kind::Role, own("roles")),
            (Kind::Product, own("products")),
        ];
        let files = named.into_iter().filter_map(|(kind, file)| Some((kind, file?.to_owned()))).collect();
        let written = Written {
            form: own("format").and_then(form::Form::named),
            separator: own("separator").and_then(form::separator),
            encoding: own("encoding").and_then(text::Encoding::named),
        };
        Self { mapping, files, written }
    }

    fn file(&self, kind: Kind) -> Option<&str> {
        self.files.iter().find(|(of, _)| *of == kind).map(|(_, file)| file.as_str())
    }
}

/// The feed that lists a kind.
fn feed_of(kind: Kind) -> String {
    kind.plural().to_ascii_lowercase()
}

impl Connector for File {
    fn mapping(&self) -> &Arc<Mapping> {
        &self.mapping
    }

    fn probe(&self) -> Box<dyn Walk> {
        Box::new(probe::Probe::new(self.mapping.clone(), self.files.clone(), self.written.clone()))
    }

    fn feeds(&self, _site: &Site, kind: Kind) -> Vec<Arc<str>> {
        let feed = feed_of(kind);
        let there = self.file(kind).is_some() && self.mapping.feed(&feed).is_some();
        there.then(|| feed.into()).into_iter().collect()
    }

    fn walk(&self, _site: &Site, feed: &str, _owners: Vec<String>) -> Box<dyn Walk> {
        let file = Kind::ALL.into_iter().find(|kind| feed_of(*kind) == feed).and_then(|kind| self.file(kind));
        match file {
            Some(file) => Box::new(walk::Reading::new(self.mapping.clone(), feed, file, &self.written)),
            None => Box::new(NotNamed(feed.to_owned())),
        }
    }

    fn read_one(&self, _site: &Site, _key: &RecordKey) -> Vec<Request> {
        Vec::new()
    }

    fn find(&self, _site: &Site, _kind: Kind, _by: &[(AttrPath, String)]) -> Vec<Request> {
        Vec::new()
    }

    fn observe(&self, _: &Site, kind: Kind, _: Looked<'_>, _: &[Reply]) -> Result<Option<Observed>, String> {
        Err(format!("one {kind} of a file cannot be read by itself"))
    }

    fn render(&self, _: &Site, _: &[&Change], _: Option<&Observed>) -> Result<Vec<Step>, Refusal> {
        Err(Refusal::Cannot(
            "a file is only read: change the system that it was exported from, and export again".into(),
        ))
    }

    fn classify(&self, _site: &Site, _step: &Step, _reply: &Reply) -> Verdict {
        Verdict::Failed("a file is only read".into())
    }

    fn explain(&self, request: &Request, reply: &Reply) -> String {
        let file = Ask::of(request).map_or_else(|| request.path.clone(), |ask| ask.file);
        format!("{file} cannot be read: {}", String::from_utf8_lossy(&reply.body))
    }
}

/// The walk of a kind for which no file is named.
struct NotNamed(String);

impl Walk for NotNamed {
    fn next(&mut self, _input: Input) -> Next {
        Next::Done(Finish::Feed(Proof::Partial { why: format!("no file is named for {}", self.0) }))
    }
}
