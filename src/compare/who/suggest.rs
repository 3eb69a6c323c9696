//! Who could be who, with the evidence: for an operator to decide. Likeness only ever suggests, it never links.

use std::collections::HashMap;
use std::sync::OnceLock;

use rayon::prelude::*;

use crate::compare::{Compared, LinkVerdict, label};
use crate::model::fold::fold;
use crate::model::{Attr, Cell, Fold, Form, Kind, RecordKey, Row, Table};

/// One thing that speaks for two records being the same, or against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// For it.
    pub speaks: bool,
    /// In words.
    pub text: String,
}

/// A record that could be the one that is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The record.
    pub record: RecordKey,
    /// What operators call it.
    pub label: String,
    /// What speaks for it and against it, the strongest first.
    pub evidence: Vec<Evidence>,
    /// It is so much alike that nothing should be created beside it before somebody has looked.
    pub likely: bool,
    /// What was decided about the two.
    pub decided: Option<LinkVerdict>,
    weight: u32,
}

/// From how alike two names must be to be worth a look, in percent.
const ALIKE: u32 = 85;

/// How many records without a partner are held against each other name by name; beyond, only what is the same counts.
const MANY: usize = 50_000;

/// What records are recognised by.
struct Traits {
    emails: Vec<Attr>,
    phones: Vec<Attr>,
    names: Vec<Attr>,
    parts: Vec<Attr>,
    department: Option<Attr>,
    number: Option<Attr>,
}

/// The same of one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Marks {
    /// The local parts of its e-mail addresses.
    locals: Vec<String>,
    phones: Vec<String>,
    /// Its name, folded, its words in order.
    name: String,
    called: String,
    department: String,
    number: String,
}

impl Traits {
    fn new(table: &Table) -> Self {
        let texts = || table.schema().iter().filter(|(_, def)| def.form == Form::Text && !def.unreadable);
        let named = |is: &dyn Fn(&str) -> bool| -> Vec<Attr> {
            texts().filter(|(_, def)| is(&def.path.as_str().to_ascii_lowercase())).map(|(attr, _)| attr).collect()
        };
        let local = |path: &str, name: &str| path == name || path.ends_with(&format!(":{name}"));
        Self {
            emails: named(&|path| path.starts_with("email") || path == "username"),
            phones: named(&|path| path.starts_with("phone") || path.starts_with("mobile")),
            names: named(&|path| path == "displayname" || path == "name.formatted" || path == "name"),
            parts: [named(&|path| path == "name.givenname"), named(&|path| path == "name.familyname")].concat(),
            department: named(&|path| local(path, "department")).first().copied(),
            number: named(&|path| local(path, "employeenumber")).first().copied(),
        }
    }

    fn of(&self, table: &Table, row: Row) -> Marks {
        let text = |attr: &Attr| match table.cell(row, *attr) {
            Cell::Value(text) => Some(text),
            _ => None,
        };
        let mut marks = Marks::default();
        for address in self.emails.iter().filter_map(text) {
            if let Some((local, _)) = fold(address, Fold::Email).split_once('@')
                && local.chars().count() > 2
                && !marks.locals.iter().any(|have| have == local)
            {
                marks.locals.push(local.to_owned());
            }
        }
        for number in self.phones.iter().filter_map(text) {
            // The last nine digits are the same with and without a country's prefix.
            let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
            if digits.len() >= 7 {
                marks.phones.push(digits[digits.len().saturating_sub(9)..].iter().collect());
            }
        }
        let parts: Vec<&str> = self.parts.iter().filter_map(text).collect();
        let called = self.names.iter().find_map(text).map_or_else(|| parts.join(" "), str::to_owned);
        marks.name = ordered(&called);
        marks.called = called;
        let folded = |attr: Option<Attr>| {
            attr.as_ref().and_then(text).map(|text| fold(text, Fold::Caseless).into_owned()).unwrap_or_default()
        };
        marks.department = folded(self.department);
        marks.number = folded(self.number);
        marks
    }
}

/// A name without regard to case and to the order of its words.
fn ordered(name: &str) -> String {
    let folded = fold(name, Fold::Caseless).replace([',', '.'], " ");
    let mut words: Vec<&str> = folded.split_whitespace().collect();
    words.sort_unstable();
    words.join(" ")
}

/// How alike two names are, in percent. Names of a few signs are alike only where they are the same: of two signs one is
/// half a name.
fn alike(a: &str, b: &str) -> u32 {
    if a.is_empty() || b.is_empty() {
        return 0;
    }
    if a == b {
        return 100;
    }
    if a.chars().count().min(b.chars().count()) < 5 {
        return 0;
    }
    (strsim::jaro_winkler(a, b) * 100.0).round() as u32
}

/// What two records have in common, and what not.
struct Judged {
    evidence: Vec<Evidence>,
    weight: u32,
    likely: bool,
}

fn judge(a: &Marks, b: &Marks) -> Option<Judged> {
    let mut evidence = Vec::new();
    let mut weight = 0;
    let mut say = |speaks: bool, points: u32, text: String| {
        evidence.push(Evidence { speaks, text });
        weight = if speaks { weight + points } else { weight.saturating_sub(points) };
    };
    let both = |a: &str, b: &str| !a.is_empty() && !b.is_empty();
    let name = alike(&a.name, &b.name);
    let number = both(&a.number, &b.number) && a.number == b.number;
    if number {
        say(true, 60, format!("the same employee number ({})", a.number));
    }
    let local = a.locals.iter().find(|local| b.locals.contains(local));
    if let Some(local) = local {
        say(true, 50, format!("the same e-mail before the @ ({local})"));
    }
    let phone = a.phones.iter().any(|phone| b.phones.contains(phone));
    if phone {
        say(true, 45, "the same phone number".to_owned());
    }
    match name {
        100 => say(true, 40, "the same name".to_owned()),
        ALIKE.. => say(true, 25, format!("names alike: {} / {} ({name} %)", a.called, b.called)),
        _ if both(&a.name, &b.name) => say(false, 10, format!("another name: {} / {}", a.called, b.called)),
        _ => {}
    }
    let department = both(&a.department, &b.department).then(|| a.department == b.department);
    match department {
        Some(true) => say(true, 10, "the same department".to_owned()),
        Some(false) => say(false, 10, format!("another department: {} / {}", a.department, b.department)),
        None => {}
    }
    if both(&a.number, &b.number) && !number {
        say(false, 30, format!("another employee number: {} / {}", a.number, b.number));
    }
    let worth = number || local.is_some() || phone || name >= ALIKE;
    let strong = number || ((local.is_some() || phone) && name >= ALIKE) || (name == 100 && department == Some(true));
    let against = both(&a.number, &b.number) && !number;
    worth.then_some(Judged { evidence, weight, likely: strong && !against })
}

/// The records of one side that have no partner on the other one.
type Open = Vec<(Row, Marks)>;

/// Finds candidates between the base and one target.
pub struct Suggester<'c> {
    compared: &'c Compared,
    kind: Kind,
    system: usize,
    base: usize,
    /// The base's table and the target's.
    tables: [&'c Table; 2],
    traits: [Traits; 2],
    /// Those without a partner: of the base, made only when they are asked for, and of the target.
    open: [OnceLock<Open>; 2],
    /// The target's by what is the same, as places among them.
    same: HashMap<String, Vec<usize>>,
}

impl<'c> Suggester<'c> {
    /// A suggester for the records of a kind; `None` where there is nothing to be linked.
    pub fn new(compared: &'c Compared, kind: Kind, system: usize) -> Option<Self> {
        let inputs = &compared.inputs;
        let base = inputs.base().filter(|base| *base != system)?;
        let table = |system: usize| inputs.systems[system].snapshot(kind).map(|snapshot| &snapshot.table);
        let tables = [table(base)?, table(system)?];
        let traits = tables.map(Traits::new);
        let open = [const { OnceLock::new() }; 2];
        let mut made = Self { compared, kind, system, base, tables, traits, open, same: HashMap::new() };
        let mut same: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, (_, marks)) in made.open(1).iter().enumerate() {
            for key in keys(marks) {
                same.entry(key).or_default().push(place);
            }
        }
        made.same = same;
        Some(made)
    }

    /// The records of one side without a partner.
    fn open(&self, side: usize) -> &Open {
        self.open[side].get_or_init(|| {
            let comparison = self.compared.kind(self.kind);
            let (own, other) = if side == 0 { (self.base, self.system) } else { (self.system, self.base) };
            let alone = |row: &Row| {
                let identity = comparison.identity_of(own, *row);
                identity.is_none_or(|identity| comparison.row(identity, other).is_none())
            };
            let rows: Vec<Row> = self.tables[side].rows().filter(alone).collect();
            rows.into_par_iter().map(|row| (row, self.marks(side, row))).collect()
        })
    }

    fn marks(&self, side: usize, row: Row) -> Marks {
        self.traits[side].of(self.tables[side], row)
    }

    fn key(&self, side: usize, row: Row) -> Option<RecordKey> {
        let system = if side == 0 { self.base } else { self.system };
        let view = &self.compared.inputs.systems[system];
        Some(RecordKey::new(view.id.clone(), self.kind, view.snapshot(self.kind)?.table.id(row)))
    }

    /// What was decided about a record of the base and one of the target.
    fn decided(&self, a: &RecordKey, b: &RecordKey) -> Option<LinkVerdict> {
        let about = |link: &&crate::compare::Link| (link.a == *a && link.b == *b) || (link.a == *b && link.b == *a);
        self.compared.inputs.links.iter().filter(about).max_by_key(|link| link.since).map(|link| link.verdict)
    }

    /// The records that an identity could be: of the target for one of the base, else the other way round. The likeliest
    /// first; what was decided not to be the same comes last.
    pub fn candidates(&self, identity: u32, most: usize) -> Vec<Candidate> {
        let comparison = self.compared.kind(self.kind);
        let (row, side) = match (comparison.row(identity, self.base), comparison.row(identity, self.system)) {
            (Some(row), None) => (row, 0),
            (None, Some(row)) => (row, 1),
            _ => return Vec::new(),
        };
        let mine = &self.marks(side, row);
        let others = self.open(1 - side);
        let places: Vec<usize> =
            if others.len() <= MANY || side == 1 { (0..others.len()).collect() } else { self.places(mine) };
        let mut found: Vec<(Row, Judged)> = places
            .into_par_iter()
            .filter_map(|place| {
                let (row, theirs) = &others[place];
                Some((*row, judge(mine, theirs)?))
            })
            .collect();
        found.sort_by(|(a, x), (b, y)| y.weight.cmp(&x.weight).then(a.0.cmp(&b.0)));
        found.truncate(most.max(1) * 4);
        let Some(own) = self.key(side, row) else { return Vec::new() };
        let mut made: Vec<Candidate> =
            found.into_iter().filter_map(|(row, judged)| self.candidate(&own, side, row, judged)).collect();
        made.sort_by_key(|candidate| {
            (candidate.decided == Some(LinkVerdict::NotSame), std::cmp::Reverse(candidate.weight))
        });
        made.truncate(most);
        made
    }

    fn candidate(&self, own: &RecordKey, side: usize, row: Row, judged: Judged) -> Option<Candidate> {
        let record = self.key(1 - side, row)?;
        let (a, b) = if side == 0 { (own, &record) } else { (&record, own) };
        let decided = self.decided(a, b);
        let view = &self.compared.inputs.systems[if side == 0 { self.system } else { self.base }];
        let label = label(&view.snapshot(self.kind)?.table, row).to_owned();
        let Judged { evidence, weight, likely } = judged;
        Some(Candidate { record, label, evidence, likely: likely && decided.is_none(), decided, weight })
    }

    /// The places of the target's records that have something the same.
    fn places(&self, marks: &Marks) -> Vec<usize> {
        let mut places: Vec<usize> =
            keys(marks).iter().filter_map(|key| self.same.get(key)).flatten().copied().collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// The target's record that somebody who is to be created probably is already.
    pub fn duplicate(&self, identity: u32) -> Option<Candidate> {
        let row = self.compared.kind(self.kind).row(identity, self.base)?;
        let others = self.open(1);
        if others.is_empty() {
            return None;
        }
        let mine = &self.marks(0, row);
        let own = self.key(0, row)?;
        let likely = |place: usize| {
            let (row, theirs) = &others[place];
            let judged = judge(mine, theirs).filter(|judged| judged.likely)?;
            self.candidate(&own, 0, *row, judged).filter(|candidate| candidate.likely)
        };
        self.places(mine).into_iter().filter_map(likely).max_by_key(|candidate| candidate.weight)
    }
}

/// What a record is found by: each of them as one text.
fn keys(marks: &Marks) -> Vec<String> {
    let mut keys: Vec<String> = marks.locals.iter().map(|local| format!("e {local}")).collect();
    keys.extend(marks.phones.iter().map(|phone| format!("p {phone}")));
    if !marks.number.is_empty() {
        keys.push(format!("n {}", marks.number));
    }
    if !marks.name.is_empty() {
        keys.push(format!("w {}", marks.name));
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_evidence_and_short_ones_only_where_they_are_the_same() {
        let percent = |a: &str, b: &str| alike(&ordered(a), &ordered(b));
        assert_eq!(percent("Lee Ann", "Ann Lee"), 100);
        assert_eq!((percent("王伟", "王芳"), percent("王伟", "王伟")), (0, 100));
        assert!(percent("Katherine Smith", "Kathryn Smith") >= ALIKE);
        assert!(percent("Lena Fischer", "Omar Haddad") < ALIKE);
    }
}
