//! `ExecuteBillQuery` and `BillQuery`: rows of the asked fields, page by page (targets/kingdee.md 5).

use serde_json::{Map, Value, json};

use super::call::{get, text};
use super::filter::{self, Test, Wrong};
use super::forms::{self, Column, Field, Form, Sort, What};
use super::ledger::{Ledger, Record, is_blank, spoken};
use super::words::Tongue;
use crate::simulate::faults::Faults;
use crate::simulate::shelf::Place;

/// Where a walk of a query stands after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    /// Everything that decides which rows there are, in which order.
    what: String,
    generation: u64,
    /// The row that comes next, the place of its record, and how many rows of that record are behind it.
    row: u64,
    place: Place,
    within: usize,
}

/// How many walks are remembered.
const WALKS: usize = 16;

/// A query, read.
struct Query {
    form: &'static Form,
    keys: Vec<String>,
    columns: Vec<Column>,
    test: Test<Column>,
    order: Vec<(Column, bool)>,
    depth: usize,
    from: u64,
    to: u64,
}

/// One row: the record, and the entries on the way down.
struct Row<'r> {
    record: &'r Record,
    entries: Vec<&'r Record>,
}

/// How values are written.
pub struct Style {
    tongue: Tongue,
    blank: Option<String>,
    ms: bool,
}

impl Style {
    /// As the switches say.
    pub fn of(tongue: Tongue, faults: &Faults) -> Style {
        Style { tongue, blank: faults.flag("blank"), ms: faults.flag("dates").as_deref() == Some("ms") }
    }

    fn written(&self, field: &Field, value: &Value) -> Value {
        let value = match field.sort {
            Sort::Multi => spoken(value, self.tongue),
            Sort::Date if self.ms && value.is_string() => json!(ms(value.as_str().unwrap_or_default())),
            _ => value.clone(),
        };
        let is_text = matches!(field.sort, Sort::Text | Sort::Multi);
        if is_text && is_blank(Some(&value)) {
            return match self.blank.as_deref() {
                Some("empty") => json!(""),
                Some("null") => Value::Null,
                // targets/kingdee.md 5: may be a single space.
                _ => json!(" "),
            };
        }
        value
    }
}

/// `/Date(ms)/` of a day.
fn ms(day: &str) -> String {
    let mut parts = day.split(['-', 'T', ':']).filter_map(|part| part.parse::<i64>().ok());
    let mut next = || parts.next().unwrap_or(0);
    let (year, month, date, hour, minute, second) = (next(), next(), next(), next(), next(), next());
    // Days since the epoch, counted in years that begin in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + date - 1 - 719_468;
    format!("/Date({})/", (days * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000)
}

/// Answers a query: rows as lists, or as objects for `BillQuery`.
///
/// # Errors
/// The sentence that says why not.
pub fn answer(
    ledger: &mut Ledger,
    faults: &Faults,
    tongue: Tongue,
    data: &Map<String, Value>,
    objects: bool,
) -> Result<Value, String> {
    let query = read(faults, tongue, data)?;
    if faults.flag("no-right").is_some_and(|form| form.eq_ignore_ascii_case(query.form.id)) {
        // targets/kingdee.md 5: an empty result instead of an error.
        return Ok(json!([]));
    }
    if faults.flag("right-denied").is_some_and(|form| form.eq_ignore_ascii_case(query.form.id)) {
        return Err(tongue.no_right(query.form, ("查看", "View")));
    }
    drift(ledger, faults, &query);
    let style = Style::of(tongue, faults);
    let mut rows = Vec::new();
    let mut take = |ledger: &Ledger, row: &Row| {
        let cells = query.columns.iter().map(|column| cell(ledger, &style, row, column));
        rows.push(if objects {
            Value::Object(query.keys.iter().cloned().zip(cells).collect())
        } else {
            Value::Array(cells.collect())
        });
    };
    let by_key = query.order.iter().all(|(column, down)| {
        !down && column.depth == 0 && matches!(column.what, What::Field(field, None) if field.sort == Sort::Key)
    });
    if by_key {
        walk(ledger, &query, &mut take);
    } else {
        sorted(ledger, &style, &query, &mut take);
    }
    Ok(Value::Array(rows))
}

fn read(faults: &Faults, tongue: Tongue, data: &Map<String, Value>) -> Result<Query, String> {
    let part = |key: &str| get(data, key).and_then(text).unwrap_or_default();
    let number = |key: &str| part(key).trim().parse::<u64>().unwrap_or(0);
    let id = part("FormId");
    let form = forms::form(&id).ok_or_else(|| tongue.no_form(&id))?;
    let absent = |key: &str| {
        let key = key.split('.').next().unwrap_or_default();
        let is = |name: &str, switch: &str| {
            key.eq_ignore_ascii_case(name) && form.id == forms::USER && faults.flag(switch).as_deref() == Some("absent")
        };
        is("FRoleId", "role-query") || is("FNumber", "user-number")
    };
    let column = |key: &str| forms::column(form, key).filter(|_| !absent(key));
    let keys: Vec<String> = match get(data, "FieldKeys") {
        Some(Value::Array(keys)) => keys.iter().filter_map(text).collect(),
        _ => part("FieldKeys").split(',').map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()).collect(),
    };
    if keys.is_empty() {
        return Err(tongue.missing("FieldKeys"));
    }
    let told = |key: &str| column(key).ok_or_else(|| tongue.no_field(key));
    let columns = keys.iter().map(|key| told(key)).collect::<Result<Vec<_>, _>>()?;
    let listed = |list: &[Value]| filter::parse_list(list, &column);
    let test = match get(data, "FilterString") {
        Some(Value::Array(list)) => listed(list),
        Some(Value::String(text)) if text.trim_start().starts_with('[') => match serde_json::from_str::<Value>(text) {
            Ok(Value::Array(list)) => listed(&list),
            _ => Err(Wrong::Grammar(text.clone())),
        },
        Some(Value::String(text)) => filter::parse(text, &column),
        _ => filter::parse("", &column),
    };
    let test = test.map_err(|wrong| match wrong {
        Wrong::Field(field) => tongue.no_field(&field),
        Wrong::Grammar(why) => tongue.bad_filter(&why),
    })?;
    let mut order = Vec::new();
    for part in part("OrderString").split(',').filter(|part| !part.trim().is_empty()) {
        let mut words = part.split_whitespace();
        let column = told(words.next().unwrap_or_default())?;
        order.push((column, words.next().is_some_and(|word| word.eq_ignore_ascii_case("desc"))));
    }
    let mut asked = columns.clone();
    test.columns(&mut asked);
    asked.extend(order.iter().map(|(column, _)| *column));
    let cap = faults.flag("cap").and_then(|cap| cap.parse().ok()).unwrap_or(2_000);
    let limit = match (number("Limit"), faults.flag("over-limit").as_deref()) {
        // The server's own default: a choice.
        (0, _) => cap,
        (limit, Some("honour")) => limit,
        (limit, Some("error")) if limit > cap => return Err(tongue.over_limit(cap)),
        (limit, _) => limit.min(cap),
    };
    let from = number("StartRow");
    let to = from.saturating_add(limit);
    // TopRowCount is the number of the last row that there is, not the length of a page (targets/kingdee.md 5).
    let to = match number("TopRowCount") {
        0 => to,
        top => to.min(top),
    };
    let depth = asked.iter().map(|column| column.depth).max().unwrap_or(0);
    Ok(Query { form, keys, columns, test, order, depth, from, to })
}

/// Moves the rows between two pages of users, where that was asked for.
fn drift(ledger: &mut Ledger, faults: &Faults, query: &Query) {
    if query.form.id != forms::USER {
        return;
    }
    if query.from > 0 && faults.spend("drift") {
        ledger.drift_in();
    }
    if faults.flag("drift-remove").is_some() {
        if query.from == 0 && ledger.drifted() == 0 {
            ledger.drift_in();
        } else if query.from > 0 && faults.spend("drift-remove") {
            ledger.drift_out();
        }
    }
}

/// The rows of one record: one, or one for each entry. A record without entries has one row all the same.
fn expand(record: &Record, form: &Form, depth: usize) -> Vec<Vec<Record>> {
    let mut rows: Vec<Vec<Record>> = vec![Vec::new()];
    for entry in std::iter::successors(form.entry, |entry| entry.below).take(depth) {
        let mut deeper = Vec::new();
        for row in rows {
            let below = row.last().unwrap_or(record).get(entry.key).and_then(Value::as_array);
            let below: Vec<Record> = below.into_iter().flatten().filter_map(|e| e.as_object().cloned()).collect();
            if below.is_empty() {
                deeper.push([row, vec![Record::new()]].concat());
            } else {
                deeper.extend(below.into_iter().map(|e| [row.clone(), vec![e]].concat()));
            }
        }
        rows = deeper;
    }
    rows
}

/// The plain value of a column in a row.
fn plain(ledger: &Ledger, row: &Row, column: &Column) -> Value {
    let held = if column.depth == 0 { Some(row.record) } else { row.entries.get(column.depth - 1).copied() };
    let Some(held) = held else {
        return Value::Null;
    };
    match column.what {
        What::EntryId => held.get("FEntryId").cloned().unwrap_or(Value::Null),
        What::Field(field, None) => held.get(field.kept).cloned().unwrap_or(Value::Null),
        What::Field(field, Some((form, sub))) => {
            let other = held.get(field.kept).and_then(Value::as_i64).and_then(|id| ledger.get(form, id));
            other.and_then(|other| other.get(sub.kept).cloned()).unwrap_or(Value::Null)
        }
    }
}

/// The value of a column as it is written.
fn cell(ledger: &Ledger, style: &Style, row: &Row, column: &Column) -> Value {
    let value = plain(ledger, row, column);
    match column.what {
        What::EntryId => value,
        // Nothing to refer to is nothing, not a blank text.
        What::Field(_, Some(_)) if value.is_null() => value,
        What::Field(_, Some((_, sub))) => style.written(sub, &value),
        What::Field(field, None) => style.written(field, &value),
    }
}

/// Calls `each` for every row that the test holds for, from a place on, until it says no. `each` gets the place and the row's
/// number within the record.
fn every(ledger: &Ledger, query: &Query, from: Place, each: &mut dyn FnMut(Place, usize, &Row) -> bool) {
    let shelf = ledger.shelf(query.form);
    let is_field = |column: &Column, key: &str| matches!(column.what, What::Field(field, None) if field.kept == key);
    // An id or an account leads to its record without a walk.
    let by_id = query.test.pinned(&|c: &Column| c.depth == 0 && is_field(c, query.form.key)).and_then(text);
    let by_number = query.test.pinned(&|c: &Column| c.depth == 0 && is_field(c, query.form.number)).and_then(text);
    let found = match (by_id, by_number) {
        (Some(id), _) => Some(shelf.place(&id).into_iter().collect()),
        (None, Some(number)) => shelf.find(query.form.number, &number),
        (None, None) => None,
    };
    let places: Box<dyn Iterator<Item = Place>> = match found {
        Some(places) => Box::new(places.into_iter().filter(move |place| *place >= from)),
        None => Box::new(shelf.places(from)),
    };
    for place in places {
        let Some(Value::Object(record)) = shelf.at(place) else {
            continue;
        };
        for (within, entries) in expand(&record, query.form, query.depth).iter().enumerate() {
            let row = Row { record: &record, entries: entries.iter().collect() };
            let value = |column: &Column| match column.what {
                What::Field(field, None) if field.sort == Sort::Multi => {
                    spoken(&plain(ledger, &row, column), Tongue::Chinese)
                }
                _ => plain(ledger, &row, column),
            };
            if query.test.holds(&value) && !each(place, within, &row) {
                return;
            }
        }
    }
}

/// The rows in the order of the key, from where the page before ended if that is known.
fn walk(ledger: &mut Ledger, query: &Query, take: &mut dyn FnMut(&Ledger, &Row)) {
    let what = format!("{} {} {:?}", query.form.id, query.depth, query.test);
    let generation = ledger.generation();
    let known = ledger
        .walks
        .iter()
        .filter(|walk| walk.what == what && walk.generation == generation && walk.row <= query.from)
        .max_by_key(|walk| walk.row)
        .cloned();
    let begin = known.unwrap_or(Walk { what: what.clone(), generation, row: 0, place: Place::MIN, within: 0 });
    let mut number = begin.row;
    let mut next = None;
    every(ledger, query, begin.place, &mut |place, within, row| {
        if place == begin.place && within < begin.within {
            return true;
        }
        if number >= query.to {
            next = Some((place, within));
            return false;
        }
        if number >= query.from {
            take(ledger, row);
        }
        number += 1;
        true
    });
    if let Some((place, within)) = next {
        ledger.walks.retain(|walk| walk.generation == generation);
        if ledger.walks.len() == WALKS {
            ledger.walks.remove(0);
        }
        ledger.walks.push(Walk { what, generation, row: number, place, within });
    }
}

/// The rows in any other order: all of them are looked at.
fn sorted(ledger: &Ledger, style: &Style, query: &Query, take: &mut dyn FnMut(&Ledger, &Row)) {
    let mut all: Vec<(Vec<Value>, Record, Vec<Record>)> = Vec::new();
    every(ledger, query, Place::MIN, &mut |_, _, row| {
        let keys = query.order.iter().map(|(column, _)| cell(ledger, style, row, column)).collect();
        all.push((keys, row.record.clone(), row.entries.iter().map(|entry| (*entry).clone()).collect()));
        true
    });
    all.sort_by(|left, right| {
        let orders = left.0.iter().zip(&right.0).zip(&query.order).map(|((left, right), (_, down))| {
            // Nothing comes first.
            let order = filter::compare(left, right).unwrap_or_else(|| right.is_null().cmp(&left.is_null()));
            if *down { order.reverse() } else { order }
        });
        orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
    let pages = all.iter().skip(query.from as usize).take(query.to.saturating_sub(query.from) as usize);
    for (_, record, entries) in pages {
        take(ledger, &Row { record, entries: entries.iter().collect() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_in_milliseconds_is_counted_from_1970() {
        assert_eq!(ms("1970-01-01T00:00:00"), "/Date(0)/");
        assert_eq!(ms("2000-02-29T01:01:01"), "/Date(951786061000)/");
        assert_eq!(ms("2026-07-21T00:00:00"), "/Date(1784592000000)/");
    }
}
