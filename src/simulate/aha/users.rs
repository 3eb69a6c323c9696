//! The routes of users and their roles on products (targets/aha.md 8, 10).

use serde_json::{Value, json};

use super::ledger::{Ledger, User, set_pair as put_pair};
use super::wire::{self, Form, Page};
use super::{Answer, Ask, Refusal};
use crate::simulate::clock::epoch;
use crate::simulate::world::catalog::{self, Role};

/// `GET /me`.
pub fn me(ledger: &Ledger, ask: &Ask) -> Answer {
    let caller = ledger.user(ask.caller).ok_or(Refusal::NotFound)?;
    let mut user = wire::brief(&caller);
    user.insert("product_roles".to_owned(), wire::pairs(ledger, ask, &caller).into());
    let current = caller.account.pairs.first().map(|(product, _)| ledger.world.aha_product_id(*product));
    user.insert("preferences".to_owned(), json!({ "current_product_id": current }));
    let accounts = ledger.memberships.iter().map(|domain| {
        let mut name = domain.clone();
        name[..1].make_ascii_uppercase();
        json!({ "account": { "name": name, "domain": domain, "logo": null, "alt_logo": null, "enabled": true } })
    });
    user.insert("accounts".to_owned(), accounts.collect());
    Ok(Some(json!({ "user": user })))
}

/// `GET /users`: disabled ones included, ordered by id; the only filter is `email`.
pub fn list(ledger: &mut Ledger, ask: &Ask) -> Answer {
    administrators_only(ledger, ask)?;
    let asked = Page::of(ask);
    let rows = |users: &[User], ledger: &Ledger| -> Vec<Value> {
        users.iter().map(|u| wire::user(ledger, ask, u, Form::List)).collect()
    };
    if let Some(email) = ask.query("email") {
        let found = if ask.flag_is("email-match", "contains") {
            let part = email.to_lowercase();
            (0..ledger.count())
                .filter_map(|place| ledger.at(place))
                .filter(|u| u.account.email.to_lowercase().contains(&part))
                .collect()
        } else {
            ledger.by_email(email)
        };
        return Ok(Some(wire::page_of("users", &rows(&found, ledger), ask)));
    }
    drift(ledger, ask, &asked);
    let total = u64::from(ledger.count());
    let users: Vec<User> = asked.places(total).filter_map(|place| ledger.at(place as u32)).collect();
    Ok(Some(wire::page("users", rows(&users, ledger), total, &asked)))
}

/// Moves the rows between two pages, where that was asked for.
fn drift(ledger: &mut Ledger, ask: &Ask, asked: &Page) {
    if asked.number > 1 && ask.faults.spend("drift") {
        ledger.drift_in();
    }
    if ask.faults.flag("drift-remove").is_some() {
        if asked.number == 1 && ledger.drifted() == 0 {
            ledger.drift_in();
        } else if asked.number > 1 && ask.faults.spend("drift-remove") {
            ledger.drift_out();
        }
    }
}

/// `GET /users/{id}`.
pub fn get(ledger: &Ledger, ask: &Ask, id: &str) -> Answer {
    let user = reach(ledger, ask, id)?;
    Ok(Some(json!({ "user": wire::user(ledger, ask, &user, Form::Get) })))
}

/// `PUT /users/{id}`: only what is sent changes, and roles are not among it.
pub fn update(ledger: &mut Ledger, ask: &Ask, id: &str) -> Answer {
    let mut user = reach(ledger, ask, id)?;
    let wanted = ask.wrapped("user")?;
    let before = user.account.clone();
    let account = &mut user.account;
    let mut renamed = false;
    for (key, label, field) in
        [("first_name", "First name", &mut account.first), ("last_name", "Last name", &mut account.last)]
    {
        if let Some(value) = wanted.get(key) {
            *field = text(value, label)?;
            renamed = true;
        }
    }
    if renamed {
        // A change of one part changes its word of the name (targets/aha.md 8.1).
        account.name = format!("{} {}", account.first, account.last);
    }
    if let Some(value) = wanted.get("email") {
        account.email = email(value)?;
        if ledger.by_email(&account.email).iter().any(|other| other.account.slot != account.slot) {
            return Err(Refusal::Invalid("Email has already been taken".to_owned()));
        }
    }
    if let Some(value) = wanted.get("enabled") {
        account.enabled = truth(value, "Enabled")?;
    }
    if let Some(value) = wanted.get("administrator") {
        account.administers = [truth(value, "Administrator")?; 3];
    }
    if let Some(Value::Object(roles)) = wanted.get("administrator_roles") {
        let keys = ["administer_account", "administer_billing", "administer_configuration"];
        for (flag, key) in account.administers.iter_mut().zip(keys) {
            if let Some(value) = roles.get(key) {
                *flag = truth(value, key)?;
            }
        }
    }
    let was_billing = before.enabled && before.administers[1];
    let is_billing = account.enabled && account.administers[1];
    if was_billing && !is_billing && !ledger.has_other_billing_administrator(before.slot) {
        // The rule is documented, its words are not.
        return Err(Refusal::Invalid("Account must have at least one billing administrator".to_owned()));
    }
    if account.enabled && !before.enabled {
        take_seat(ask)?;
    }
    if *account != before {
        account.updated = epoch();
        ledger.put(user.clone());
    }
    Ok(Some(wire::user(ledger, ask, &user, Form::Put)))
}

/// `POST /products/{id}/users`: the only way to create a user.
pub fn create(ledger: &mut Ledger, ask: &Ask, product: &str) -> Answer {
    let found = ledger.product(product);
    let caller = ledger.user(ask.caller);
    let owner = || {
        let pairs = caller.as_ref().map(|u| u.account.pairs.as_slice()).unwrap_or_default();
        found.is_some_and(|product| pairs.contains(&(product, catalog::OWNER)))
    };
    if !(ask.flag_is("perm-mode", "owner_can_add") && owner()) {
        administrators_only(ledger, ask)?;
    }
    let product = found.ok_or(Refusal::NotFound)?;
    let wanted = ask.wrapped("user")?;
    let value = |key: &str| wanted.get(key).unwrap_or(&Value::Null);
    let email = email(value("email"))?;
    let first = text(value("first_name"), "First name")?;
    let last = text(value("last_name"), "Last name")?;
    let role = role(ask, value("role"))?;
    let mut user = match ledger.by_email(&email).into_iter().next() {
        // What really happens is unknown (targets/aha.md 8.5); a known client relies on the first.
        Some(known) if !ask.flag_is("dup-email", "400") => known,
        Some(_) => return Err(Refusal::Invalid("Email has already been taken".to_owned())),
        None => {
            take_seat(ask)?;
            let mut fresh = ledger.fresh(&first, &last, &email);
            fresh.account.sso = wanted.get("identity_provider_id").is_some_and(|v| !v.is_null());
            fresh
        }
    };
    put_pair(&mut user.account, product, role);
    ledger.put(user.clone());
    Ok(Some(json!({ "role": role.code, "role_description": role.label, "user": wire::brief(&user) })))
}

/// `GET /products/{id}/users`.
pub fn of_product(ledger: &Ledger, ask: &Ask, product: &str) -> Answer {
    let product = ledger.product(product).ok_or(Refusal::NotFound)?;
    let rows: Vec<Value> = (0..ledger.count())
        .filter_map(|place| ledger.at(place))
        .filter_map(|user| {
            let (_, role) = user.account.pairs.iter().find(|(p, r)| *p == product && *r != catalog::NONE)?;
            Some(json!({ "role": role.code, "role_description": role.label, "user": wire::brief(&user) }))
        })
        .collect();
    Ok(Some(wire::page_of("project_users", &rows, ask)))
}

/// `GET /users/{id}/product_roles`.
pub fn pairs(ledger: &Ledger, ask: &Ask, id: &str) -> Answer {
    let user = reach(ledger, ask, id)?;
    Ok(Some(wire::page_of("product_roles", &wire::pairs(ledger, ask, &user), ask)))
}

/// `POST /users/{id}/product_roles`: adds or changes one pair. Whether that moves the user's `updated_at` is unknown; it does
/// not here, so that nobody relies on it.
pub fn set_pair(ledger: &mut Ledger, ask: &Ask, id: &str) -> Answer {
    let mut user = reach(ledger, ask, id)?;
    let wanted = ask.wrapped("product_role");
    let product = wanted.as_ref().ok().and_then(|w| w.get("product_id")).map(id_text);
    let product = match product {
        Some(id) => ledger.product(&id).ok_or(Refusal::NotFound)?,
        None => {
            return Err(Refusal::BadRequest("param is missing or the value is empty: product_role".to_owned()));
        }
    };
    let role = role(ask, wanted?.get("role").unwrap_or(&Value::Null))?;
    put_pair(&mut user.account, product, role);
    ledger.put(user);
    Ok(Some(wire::pair(ledger, ask, product, role)))
}

/// `DELETE /users/{id}/product_roles/{product}`: by id or key.
pub fn remove_pair(ledger: &mut Ledger, ask: &Ask, id: &str, product: &str) -> Answer {
    let mut user = reach(ledger, ask, id)?;
    let product = ledger.product(product).ok_or(Refusal::NotFound)?;
    let before = user.account.pairs.len();
    user.account.pairs.retain(|(p, _)| *p != product);
    if user.account.pairs.len() == before {
        return if ask.flag_is("delete-absent", "204") { Ok(None) } else { Err(Refusal::NotFound) };
    }
    ledger.put(user);
    Ok(None)
}

/// The user of an id, if the caller may see users at all: 403 comes before 404.
pub(super) fn reach(ledger: &Ledger, ask: &Ask, id: &str) -> Result<User, Refusal> {
    administrators_only(ledger, ask)?;
    let user = ledger.by_id(id).ok_or(Refusal::NotFound)?;
    let drifted = user.account.slot == u32::MAX && ask.method != "GET";
    if drifted { Err(Refusal::NotFound) } else { Ok(user) }
}

/// Who may is undocumented; the cautious reading is the default (targets/aha.md 8.8).
pub(super) fn administrators_only(ledger: &Ledger, ask: &Ask) -> Result<(), Refusal> {
    let caller = ledger.user(ask.caller);
    let may = caller.is_some_and(|u| u.account.administers[0] || u.account.administers[1]);
    if may || ask.flag_is("perm-mode", "open") { Ok(()) } else { Err(Refusal::Forbidden) }
}

fn take_seat(ask: &Ask) -> Result<(), Refusal> {
    if ask.faults.flag("seats").is_some() && !ask.faults.spend("seats") {
        return Err(Refusal::Invalid("There are no paid seats available".to_owned()));
    }
    Ok(())
}

/// Nothing is refused here: a role that is unknown, or given as a number or by its label, silently becomes the default one
/// (the seed's sixth limitation; which role that is, is a choice).
fn role(ask: &Ask, value: &Value) -> Result<Role, Refusal> {
    if value.is_null() || value == "" {
        return Err(Refusal::Invalid("Role can't be blank".to_owned()));
    }
    let named = |name: &str| catalog::WRITABLE.into_iter().find(|r| r.token == name);
    let fallback = ask.faults.flag("unknown-role-fallback").and_then(|name| named(&name)).unwrap_or(catalog::VIEWER);
    if ask.faults.spend("role-default") {
        return Ok(fallback);
    }
    Ok(value.as_str().and_then(named).unwrap_or(fallback))
}

fn text(value: &Value, label: &str) -> Result<String, Refusal> {
    let text = value.as_str().map(str::trim).unwrap_or_default();
    if text.is_empty() { Err(Refusal::Invalid(format!("{label} can't be blank"))) } else { Ok(text.to_owned()) }
}

fn email(value: &Value) -> Result<String, Refusal> {
    let email = text(value, "Email")?;
    let good = email.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'));
    if good { Ok(email) } else { Err(Refusal::Invalid("Email is invalid".to_owned())) }
}

/// Booleans may come as text (targets/aha.md 6).
fn truth(value: &Value, label: &str) -> Result<bool, Refusal> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        Value::String(text) if text == "true" => Ok(true),
        Value::String(text) if text == "false" => Ok(false),
        _ => Err(Refusal::Invalid(format!("{label} must be 'true' or 'false'"))),
    }
}

/// Ids come as text or as numbers.
pub(super) fn id_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
