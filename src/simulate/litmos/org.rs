//! The delta feeds: what was made or changed in a week at most (targets/litmos.md 7). What was deleted is in none of them.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, Reply};
use super::record::{Record, flag, put, text};
use super::state::{State, Team};
use super::users::moment;
use super::{Ask, wire};
use crate::simulate::clock::{seconds, timestamp};

/// Who made everything that was there from the start.
const MADE_BY: &str = "Starling Connect";

/// From when to when, in seconds since the epoch; both are wanted, seven days at most.
fn span(ask: &Ask) -> Result<std::ops::Range<u64>, Refusal> {
    let time = |name: &str| ask.query(name).and_then(moment).and_then(|text| seconds(&text));
    match (time("since"), time("to")) {
        (Some(since), Some(to)) if since <= to && to - since <= 7 * 86_400 => Ok(since..to),
        _ => Err(Refusal::new(406, "Please provide a valid since and to query string parameters")),
    }
}

/// A time as these feeds write it: milliseconds and no zone, or .NET's own form.
fn date(ask: &Ask, epoch: u64) -> Value {
    if ask.json && ask.flag_is("org-dates", "ms") {
        return json!(format!("/Date({})/", epoch * 1000));
    }
    json!(timestamp(epoch).trim_end_matches('Z'))
}

/// `GET /org/users/details`.
pub fn users(state: &State, ask: &Ask) -> Answer {
    let span = span(ask)?;
    let found = state.changed_users(&span);
    let rows = wire::Window::of(ask)?.cut(found).into_iter().map(|(user, updated)| {
        let created = seconds(text(&user, "CreatedDate")).unwrap_or_default();
        let original = user.get("OriginalId").cloned().unwrap_or_default();
        let mut row = wire::full(state, ask, user);
        // Without the part that signs in (targets/litmos.md 3, 14).
        put(&mut row, "LoginKey", "/login.aspx?loginkey=");
        put(&mut row, "CreatedDate", date(ask, created));
        put(&mut row, "UpdatedDate", date(ask, updated));
        put(&mut row, "CreatedBy", MADE_BY);
        put(&mut row, "UpdatedBy", MADE_BY);
        put(&mut row, "OriginalUserId", original);
        Value::Object(row)
    });
    Reply::list("Users", "User", rows.collect())
}

/// `GET /org/teams`.
pub fn teams(state: &State, ask: &Ask) -> Answer {
    let span = span(ask)?;
    let found: Vec<&Team> = state.teams.iter().filter(|team| span.contains(&team.updated)).collect();
    let rows = wire::Window::of(ask)?.cut(found).into_iter().map(|team| {
        json!({
            "Id": team.id,
            "Name": team.name,
            "OriginalTeamId": team.original,
            "Active": true,
            "CreatedDate": date(ask, team.created),
            "UpdatedDate": date(ask, team.updated),
            "CreatedBy": MADE_BY,
            "UpdatedBy": MADE_BY,
            "ParentTeamId": team.parent.clone().unwrap_or_default(),
            "TeamCodeForBulkImport": wire::code(team),
        })
    });
    Reply::list("Teams", "Team", rows.collect())
}

/// `GET /org/teams/users`.
pub fn members(state: &State, ask: &Ask) -> Answer {
    let span = span(ask)?;
    let mut rows = Vec::new();
    for team in &state.teams {
        for id in team.members.all() {
            let since = state.joined.get(&(team.id.clone(), id.clone())).copied();
            let since = since.unwrap_or_else(|| team.created.max(state.world_created(id)));
            if span.contains(&since)
                && let Some(user) = state.user(id)
            {
                rows.push(Value::Object(row(ask, team, &user, since)));
            }
        }
    }
    Reply::list("TeamUsers", "TeamUser", wire::Window::of(ask)?.cut(rows))
}

fn row(ask: &Ask, team: &Team, user: &Record, since: u64) -> Map<String, Value> {
    let id = text(user, "Id");
    let mut row = Map::new();
    put(&mut row, "TeamId", team.id.as_str());
    put(&mut row, "Id", id);
    put(&mut row, "OriginalTeamId", team.original);
    put(&mut row, "OriginalUserId", user.get("OriginalId").cloned().unwrap_or_default());
    put(&mut row, "Active", flag(user, "Active"));
    put(&mut row, "IsTeamLeader", team.leaders.iter().any(|leader| leader == id));
    put(&mut row, "IsTeamAdmin", team.admins.iter().any(|admin| admin == id));
    put(&mut row, "CreatedDate", date(ask, since));
    put(&mut row, "UpdatedDate", date(ask, since));
    put(&mut row, "CreatedBy", MADE_BY);
    put(&mut row, "UpdatedBy", MADE_BY);
    row
}
