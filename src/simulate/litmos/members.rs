//! The routes of who is in which team (targets/litmos.md 4, 5).

use super::answer::{Answer, Refusal, Reply};
use super::record::{flag, put, text};
use super::state::{Mail, State};
use super::{Ask, teams, users, wire};

/// `GET /teams/{id}/users`: active members only.
pub fn of_team(state: &State, ask: &Ask, id: &str) -> Answer {
    let team = teams::reach(state, id)?;
    let all = ask.flag_is("team-users-active-only", "off");
    let members = team.members.all().iter().filter_map(|id| state.user(id)).filter(|user| all || flag(user, "Active"));
    let found = members.filter(|user| ask.query("search").is_none_or(|part| wire::fits(user, part)));
    let rows = found.map(|user| wire::summary(ask, &user)).collect();
    Reply::list("Users", "User", wire::Window::of(ask)?.cut(rows))
}

/// `POST /teams/{id}/users`: ids that nobody has, and those of members, are ignored without a word.
pub fn add(state: &mut State, ask: &Ask, id: &str) -> Answer {
    let ids = ask.ids()?;
    if state.team(id).is_none() || ids.is_empty() {
        let text = format!("No team with this {id} exists in your organization or the user list is empty");
        return Err(Refusal::new(404, text));
    }
    for user in &ids {
        if state.join(id, user) {
            mail(state, ask, user);
        }
    }
    Ok(Reply::Empty(201))
}

fn mail(state: &mut State, ask: &Ask, user: &str) {
    if let Some(user) = state.user(user).filter(|user| ask.is_true("sendmessage") && !flag(user, "DisableMessages")) {
        state.mails.push(Mail { to: text(&user, "Email").to_owned(), about: "team" });
    }
}

fn no_member(team: &str, user: &str) -> Refusal {
    Refusal::new(404, format!("User: {user} does not exist on the team: {team}"))
}

/// `DELETE /teams/{id}/users/{uid}`: one at a time.
pub fn remove(state: &mut State, id: &str, user: &str) -> Answer {
    let team = state.team_mut(id).ok_or_else(|| Refusal::no_team(id))?;
    if !team.leave(user) {
        return Err(no_member(id, user));
    }
    state.joined.remove(&(id.to_owned(), user.to_owned()));
    Reply::empty()
}

/// `GET /users/{Id}/teams`. That inactive users keep theirs is unconfirmed (targets/litmos.md 13.8).
pub fn teams_of(state: &State, ask: &Ask, id: &str) -> Answer {
    let user = users::reach(state, ask, id)?;
    let id = text(&user, "Id");
    let hidden = ask.flag_is("user-teams-inactive", "hidden") && !flag(&user, "Active");
    let theirs = state.teams.iter().filter(|team| !hidden && team.members.has(id));
    Reply::list("Teams", "Team", teams::rows(ask, theirs)?)
}

/// `POST /users/{Id}/teams`: the strict way; one bad team, or one that the user is on, and nothing happens.
pub fn add_teams(state: &mut State, ask: &Ask, id: &str) -> Answer {
    let user = users::reach(state, ask, id)?;
    let (id, ids) = (text(&user, "Id"), ask.ids()?);
    if ids.is_empty() || ids.len() > 25 || ids.iter().any(|team| state.team(team).is_none()) {
        return Err(Refusal::new(404, "Invalid Team Id found in the list or Maximum TeamIds is 25"));
    }
    if ids.iter().any(|team| state.team(team).is_some_and(|team| team.members.has(id))) {
        return Err(Refusal::conflict("The user already belongs to one or more of the teams"));
    }
    for team in &ids {
        if state.join(team, id) {
            mail(state, ask, id);
        }
    }
    Reply::empty()
}

/// `DELETE /users/{Id}/teams`: from all of them.
pub fn leave_all(state: &mut State, id: &str) -> Answer {
    if !state.has_user(id) {
        return Err(Refusal::no_user(id));
    }
    for team in &mut state.teams {
        team.leave(id);
    }
    state.joined.retain(|(_, user), _| user != id);
    Reply::empty()
}

/// `GET /teams/{id}/leaders` and `/admins`.
pub fn officers(state: &State, ask: &Ask, id: &str, office: &str) -> Answer {
    let team = teams::reach(state, id)?;
    let ids = if office == "leaders" { &team.leaders } else { &team.admins };
    let rows = ids.iter().filter_map(|id| state.user(id)).map(|user| wire::summary(ask, &user)).collect();
    Reply::list("Users", "User", wire::Window::of(ask)?.cut(rows))
}

/// `PUT` and `DELETE` of `/teams/{id}/leaders/{uid}` and `/admins/{uid}`; only a member can be promoted.
pub fn appoint(state: &mut State, ask: &Ask, (id, office, user): (&str, &str, &str), promote: bool) -> Answer {
    let team = state.team_mut(id).ok_or_else(|| Refusal::no_team(id))?;
    let member = team.members.has(user);
    let officers = if office == "leaders" { &mut team.leaders } else { &mut team.admins };
    let holds = officers.iter().any(|id| id == user);
    if !member || (!promote && !holds) {
        return Err(no_member(id, user));
    }
    if promote && !holds {
        officers.push(user.to_owned());
    } else if !promote {
        officers.retain(|id| id != user);
    }
    let steers = state.teams.iter().any(|team| team.leaders.iter().chain(&team.admins).any(|id| id == user));
    let level = match (promote, steers) {
        (true, _) => Some(("Learner", "Team_Leader")),
        // Whether a demotion takes the level of the profile back is unknown (targets/litmos.md 13.17).
        (false, false) if ask.flag_is("demotion", "resets") => Some(("Team_Leader", "Learner")),
        _ => None,
    };
    if let (Some((from, to)), Some(mut record)) = (level, state.user(user))
        && text(&record, "AccessLevel") == from
    {
        put(&mut record, "AccessLevel", to);
        state.put_user(record);
    }
    Reply::empty()
}
