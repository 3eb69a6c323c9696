//! Values with characters that could hurt a terminal: written only once the operator has agreed to them (promise 13).

use super::{Change, Ref, Target, Wanted};
use crate::compare::Agreement;
use crate::model::text::hostile;
use crate::model::{AttrPath, RecordKey};

/// The odd values that a change would write and that nobody has agreed to: whose they are, which attribute, the text.
pub fn unagreed(change: &Change, agreed: &[Agreement]) -> Vec<(RecordKey, AttrPath, String)> {
    let target = match &change.target {
        Target::Record(key) => Some(key.clone()),
        Target::New(_) => None,
    };
    let Some(owner) = change.source.clone().or(target) else { return Vec::new() };
    let mut found: Vec<(RecordKey, AttrPath, String)> = Vec::new();
    for want in &change.want {
        let value = match &want.value {
            Wanted::Text(text) => Some(&**text),
            Wanted::Ref(Ref::Id(id)) => Some(&**id),
            Wanted::Ref(Ref::New(_)) | Wanted::Present | Wanted::Clear | Wanted::Secret(_) => None,
        };
        let keys = want.facet.key.iter().flatten().filter_map(|part| match part {
            Ref::Id(id) => Some(&**id),
            Ref::New(_) => None,
        });
        // What is taken away is named, and not written.
        let keys = keys.filter(|_| want.value != Wanted::Clear);
        for text in value.into_iter().chain(keys).filter(|text| hostile(text)) {
            let path = &want.facet.path;
            let known = found.iter().any(|(_, have, value)| have == path && value == text);
            if !known && !agreed.iter().any(|agreement| agreement.holds(&owner, path, text)) {
                found.push((owner.clone(), path.clone(), text.to_owned()));
            }
        }
    }
    found
}
