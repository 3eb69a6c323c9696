//! The table: every fault, and what may come of each operation under it.

/// What a simulator holds when all is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// What was wanted.
    Done,
    /// What was there before.
    Not,
    /// Neither.
    Other,
}

use Truth::{Done, Not, Other};

/// What is expected of one operation under one fault.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// The outcome.
    pub word: &'static str,
    pub truth: Truth,
    /// How many writes may reach the simulator.
    pub writes: &'static [usize],
}

/// Who else wants something of the same records, after the preview and before the push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rival {
    Nobody,
    /// Somebody does the very same.
    Same,
    /// Somebody does something else.
    Other,
}

/// One fault.
pub struct Row {
    pub name: &'static str,
    /// As the simulators take them. One meets each write of the plan once; one that ends in `@READ` meets reads; one
    /// that begins with `+` is a switch of the simulator.
    pub faults: &'static [&'static str],
    /// Each change has a push of its own.
    pub alone: bool,
    pub rival: Rival,
    pub expected: Expected,
    /// Where it is otherwise: systems and operations, none for all; the first that fits counts.
    pub but: &'static [(&'static [&'static str], &'static [&'static str], Expected)],
}

impl Row {
    /// What is expected of an operation; nothing where the row is not about it.
    pub fn expected(&self, system: &str, op: &str) -> Option<Expected> {
        let fits = |names: &[&str], name: &str| names.is_empty() || names.contains(&name);
        let other = self.but.iter().find(|(systems, ops, _)| fits(systems, system) && fits(ops, op));
        Some(other.map_or(self.expected, |(_, _, expected)| *expected)).filter(|expected| !expected.word.is_empty())
    }
}

const fn comes(word: &'static str, truth: Truth, writes: &'static [usize]) -> Expected {
    Expected { word, truth, writes }
}

const fn row(name: &'static str, faults: &'static [&'static str], expected: Expected) -> Row {
    Row { name, faults, alone: false, rival: Rival::Nobody, expected, but: &[] }
}

/// Carried out, known, sent once.
const DONE: Expected = comes("confirmed", Done, &[1]);
/// Turned away the first time, carried out the second time.
const DONE_LATER: Expected = comes("confirmed", Done, &[2]);
/// Not carried out, known, sent once.
const FAILED: Expected = comes("failed", Not, &[1]);
/// The service says that it moved.
const STALE: Expected = comes("stale", Not, &[1]);
/// The service said yes and did nothing.
const DIFFERS: Expected = comes("differs", Not, &[1]);
/// The row is not about it.
const NONE: Expected = comes("", Not, &[]);

const CREATE: &[&str] = &["create"];
const SCIM: &[&str] = &["directory", "starling"];
/// A busy answer of these says nothing of whether it was carried out, and creates are never sent twice.
const BUSY: &[(&[&str], &[&str], Expected)] = &[(&[], CREATE, FAILED), (&["litmos"], &[], FAILED)];

pub const ROWS: &[Row] = &[
    row("nothing", &[], DONE),
    row("the connection ends before the request", &["reset=1"], FAILED),
    row("the connection ends after the write", &["lost=1"], DONE),
    row("a reply that is not whole", &["truncate=1"], DONE),
    row("a reply that is cut off", &["truncate=1,cut"], DONE),
    row("a web page", &["html=1"], FAILED),
    Row {
        // Without the new record's id a yes is none; Kingdee has to say yes in words.
        but: &[(&[], CREATE, FAILED), (&["erp"], &[], FAILED)],
        ..row("a yes that is a lie", &["deaf=1"], DIFFERS)
    },
    row("a slow reply", &["late=30ms"], DONE),
    row("no reply in time, and it was carried out", &["late=600s"], DONE),
    // It may be on its way still: whoever says that it was not carried out cannot know.
    Row {
        alone: true,
        ..row("no reply in time, and it was not carried out", &["latency=600s"], comes("unknown", Not, &[0]))
    },
    row("400", &["400=1"], FAILED),
    row("403", &["403=1"], FAILED),
    Row {
        // Said where a role on a product is given, it may be said of the product.
        but: &[
            (&[], CREATE, FAILED),
            (SCIM, &["pair"], FAILED),
            (SCIM, &[], STALE),
            (&["aha"], &["set", "deactivate", "reactivate"], STALE),
        ],
        ..row("404", &["404=1"], FAILED)
    },
    row("409", &["409=1"], FAILED),
    Row { but: &[(SCIM, &[], STALE)], ..row("412", &["412=1"], FAILED) },
    row("422", &["422=1"], FAILED),
    // Where there is a session, a new one is begun: a 401 says that nothing was done (RFC 9110 15.5.2).
    Row { but: &[(&["erp"], &[], DONE_LATER)], alone: true, ..row("401", &["401=1"], FAILED) },
    Row { alone: true, ..row("the session or the token ends", &["expire=0"], FAILED) },
    row("500 instead", &["500=1"], FAILED),
    Row { but: &[(&["erp"], CREATE, FAILED), (&["erp"], &[], DONE_LATER)], ..row("502 instead", &["502=1"], FAILED) },
    Row { but: BUSY, ..row("503 instead", &["503=1"], DONE_LATER) },
    Row { alone: true, ..row("504 instead", &["504=1"], comes("unknown", Not, &[1])) },
    row("500 after the write", &["500=1,after"], DONE),
    row("502 after the write", &["502=1,after"], DONE),
    row("503 after the write", &["503=1,after"], DONE),
    row("504 after the write", &["504=1,after"], DONE),
    Row { but: BUSY, ..row("503 instead, and then after the write", &["503=1", "503=1,after"], DONE_LATER) },
    Row { but: BUSY, ..row("503 for ever", &["503=9"], comes("failed", Not, &[2])) },
    row("429", &["429=1,retry-after=0"], DONE_LATER),
    row("429 for ever", &["429=99,retry-after=0"], comes("failed", Not, &[6])),
    Row {
        alone: true,
        ..row("nothing can be read after the write", &["html,written@READ"], comes("accepted", Done, &[1]))
    },
    Row {
        alone: true,
        ..row("nothing can be read after a lost reply", &["lost=1", "html,written@READ"], comes("unknown", Done, &[1]))
    },
    Row {
        alone: true,
        ..row("nothing can be read after a 500", &["500=1,after", "html,written@READ"], comes("unknown", Done, &[1]))
    },
    Row { rival: Rival::Same, ..row("somebody else did just that", &[], comes("confirmed", Done, &[0])) },
    Row {
        rival: Rival::Other,
        but: &[(&[], &["create", "set", "pair"], comes("stale", Not, &[0])), (&[], &[], NONE)],
        ..row("somebody else did something else", &[], NONE)
    },
    Row {
        but: &[(SCIM, &["set"], DIFFERS)],
        ..row("an attribute is silently dropped", &["+drop-attributes=title"], NONE)
    },
    Row {
        but: &[(&["aha"], &["pair"], comes("differs", Other, &[1]))],
        ..row("another role is silently taken", &["+role-default=1"], NONE)
    },
    Row { but: &[(&["erp"], &["grant"], DIFFERS)], ..row("a role is silently dropped", &["+drop-grant=1"], NONE) },
    Row {
        but: &[(&["erp"], CREATE, NONE), (&["erp"], &[], DONE_LATER)],
        ..row("somebody has the record open for a moment", &["+conflict=*:1"], NONE)
    },
    Row {
        but: &[(&["erp"], CREATE, NONE), (&["erp"], &[], comes("failed", Not, &[3]))],
        ..row("somebody has the record open", &["+conflict=*:99"], NONE)
    },
    Row {
        alone: true,
        but: &[(&["erp"], &["set", "grant", "revoke"], STALE)],
        ..row("the record was written since it was read", &["+optimistic-lock=1"], NONE)
    },
];
