//! What a filter may ask for by name, and which of the names in one nobody has.

use crate::compare::Compared;
use crate::compare::filter::field::{field, picked_entries};
use crate::model::Kind;
use crate::model::filter::Query;

/// What an identity answers beside the attributes of its record.
const BESIDE: [&str; 6] = ["state", "direction", "lint", "differs", "waived", "staged"];

/// The attributes of a filter that no system that was read has for a kind, each with the known name that is nearest to it.
/// Plain text asks for none; of a kind that was not read anywhere nothing is said.
pub fn asked_in_vain(compared: &Compared, kind: Kind, query: &Query) -> Vec<(String, Option<String>)> {
    let filter = match query {
        Query::Filter(filter) => filter,
        Query::Not(inner) => return asked_in_vain(compared, kind, inner),
        Query::All | Query::Plain { .. } => return Vec::new(),
    };
    let views = &compared.inputs.systems;
    let schemas: Vec<_> =
        views.iter().filter_map(|view| view.snapshot(kind)).map(|snapshot| snapshot.table.schema()).collect();
    if schemas.is_empty() {
        return Vec::new();
    }
    let of_a_system = |path: &str| {
        let name = path.split_once('.').filter(|(first, _)| first.eq_ignore_ascii_case("state")).map(|(_, name)| name);
        name.is_some_and(|name| views.iter().any(|view| view.id.as_str().eq_ignore_ascii_case(name)))
    };
    let known = |path: &str| {
        BESIDE.iter().any(|name| name.eq_ignore_ascii_case(path))
            || of_a_system(path)
            || schemas.iter().any(|schema| field(schema, path).is_some() || !picked_entries(schema, path).is_empty())
    };
    let mut names: Vec<&str> =
        schemas.iter().flat_map(|schema| schema.iter()).map(|(_, def)| def.path.local(&[])).collect();
    names.extend(BESIDE);
    let mut vain: Vec<(String, Option<String>)> = Vec::new();
    filter.paths(&mut |path| {
        let path = path.as_str();
        if !known(path) && vain.iter().all(|(have, _)| have != path) {
            vain.push((path.to_owned(), nearest(path, &names)));
        }
    });
    vain
}

fn nearest(wrong: &str, names: &[&str]) -> Option<String> {
    let wrong = wrong.to_lowercase();
    let best = names.iter().map(|name| (strsim::damerau_levenshtein(&wrong, &name.to_lowercase()), *name)).min();
    best.filter(|(distance, name)| *distance <= 1 + name.len() / 4).map(|(_, name)| name.to_owned())
}
