//! The routes of users (targets/litmos.md 4).

use serde_json::{Value, json};

use super::answer::{Answer, Refusal, Reply};
use super::record::{self, Record, flag, put, text};
use super::state::{Mail, State};
use super::xml::Document;
use super::{Ask, wire};
use crate::simulate::clock::seconds;

/// `GET /users`: inactive ones included, unless they are not wanted.
pub fn list(state: &State, ask: &Ask) -> Answer {
    let (rows, _) = wire::users(state, ask, None)?;
    Reply::list("Users", "User", rows.iter().map(|user| wire::summary(ask, user)).collect())
}

/// `GET /users/paginated`: the same with the total. The keys in JSON are unknown; those of the XML are taken.
pub fn paginated(state: &State, ask: &Ask) -> Answer {
    let (rows, total) = wire::users(state, ask, None)?;
    let window = wire::Window::of(ask)?;
    let value = json!({
        "Pagination": {
            "BatchParam": "start",
            "BatchSize": window.limit,
            "Start": window.start,
            "TotalCount": total,
        },
        "Items": rows.iter().map(|user| wire::summary(ask, user)).collect::<Vec<_>>(),
    });
    Ok(Reply::Document(200, Document { root: "UserCollection", item: "User", value, xml: None }))
}

/// `GET /users/details`: full records; `since` is about the day of creation.
pub fn details(state: &State, ask: &Ask) -> Answer {
    let since = match ask.query("since") {
        None => None,
        Some(text) => Some(moment(text).ok_or_else(|| Refusal::new(406, "Please provide a valid since parameter"))?),
    };
    let (rows, _) = wire::users(state, ask, since.as_deref())?;
    let rows = rows.into_iter().map(|user| Value::Object(wire::full(state, ask, user))).collect();
    Reply::list("Users", "User", rows)
}

/// A time of the query as records write it: `yyyy-MM-dd`, with `HH:mm`, or with `HH:mm:ss`.
pub fn moment(text: &str) -> Option<String> {
    let (day, time) = text.trim().split_once([' ', 'T']).unwrap_or((text.trim(), "00:00:00"));
    let written = match time.len() {
        5 => format!("{day}T{time}:00Z"),
        _ => format!("{day}T{time}Z"),
    };
    let fits = |(have, form): (char, char)| if form == '0' { have.is_ascii_digit() } else { have == form };
    let form = "0000-00-00T00:00:00Z";
    let all = written.len() == form.len() && written.chars().zip(form.chars()).all(fits);
    (all && seconds(&written).is_some()).then_some(written)
}

/// The user that a path names, by id or by user name; ids mind letter case, user names by choice do not.
///
/// # Errors
/// 404.
pub fn reach(state: &State, ask: &Ask, id: &str) -> Result<Record, Refusal> {
    let exact = ask.flag_is("user-name-case", "exact");
    state.user(id).or_else(|| state.by_name(id, exact)).ok_or_else(|| Refusal::no_user(id))
}

/// `GET /users/{Id or UserName}`.
pub fn get(state: &State, ask: &Ask, id: &str) -> Answer {
    let user = reach(state, ask, id)?;
    Reply::object(200, "User", wire::full(state, ask, user))
}

/// `POST /users`.
pub fn create(state: &mut State, ask: &Ask) -> Answer {
    let body = ask.user_fields()?;
    let mut user = record::blank();
    record::lay(&mut user, &body)?;
    // The body's flag was ignored when it was recorded (targets/litmos.md 3, 17); Active is true where nothing is said.
    let skip = ask.is_true("skipfirstlogin");
    let honoured = ask.flag_is("skip-first-login-body", "honoured") && flag(&user, "SkipFirstLogin");
    put(&mut user, "SkipFirstLogin", skip || honoured);
    if !body.contains_key("Active") {
        put(&mut user, "Active", true);
    }
    check(state, ask, &mut user, None)?;
    let user = admit(state, user, &body, ask.is_true("sendmessage"));
    let status = if ask.flag_is("create-status", "200") { 200 } else { 201 };
    Reply::object(status, "User", wire::full(state, ask, user))
}

/// Adds a user that was checked.
pub fn admit(state: &mut State, user: Record, body: &Record, mail: bool) -> Record {
    let user = state.add_user(user);
    password(state, &user, body);
    if mail && !flag(&user, "DisableMessages") {
        state.mails.push(Mail { to: text(&user, "Email").to_owned(), about: "welcome" });
    }
    user
}

/// `PUT /users/{Id}`: the whole record.
pub fn update(state: &mut State, ask: &Ask, id: &str) -> Answer {
    let body = ask.user_fields()?;
    if state.was_deleted(id) {
        // The seed's last limitation: nobody catches it. What GET says of such a user is 404.
        let gone = ask.flag_is("deleted-put", "404");
        return Err(if gone { Refusal::no_user(id) } else { Refusal::unhandled() });
    }
    let before = state.user(id).ok_or_else(|| Refusal::no_user(id))?;
    // One client that works with the real service (Trifoia's) leaves the body's id blank; another id is refused.
    if !["", id].contains(&text(&body, "Id")) {
        return Err(Refusal::ids());
    }
    let mut user = before.clone();
    if !ask.flag_is("put-partial", "merge") {
        let blank = record::blank();
        for field in record::FIELDS.iter().filter(|field| field.form != record::Form::Own) {
            put(&mut user, field.name, blank[field.name].clone());
        }
    }
    record::lay(&mut user, &body)?;
    check(state, ask, &mut user, Some(id))?;
    password(state, &user, &body);
    state.put_user(user);
    Reply::empty()
}

/// A password is never told; unless the flag says otherwise it has to be changed at the next log-in (seeds 004).
fn password(state: &mut State, user: &Record, body: &Record) {
    if !text(body, "Password").is_empty() {
        state.passwords.insert(text(user, "Id").to_owned(), !flag(user, "SkipFirstLogin"));
    }
}

/// `DELETE /users/{Id}`: for good.
pub fn delete(state: &mut State, id: &str) -> Answer {
    if state.remove_user(id) {
        Reply::empty()
    } else {
        Err(Refusal::new(403, "No user with this id exists in your organization"))
    }
}

/// Job roles that the organisation has.
const JOB_ROLES: [&str; 4] = ["", "Engineer", "Manager", "Sales"];

/// What the service makes of a record, and what it refuses (targets/litmos.md 2). 409 is also the status of values that are
/// wrong. `own` is the id of the record that is being changed.
///
/// # Errors
/// 400, 404 or 409.
pub fn check(state: &State, ask: &Ask, user: &mut Record, own: Option<&str>) -> Result<(), Refusal> {
    let name = text(user, "UserName").trim().to_owned();
    if name.chars().count() <= 3 {
        return Err(Refusal::conflict("Username must be greater than 3 characters."));
    }
    if !name.chars().all(|c| c.is_alphanumeric() || "@._-+'".contains(c)) {
        return Err(Refusal::conflict("Invalid special character's in the username."));
    }
    if state.by_name(&name, false).is_some_and(|other| Some(text(&other, "Id")) != own) {
        return Err(Refusal::conflict("UserName already exists"));
    }
    // Which status a missing name has is not documented.
    if text(user, "FirstName").trim().is_empty() || text(user, "LastName").trim().is_empty() {
        return Err(Refusal::body());
    }
    let mut email = text(user, "Email").trim().to_owned();
    // A blank one is that of the user name, as the seed and a client have it (targets/litmos.md 3, 8); the documented 409 is
    // for what stays blank after that, and nobody says whether it comes first (`always`).
    if email.is_empty() && !flag(user, "IsCustomUsername") && !ask.flag_is("email-required", "always") {
        email.clone_from(&name);
    }
    if email.is_empty() && !ask.flag_is("email-required", "off") {
        return Err(Refusal::conflict("Invalid email address"));
    }
    if !email.is_empty() && !is_address(&email) {
        return Err(Refusal::conflict("Invalid email address"));
    }
    let access = match text(user, "AccessLevel").to_ascii_lowercase().as_str() {
        // Letter case on write is unknown (targets/litmos.md 13.14); one client sends small letters.
        "learner" | "trainee" | "" => "Learner",
        "team_leader" => "Team_Leader",
        "administrator" | "trainer" => "Administrator",
        "account_owner" => "Account_Owner",
        _ => return Err(Refusal::body()),
    };
    let culture = Some(text(user, "Culture")).filter(|culture| !culture.is_empty()).unwrap_or("en-US").to_owned();
    if !is_culture(&culture) {
        return Err(Refusal::conflict("Culture is invalid"));
    }
    if !JOB_ROLES.contains(&text(user, "JobRole")) {
        return Err(Refusal::conflict("Job Role is invalid"));
    }
    // What an IANA name does is unknown; here it is dropped without a word, so that nobody relies on it.
    let zone = Some(text(user, "TimeZone")).filter(|zone| !zone.contains('/')).unwrap_or_default().to_owned();
    let manager = match text(user, "ManagerId") {
        // Which of the two clears it is unknown (targets/litmos.md 13.3): both do.
        "" | "0" => "0".to_owned(),
        id if state.has_user(id) => id.to_owned(),
        _ => return Err(Refusal::ids()),
    };
    if flag(user, "EnableTextNotification") {
        let mobile = text(user, "PhoneMobile");
        if mobile.is_empty() {
            return Err(Refusal::new(400, "Mobile Number required to enable text message notifications"));
        }
        let good = mobile
            .strip_prefix('+')
            .is_some_and(|rest| (7..=15).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_digit()));
        if !good {
            let text = "Invalid Phone Number. Please enter the phone number in the format +15554443333";
            return Err(Refusal::new(400, text));
        }
    }
    let full = format!("{} {}", text(user, "FirstName"), text(user, "LastName"));
    let brand = Some(text(user, "Brand")).filter(|brand| !brand.is_empty()).unwrap_or("Default").to_owned();
    for (key, value) in [
        ("UserName", name.as_str()),
        ("Email", &email),
        ("AccessLevel", access),
        ("Culture", &culture),
        ("TimeZone", &zone),
        ("ManagerId", &manager),
        ("FullName", &full),
        ("Brand", &brand),
    ] {
        put(user, key, value);
    }
    Ok(())
}

fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.contains('@') && domain.contains('.') && !text.contains(char::is_whitespace)
    })
}

fn is_culture(text: &str) -> bool {
    let mut parts = text.split('-');
    let small = |part: &str| (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let mark = |part: &str| {
        let script = part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
        script || (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_uppercase()))
    };
    parts.next().is_some_and(small) && parts.clone().count() <= 2 && parts.all(mark)
}
