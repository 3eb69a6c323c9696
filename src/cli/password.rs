//! A user's password that is set anew from the command line: the plan names it, the push asks for it, and nothing keeps it.

use anyhow::{Context, bail};

use super::ask;
use crate::engine::Session;
use crate::engine::protocol::World;
use crate::model::{AttrPath, Kind, RecordKey};
use crate::plan::reset::{From, is_typed, reset, resettable};
use crate::plan::{Change, Plan};

/// The change that sets it. `user`: a user name or an id of the system.
///
/// # Errors
/// When there is no such user, or no password can be set there.
pub fn change(world: &World, system: &str, user: &str, from_setting: bool) -> anyhow::Result<Change> {
    let view = world.compared.inputs.systems.iter().find(|view| view.id.as_str() == system);
    let view = view.with_context(|| format!("there is no system {system}"))?;
    let Some(row) = resettable(&view.mapping, Kind::User) else { bail!("no password can be set in {system}") };
    let snapshot = view.snapshot(Kind::User).with_context(|| format!("the users of {system} were not read"))?;
    let table = &snapshot.table;
    let path = AttrPath::new("userName");
    let name = table.schema().find(&path).context("nobody is known by a user name there")?;
    let named = |at: &crate::model::Row| table.cell(*at, name).text().eq_ignore_ascii_case(user);
    let mut found = table.rows().filter(|at| table.id(*at) == user || named(at));
    let (Some(at), None) = (found.next(), found.next()) else {
        bail!("{system} has not exactly one user {user}: give the userName as it is there, or the id");
    };
    let record = RecordKey::new(view.id.clone(), Kind::User, table.id(at));
    let called = table.cell(at, name).text().to_owned();
    let from = if from_setting { From::Setting } else { From::Typed };
    Ok(reset(&record, row, &called, Some((path, called.clone())), from).0)
}

/// Asks for all that a plan wants typed, and has it held until it is sent.
///
/// # Errors
/// When there is no terminal to ask on, or what was typed is not the same twice.
pub fn ask_all(plan: &Plan, session: &Session) -> anyhow::Result<()> {
    for step in &plan.steps {
        for secret in step.write.secrets.iter().filter(|secret| is_typed(&secret.name)) {
            let whose = plan.changes.iter().find(|change| step.serves.contains(&change.id));
            let whose = whose.map_or("", |change| change.label.as_str());
            let typed = ask::twice(step.system.as_str(), &format!("the new password of {whose}"))?;
            session.hold(&step.system, secret.name.clone(), typed);
        }
    }
    Ok(())
}
