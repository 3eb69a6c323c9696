//! The test of an export: what form the beginning of each file has, and which of its columns or fields are known.

use std::sync::Arc;

use serde_json::Value;

use super::csv::Cutter;
use super::form::{Form, guess_separator, separator_name};
use super::located::{self, place, walk};
use super::text::{Encoding, lossy};
use super::{Ask, Written, feed_of};
use crate::connectors::{Finish, Input, Next, Walk};
use crate::mapping::{Columns, Mapping};
use crate::model::{AttrPath, Kind};
use crate::plan::{Finding, Reply, Site};

/// What is read of each file.
const HEAD: u64 = 256 << 10;

/// Records that are looked into for fields that the mapping does not name.
const LOOKED_INTO: usize = 100;

/// The walk of the test.
pub(super) struct Probe {
    mapping: Arc<Mapping>,
    files: Vec<(Kind, String)>,
    written: Written,
}

/// What one file's beginning shows.
#[derive(Debug)]
struct Shown {
    /// What it is; or why it cannot be read.
    what: Result<String, String>,
    /// What the operator should know.
    notes: Vec<String>,
    /// Attributes that the mapping does not name.
    found: Vec<String>,
}

impl Shown {
    fn bad(why: String) -> Self {
        Self { what: Err(why), notes: Vec::new(), found: Vec::new() }
    }
}

impl Probe {
    pub(super) fn new(mapping: Arc<Mapping>, files: Vec<(Kind, String)>, written: Written) -> Self {
        Self { mapping, files, written }
    }

    fn site(&self, replies: &[Reply]) -> Site {
        let mut site = Site::default();
        let shown: Vec<Shown> =
            self.files.iter().zip(replies).map(|((kind, file), reply)| self.look(*kind, file, &reply.body)).collect();
        // One file that cannot be read must not keep the others from being read; the walk says the same of it again.
        let none = shown.iter().all(|shown| shown.what.is_err());
        for ((kind, file), shown) in self.files.iter().zip(shown) {
            let what = format!("{} in {file}", kind.plural());
            let (finding, detail) = match shown.what {
                Ok(detail) => (Finding::Good, detail),
                Err(detail) if none => (Finding::Bad, detail),
                Err(detail) => (Finding::Note, detail),
            };
            site.line(what.as_str(), finding, detail);
            for note in shown.notes {
                site.line(what.as_str(), Finding::Note, note);
            }
            site.discovered.extend(shown.found.into_iter().map(|path| (*kind, path)));
        }
        site
    }

    fn look(&self, kind: Kind, file: &str, head: &[u8]) -> Shown {
        if head.is_empty() {
            return Shown::bad(format!("{file} is empty"));
        }
        let (encoding, mark) = Encoding::marked(head).unwrap_or((self.written.encoding.unwrap_or_default(), 0));
        let text = lossy(encoding, &head[mark..]);
        let form = Form::of(self.written.form, file, &text);
        let mut shown = match form {
            Form::Csv => self.csv(kind, file, &text),
            Form::Lines | Form::Document => self.json(kind, file, form, &text),
        };
        if let Ok(what) = &mut shown.what {
            *what = format!("{}, {}; {what}", form.name(), encoding.name());
        }
        shown
    }

    fn csv(&self, kind: Kind, file: &str, text: &str) -> Shown {
        let separator = self.written.separator.unwrap_or_else(|| guess_separator(text));
        let at = |column: usize| {
            let (line, column) = place(text.as_bytes(), walk(text.as_bytes(), 0, separator, column).field, 1);
            format!("{file}, line {line}, column {column}")
        };
        let header = Cutter::new(text.as_bytes(), separator, 0, true).header().unwrap_or_default();
        let names: Vec<&str> = header.iter().map(String::as_str).collect();
        let Some(feed) = self.mapping.feed(&feed_of(kind)) else {
            return Shown::bad(format!("the mapping has no feed for {}", kind.plural()));
        };
        match Columns::new(&self.mapping, feed, &names) {
            Err(fault) => Shown::bad(format!("{}: {}", at(fault.column.unwrap_or(0)), fault.what)),
            Ok(columns) => {
                let mut shown = Shown {
                    what: Ok(format!(
                        "{} columns between {}, `{}` says which {kind} a row is",
                        names.len(),
                        separator_name(separator),
                        names[columns.key()].trim()
                    )),
                    notes: Vec::new(),
                    found: Vec::new(),
                };
                for (column, hint) in columns.unknown() {
                    let name = names[*column].trim();
                    let fate = if self.grows(kind, &[name.to_owned()]).is_empty() {
                        "is not read: a mapping file can say which attribute it is"
                    } else {
                        shown.found.push(name.to_owned());
                        "is no attribute that is known: it is shown as it is, under this name"
                    };
                    shown.notes.push(format!("{}: the column `{name}` {fate}{hint}", at(*column)));
                }
                shown
            }
        }
    }

    fn json(&self, kind: Kind, file: &str, form: Form, text: &str) -> Shown {
        let mut paths: Vec<String> = Vec::new();
        let mut looked = 0;
        for number in 0..LOOKED_INTO {
            let record = match form {
                Form::Document => located::record(text.as_bytes(), number).and_then(|at| text.get(at..)),
                _ => text.lines().filter(|line| !line.trim().is_empty()).nth(number),
            };
            // The last one may be cut where the head ends; the walk will say so if it is cut in the file.
            let Some(Ok(Value::Object(fields))) =
                record.and_then(|record| serde_json::Deserializer::from_str(record).into_iter::<Value>().next())
            else {
                break;
            };
            looked += 1;
            for (key, value) in fields {
                match value {
                    Value::Object(inner) => {
                        let urn = key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"));
                        let between = if urn { ':' } else { '.' };
                        let plain = inner.into_iter().filter(|(_, value)| plain(value));
                        paths.extend(plain.map(|(name, _)| format!("{key}{between}{name}")));
                    }
                    value if plain(&value) => paths.push(key),
                    _ => {}
                }
            }
        }
        if looked == 0 {
            return Shown::bad(format!("{file}, line 1, column 1: no record can be read here"));
        }
        paths.sort_unstable();
        paths.dedup();
        let found = self.grows(kind, &paths);
        let notes = found
            .iter()
            .map(|name| format!("{file}: the field `{name}` is no attribute that is known: it is shown as it is"))
            .collect();
        Shown { what: Ok("read record by record".to_owned()), notes, found }
    }

    /// Which of these the mapping gets as attributes of their own.
    fn grows(&self, kind: Kind, paths: &[String]) -> Vec<String> {
        let grown =
            self.mapping.with_discovered(paths.iter().map(|path| (kind, AttrPath::new(path.as_str()))).collect());
        let new = |path: &&String| {
            let path = AttrPath::new(path.as_str());
            grown.row(kind, &path).is_some() && self.mapping.row(kind, &path).is_none()
        };
        paths.iter().filter(new).cloned().collect()
    }
}

fn plain(value: &Value) -> bool {
    value.is_string() || value.is_number() || value.is_boolean()
}

impl Walk for Probe {
    fn next(&mut self, input: Input) -> Next {
        let replies = match input {
            Input::Start if !self.files.is_empty() => {
                let ask = |file: &str| Ask { file: file.to_owned(), from: 0, most: Some(HEAD), stamp: None }.request();
                return Next::Ask(self.files.iter().map(|(_, file)| ask(file)).collect());
            }
            Input::Replies(replies) => replies,
            _ => Vec::new(),
        };
        let mut site = self.site(&replies);
        if self.files.is_empty() {
            let detail = "no file is named: set `users` (and `groups`, `roles`, `products`) to a path, or to - for standard input";
            site.line("files", Finding::Bad, detail);
        }
        Next::Done(Finish::Site(Box::new(site)))
    }
}
