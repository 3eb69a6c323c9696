//! How many entries one request may hold.

use crate::plan::Change;

/// Membership changes in one request at most; AWS takes no more (targets/scim.md A3).
const MEMBERS: usize = 100;

/// Changes in portions that one request may hold: a change's own entries are never torn apart.
pub(super) fn portions<'c>(changes: &[&'c Change]) -> Vec<Vec<&'c Change>> {
    let mut portions: Vec<Vec<&Change>> = Vec::new();
    let mut entries = 0;
    for change in changes {
        let own = change.want.iter().filter(|want| want.facet.key.is_some()).count();
        match portions.last_mut() {
            Some(last) if entries + own <= MEMBERS => last.push(change),
            _ => {
                portions.push(vec![change]);
                entries = 0;
            }
        }
        entries += own;
    }
    portions
}
