//! The routes of teams (targets/litmos.md 5).

use serde_json::Value;

use super::answer::{Answer, Refusal, Reply};
use super::record::text;
use super::state::{State, Team};
use super::xml::Document;
use super::{Ask, wire};

/// The order of a team's elements in XML.
const FIELDS: [&str; 4] = ["Id", "Name", "Description", "ParentTeamId"];

/// Teams as a list shows them, searched and cut.
///
/// # Errors
/// 400 where `limit` is too high.
pub fn rows<'t>(ask: &Ask, teams: impl Iterator<Item = &'t Team>) -> Result<Vec<Value>, Refusal> {
    let part = ask.query("search").map(str::to_lowercase);
    let found = teams.filter(|team| part.as_ref().is_none_or(|part| team.name.to_lowercase().contains(part.as_str())));
    let rows = found.map(|team| wire::team_row(ask, team)).collect();
    Ok(wire::Window::of(ask)?.cut(rows))
}

/// `GET /teams`.
pub fn list(state: &State, ask: &Ask) -> Answer {
    Reply::list("Teams", "Team", rows(ask, state.teams.iter())?)
}

/// The team that a path names.
///
/// # Errors
/// 404.
pub fn reach<'s>(state: &'s State, id: &str) -> Result<&'s Team, Refusal> {
    state.team(id).ok_or_else(|| Refusal::no_team(id))
}

/// `GET /teams/{id}`: the only place with the description.
pub fn get(state: &State, ask: &Ask, id: &str) -> Answer {
    Reply::object(200, "Team", wire::team(ask, reach(state, id)?))
}

/// `GET /teams/{id}/teams`: those right below it.
pub fn children(state: &State, ask: &Ask, id: &str) -> Answer {
    reach(state, id)?;
    let below = state.teams.iter().filter(|team| team.parent.as_deref() == Some(id));
    Reply::list("Teams", "Team", rows(ask, below)?)
}

/// Whether a name is taken by another team; letter case is not minded, which is a choice.
fn is_taken(state: &State, ask: &Ask, name: &str, own: &str) -> bool {
    ask.has("unique-team-names")
        && state.teams.iter().any(|team| team.id != own && team.name.to_lowercase() == name.to_lowercase())
}

fn names(ask: &Ask) -> Result<(super::record::Record, String, String), Refusal> {
    let body = ask.fields(&FIELDS)?;
    let (name, description) = (text(&body, "Name").trim().to_owned(), text(&body, "Description").to_owned());
    if name.is_empty() || name.chars().count() > 100 || description.chars().count() > 1000 {
        return Err(Refusal::body());
    }
    Ok((body, name, description))
}

/// A parent that a body names; "", null and "0" name none.
fn named_parent(body: &super::record::Record) -> Option<String> {
    Some(text(body, "ParentTeamId")).filter(|id| !matches!(*id, "" | "0")).map(str::to_owned)
}

/// `POST /teams` and `POST /teams/{id}/teams`.
pub fn create(state: &mut State, ask: &Ask, above: Option<&str>) -> Answer {
    if let Some(above) = above {
        reach(state, above)?;
    }
    let (body, name, description) = names(ask)?;
    let parent = above.map(str::to_owned).or_else(|| named_parent(&body));
    if let Some(parent) = &parent {
        reach(state, parent)?;
    }
    if is_taken(state, ask, &name, "") {
        return Err(Refusal::conflict("Team name already exists"));
    }
    let team = state.fresh_team(&name, &description, parent);
    let status = if ask.flag_is("create-status", "200") { 200 } else { 201 };
    let shown = wire::team(ask, &team);
    state.teams.push(team);
    Reply::object(status, "Team", shown)
}

/// `PUT /teams/{id}`. A parent cannot be taken away (seeds 004, limitations); whether another can be given is unknown.
pub fn update(state: &mut State, ask: &Ask, id: &str) -> Answer {
    reach(state, id)?;
    let (body, name, description) = names(ask)?;
    if text(&body, "Id") != id {
        // Only that it must match is known, not the text.
        return Err(Refusal::new(
            404,
            "Please check the teamid in the xml/json and the teamid in the URL. They must match.",
        ));
    }
    if is_taken(state, ask, &name, id) {
        return Err(Refusal::conflict("Team name already exists"));
    }
    let parent = named_parent(&body).filter(|_| ask.flag_is("parent-change", "moved"));
    if let Some(parent) = &parent {
        let mut at = Some(parent.as_str());
        while let Some(above) = at {
            if above == id {
                return Err(Refusal::body());
            }
            at = reach(state, above)?.parent.as_deref();
        }
    }
    let partial = ask.flag_is("put-partial", "merge") && !body.contains_key("Description");
    let Some(team) = state.team_mut(id) else { return Err(Refusal::no_team(id)) };
    team.name = name;
    if !partial {
        team.description = description;
    }
    if parent.is_some() {
        team.parent = parent;
    }
    team.updated = crate::simulate::clock::epoch();
    if ask.flag_is("team-put", "team") {
        let value = Value::Object(wire::team(ask, team));
        return Ok(Reply::Document(200, Document { root: "Team", item: "Team", value, xml: None }));
    }
    Reply::empty()
}

/// `DELETE /teams/{id}`. What becomes of the teams below is unknown: they move up, or go too.
pub fn delete(state: &mut State, ask: &Ask, id: &str) -> Answer {
    let parent = reach(state, id)?.parent.clone();
    let mut gone = vec![id.to_owned()];
    if ask.flag_is("team-delete", "cascade") {
        let mut at = 0;
        while let Some(above) = gone.get(at).cloned() {
            let below = state.teams.iter().filter(|team| team.parent.as_ref() == Some(&above));
            gone.extend(below.map(|team| team.id.clone()));
            at += 1;
        }
    }
    state.teams.retain(|team| !gone.contains(&team.id));
    for team in state.teams.iter_mut().filter(|team| team.parent.as_deref() == Some(id)) {
        team.parent.clone_from(&parent);
    }
    Reply::empty()
}
