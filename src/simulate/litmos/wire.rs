//! The shapes of users and teams, by the year of the schema, and lists with their paging (targets/litmos.md 1, 3).

use serde_json::{Map, Value, json};

use super::Ask;
use super::answer::Refusal;
use super::record::{FIELDS, Record, flag, put, text};
use super::state::{State, Team};

/// Rows that are asked for.
pub struct Window {
    /// From 0.
    pub start: usize,
    /// How many.
    pub limit: usize,
}

impl Window {
    /// Read from the query: 100 rows by default, 1000 at most (targets/litmos.md 1); what is no number is ignored.
    ///
    /// # Errors
    /// 400 where `limit` is too high and the service was asked to mind.
    pub fn of(ask: &Ask) -> Result<Window, Refusal> {
        let number = |name: &str| ask.query(name).and_then(|value| value.parse::<usize>().ok());
        let limit = number("limit").filter(|limit| *limit > 0).unwrap_or(100);
        if limit > 1000 && ask.flag_is("limit-over", "error") {
            return Err(Refusal::new(400, "The limit must not be greater than 1000"));
        }
        let more = usize::from(ask.has("extra-row"));
        Ok(Window { start: number("start").unwrap_or(0), limit: limit.min(1000) + more })
    }

    /// These of all rows.
    pub fn cut<T>(&self, rows: Vec<T>) -> Vec<T> {
        rows.into_iter().skip(self.start).take(self.limit).collect()
    }
}

fn year(ask: &Ask) -> u16 {
    ask.faults.flag("schema-year").and_then(|year| year.parse().ok()).unwrap_or(2022)
}

/// A user as lists show it.
pub fn summary(ask: &Ask, user: &Record) -> Value {
    let keys = ["Id", "UserName", "FirstName", "LastName", "Active", "Email", "AccessLevel", "Brand"];
    let shown = keys.iter().filter(|key| **key != "Brand" || year(ask) >= 2017);
    Value::Object(shown.map(|key| ((*key).to_owned(), user.get(*key).cloned().unwrap_or_default())).collect())
}

/// A user with all fields.
pub fn full(state: &State, ask: &Ask, mut user: Record) -> Record {
    let manager = Some(text(&user, "ManagerId")).filter(|id| !matches!(*id, "" | "0")).and_then(|id| state.user(id));
    match manager {
        Some(manager) => {
            let name = format!("{} {}", text(&manager, "FirstName"), text(&manager, "LastName"));
            put(&mut user, "ManagerName", name);
        }
        // No manager, or one who was deleted since (targets/litmos.md 3, 45).
        None => {
            put(&mut user, "ManagerId", "0");
            put(&mut user, "ManagerName", "");
        }
    }
    let year = year(ask);
    if year < 2022 {
        let gone = |key: &str| FIELDS.iter().any(|field| field.name == key && field.since > year);
        user.retain(|key, _| !gone(key));
    }
    user
}

/// Whether a user fits `search`: a part of the user name, a name, the e-mail or the company.
pub fn fits(user: &Record, part: &str) -> bool {
    let part = part.to_lowercase();
    ["UserName", "FirstName", "LastName", "FullName", "Email", "CompanyName"]
        .iter()
        .any(|name| text(user, name).to_lowercase().contains(&part))
}

/// Users of a list that can be searched, sorted and freed of inactive ones.
///
/// # Errors
/// 400 where `limit` is too high.
pub fn users(state: &State, ask: &Ask, created_from: Option<&str>) -> Result<(Vec<Record>, usize), Refusal> {
    let window = Window::of(ask)?;
    let (search, sort) = (ask.query("search"), ask.query("sort"));
    let active_only = ask.query("showInactive").is_some_and(|show| show.eq_ignore_ascii_case("false"));
    if search.is_none() && sort.is_none() && !active_only && created_from.is_none() {
        return Ok((state.page(window.start, window.limit), state.count()));
    }
    let mut rows: Vec<Record> = state
        .users()
        .filter(|user| !active_only || flag(user, "Active"))
        .filter(|user| search.is_none_or(|part| fits(user, part)))
        .filter(|user| created_from.is_none_or(|from| text(user, "CreatedDate") >= from))
        .collect();
    if let Some(field) = sort.and_then(|sort| FIELDS.iter().find(|field| field.name.eq_ignore_ascii_case(sort))) {
        rows.sort_by_cached_key(|user| text(user, field.name).to_lowercase());
        if ask.query("dir").is_some_and(|dir| dir.eq_ignore_ascii_case("desc")) {
            rows.reverse();
        }
    }
    let total = rows.len();
    Ok((window.cut(rows), total))
}

/// A team as lists show it: no description.
pub fn team_row(ask: &Ask, team: &Team) -> Value {
    let mut row = Map::new();
    put(&mut row, "Id", team.id.as_str());
    put(&mut row, "Name", team.name.as_str());
    put(&mut row, "TeamCodeForBulkImport", code(team));
    parent(ask, team, &mut row);
    Value::Object(row)
}

/// One team.
pub fn team(ask: &Ask, team: &Team) -> Map<String, Value> {
    let mut row = Map::new();
    put(&mut row, "Id", team.id.as_str());
    put(&mut row, "Name", team.name.as_str());
    put(&mut row, "Description", team.description.as_str());
    parent(ask, team, &mut row);
    if year(ask) >= 2020 {
        put(&mut row, "TeamCodeForBulkImport", code(team));
    }
    row
}

/// The parent is there since 2020; what it is at the root is unknown (targets/litmos.md 13.11).
fn parent(ask: &Ask, team: &Team, row: &mut Map<String, Value>) {
    if year(ask) < 2020 {
        return;
    }
    let root = match ask.faults.flag("root-parent").as_deref() {
        Some("absent") => None,
        Some("null") => Some(Value::Null),
        Some("zero") => Some(json!("0")),
        _ => Some(json!("")),
    };
    if let Some(value) = team.parent.as_ref().map(|id| json!(id)).or(root) {
        put(row, "ParentTeamId", value);
    }
}

/// What bulk imports call a team: its number, and its name without spaces.
pub fn code(team: &Team) -> String {
    let name: String = team.name.split_whitespace().collect();
    format!("{}-{name}", team.original)
}
