//! The last administrator stays: whoever could let the others in again is neither switched off nor deleted, and keeps the
//! right.

use super::{Guard, Look};
use crate::compare::Record;
use crate::compare::SystemView;
use crate::model::filter::{Filter, Subject};
use crate::model::text::clean;
use crate::model::{Cell, Fold, Kind, Op, Row};
use crate::plan::{Change, Target, Wanted};

impl Look<'_> {
    /// Whether a right would have nobody left that has it. What was not read decides nothing: it is refused elsewhere.
    pub(super) fn last_administrator(&self, administrators: &[(String, Filter)], found: &mut Vec<Guard>) {
        let inputs = &self.facts.compared.inputs;
        let Some(view) = inputs.index(self.system).and_then(|at| inputs.systems.get(at)) else { return };
        let Some(snapshot) = view.snapshot(Kind::User) else { return };
        let touched: Vec<(Row, Vec<&Change>)> = self.touched_users(view);
        for (what, filter) in administrators {
            let has = |row: Row| has(view, row, filter, &[]);
            let losing: Vec<&(Row, Vec<&Change>)> =
                touched.iter().filter(|(row, changes)| has(*row) && !self::has(view, *row, filter, changes)).collect();
            if losing.is_empty() {
                continue;
            }
            let stays = |row: Row| !losing.iter().any(|(lost, _)| *lost == row) && has(row);
            if snapshot.table.rows().any(stays) {
                continue;
            }
            let names: Vec<_> =
                losing.iter().filter_map(|(_, changes)| changes.first()).map(|change| clean(&change.label)).collect();
            let text = format!(
                "with {} the last {what} of {} would go: nobody could give the right back. Unstage it, or make somebody else \
                 {what} first",
                names.join(", "),
                self.system
            );
            found.push(self.guard("last-administrator", Some(Kind::User), false, text));
        }
    }

    fn touched_users<'v>(&'v self, view: &SystemView) -> Vec<(Row, Vec<&'v Change>)> {
        let mut touched: Vec<(Row, Vec<&Change>)> = Vec::new();
        let Some(snapshot) = view.snapshot(Kind::User) else { return touched };
        for change in self.changes {
            let Target::Record(key) = &change.target else { continue };
            if key.kind != Kind::User || matches!(change.op, Op::Create | Op::Reactivate) {
                continue;
            }
            let Some(row) = snapshot.table.find(&key.id) else { continue };
            match touched.iter_mut().find(|(have, _)| *have == row) {
                Some((_, changes)) => changes.push(change),
                None => touched.push((row, vec![change])),
            }
        }
        touched
    }
}

/// Whether a user is active and has the right, after these changes.
fn has(view: &SystemView, row: Row, filter: &Filter, changes: &[&Change]) -> bool {
    if changes.iter().any(|change| matches!(change.op, Op::Deactivate | Op::Delete)) {
        return false;
    }
    let Some(record) = Record::new(view, Kind::User, row) else { return false };
    let mut active = true;
    record.values("active", &mut |cell| active &= cell.text() != "false");
    active && filter.eval(&After { record, changes }) == Some(true)
}

/// A record as it is after changes. A list of which an entry changes is not known.
struct After<'a> {
    record: Record<'a>,
    changes: &'a [&'a Change],
}

impl Subject for After<'_> {
    fn values(&self, path: &str, push: &mut dyn FnMut(Cell<'_>)) {
        for want in self.changes.iter().flat_map(|change| &change.want) {
            let own = want.facet.path.as_str();
            if want.facet.key.is_some() {
                if path.get(..own.len()).is_some_and(|start| start.eq_ignore_ascii_case(own)) {
                    return push(Cell::Unread);
                }
            } else if own.eq_ignore_ascii_case(path) {
                return match &want.value {
                    Wanted::Text(text) if !text.is_empty() => push(Cell::Value(text)),
                    Wanted::Ref(reference) => push(Cell::Value(&reference.to_string())),
                    _ => push(Cell::Empty),
                };
            }
        }
        self.record.values(path, push);
    }

    fn fold(&self, path: &str) -> Fold {
        self.record.fold(path)
    }

    fn entries(&self, path: &str, each: &mut dyn FnMut(&dyn Subject)) -> bool {
        let changed = self
            .changes
            .iter()
            .flat_map(|change| &change.want)
            .any(|want| want.facet.key.is_some() && want.facet.path.as_str().eq_ignore_ascii_case(path));
        !changed && self.record.entries(path, each)
    }
}
