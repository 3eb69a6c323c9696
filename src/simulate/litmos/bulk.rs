//! Bulk imports: many users in one request, carried out later (targets/litmos.md 7).

use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, Reply};
use super::learners::instant;
use super::record::{self, Record, put, text};
use super::state::State;
use super::{Ask, Body, custom, users, wire};
use crate::simulate::clock::epoch;

/// One import.
#[derive(Debug, Clone)]
pub struct Import {
    id: String,
    date: u64,
    rows: Vec<Record>,
    /// How often it was looked at before it was completed.
    looks: u32,
    completed: bool,
    created: u32,
    duplicate: u32,
    invalid_email: u32,
    /// User name and reason.
    failed: Vec<(String, String)>,
    mail: bool,
    skip: bool,
}

/// More is refused (targets/litmos.md 7).
const MOST: usize = 2_000;

/// `POST /bulkimports`.
pub fn start(state: &mut State, ask: &Ask) -> Answer {
    let rows: Vec<Record> = match &ask.body {
        Body::Json(Value::Array(rows)) => {
            rows.iter().map(|row| row.as_object().cloned().ok_or_else(Refusal::body)).collect::<Result<_, _>>()?
        }
        Body::Xml(element) => {
            let record = |row: &super::xml::Element| row.children.iter().map(|f| (f.name.clone(), f.value())).collect();
            element.children.iter().map(record).collect()
        }
        _ => return Err(Refusal::body()),
    };
    if rows.is_empty() || rows.len() > MOST {
        return Err(Refusal::body());
    }
    let import = Import {
        id: state.fresh_id("import"),
        date: epoch(),
        rows,
        looks: 0,
        completed: false,
        created: 0,
        duplicate: 0,
        invalid_email: 0,
        failed: Vec::new(),
        mail: ask.is_true("sendmessage"),
        skip: ask.is_true("skipfirstlogin"),
    };
    let shown = shown(&import);
    state.imports.push(import);
    Reply::object(200, "BulkImport", shown)
}

fn shown(import: &Import) -> Map<String, Value> {
    let status = match (import.completed, import.looks) {
        (true, _) => "Completed",
        (false, 0) => "Waiting",
        (false, _) => "Processing",
    };
    let fields = [
        ("Id", json!(import.id)),
        ("ImportDate", json!(instant(import.date))),
        ("Status", json!(status)),
        ("TotalRecords", json!(import.rows.len())),
        ("TotalUsersCreated", json!(import.created)),
        ("Failed", json!(import.failed.len())),
        ("Duplicate", json!(import.duplicate)),
        ("InvalidEmail", json!(import.invalid_email)),
        ("SendEmails", json!(import.mail)),
        ("SkipFirstLogin", json!(import.skip)),
    ];
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// `GET /bulkimports`.
pub fn list(state: &State, ask: &Ask) -> Answer {
    let rows = state.imports.iter().map(|import| Value::Object(shown(import))).collect();
    Reply::list("BulkImports", "BulkImport", wire::Window::of(ask)?.cut(rows))
}

fn place(state: &State, id: &str) -> Result<usize, Refusal> {
    let found = state.imports.iter().position(|import| import.id == id);
    found.ok_or_else(|| Refusal::new(404, format!("Bulk import - {id} was not found")))
}

/// `GET /bulkimports/{id}`; each look brings it nearer to its end.
pub fn get(state: &mut State, ask: &Ask, id: &str) -> Answer {
    let at = place(state, id)?;
    let enough = ask.faults.flag("import-polls").and_then(|polls| polls.parse().ok()).unwrap_or(2);
    let mut import = state.imports[at].clone();
    import.looks += 1;
    if !import.completed && import.looks >= enough {
        import.completed = true;
        for row in import.rows.clone() {
            if let Err(refusal) = carry_out(state, ask, &mut import, &row) {
                import.invalid_email += u32::from(refusal.text == "Invalid email address");
                import.failed.push((text(&row, "Username").to_owned(), refusal.text));
            }
        }
    }
    let shown = shown(&import);
    state.imports[at] = import;
    Reply::object(200, "BulkImport", shown)
}

/// One row: the user name is the key, and what is blank is left alone.
fn carry_out(state: &mut State, ask: &Ask, import: &mut Import, row: &Record) -> Result<(), Refusal> {
    let mut body: Record = row.clone();
    body.retain(|_, value| !value.is_null() && *value != "");
    let name = body.remove("Username").unwrap_or_default();
    let name = name.as_str().unwrap_or_default().to_owned();
    put(&mut body, "UserName", name.as_str());
    if let Some(level) = body.get("AccessLevel").and_then(Value::as_str) {
        let level = match level {
            "L" | "5" => "Learner",
            "TL" | "TA" => "Team_Leader",
            "2" => "Account_Owner",
            "3" => "Administrator",
            other => other,
        };
        let level = level.to_owned();
        put(&mut body, "AccessLevel", level);
    }
    if let Some(manager) = body.remove("Manager").as_ref().and_then(Value::as_str) {
        let found = state.by_name(manager, false).or_else(|| state.user(manager)).ok_or_else(Refusal::ids)?;
        put(&mut body, "ManagerId", text(&found, "Id"));
    }
    let user = match state.by_name(&name, false) {
        Some(mut user) => {
            import.duplicate += 1;
            record::lay(&mut user, &body)?;
            let id = text(&user, "Id").to_owned();
            users::check(state, ask, &mut user, Some(&id))?;
            state.put_user(user.clone());
            user
        }
        None => {
            let mut user = record::blank();
            put(&mut user, "Active", true);
            record::lay(&mut user, &body)?;
            put(&mut user, "IsCustomUsername", !name.contains('@'));
            put(&mut user, "SkipFirstLogin", import.skip);
            users::check(state, ask, &mut user, None)?;
            import.created += 1;
            users::admit(state, user, &body, import.mail)
        }
    };
    for number in 1..=25 {
        if let Some(value) = body.get(&format!("UserCustomField{number}")).and_then(Value::as_str) {
            custom::set_by_number(state, &user, number, value)?;
        }
    }
    for number in 1..=5 {
        let Some(code) = body.get(&format!("Team{number}")).and_then(Value::as_str) else { continue };
        let team = state.teams.iter().find(|team| wire::code(team) == code).map(|team| team.id.clone());
        let team = team.ok_or_else(|| Refusal::new(404, "Invalid team code"))?;
        state.join(&team, text(&user, "Id"));
    }
    Ok(())
}

/// `GET /bulkimports/{id}/usererrors`.
pub fn errors(state: &State, ask: &Ask, id: &str) -> Answer {
    let import = &state.imports[place(state, id)?];
    let rows = import.failed.iter().map(|(name, told)| json!({ "Username": name, "ImportStatus": told })).collect();
    Reply::list("UserErrors", "UserError", wire::Window::of(ask)?.cut(rows))
}
