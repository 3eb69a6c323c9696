//! Attributes that a service was found to have, beside those that its file is about.

use super::{Access, JsonType, MapRow, Mapping, Policy};
use crate::model::{AttrPath, Fold, Kind};

impl Mapping {
    /// The same mapping with attributes that a service was found to have: generic texts, read and written as they are.
    ///
    /// An attribute that the mapping already has stays as it is. One whose local name a row with `urn:*` waits for pins
    /// that row's written path to the URN that was found.
    pub fn with_discovered(&self, found: Vec<(Kind, AttrPath)>) -> Self {
        let mut grown = self.clone();
        for (kind, path) in found {
            let Some(map) = grown.kinds.iter_mut().find(|map| map.kind == kind) else { continue };
            let local = path.local(&[]).to_owned();
            let waits = |row: &MapRow| {
                row.write.as_deref().and_then(|write| write.strip_prefix("urn:*:")).is_some_and(|name| {
                    let name = name.split(['[', '.']).next().unwrap_or_default();
                    name.eq_ignore_ascii_case(local.split(['[', '.']).next().unwrap_or_default())
                })
            };
            if let Some(row) = map.rows.iter_mut().find(|row| waits(row)) {
                if let (Some(write), Some(colon)) = (row.write.as_mut(), path.as_str().rfind(':')) {
                    *write = write.replacen("urn:*", &path.as_str()[..colon], 1);
                }
                continue;
            }
            let known = map.rows.iter().any(|row| {
                row.attr == path
                    || row.read.iter().chain(&row.detail).any(|read| {
                        let read = read.as_bytes();
                        let path = path.as_str().as_bytes();
                        read.len() >= path.len()
                            && read[..path.len()].eq_ignore_ascii_case(path)
                            && matches!(read.get(path.len()), None | Some(b'.' | b'['))
                    })
            });
            // A path that cannot be expressed (a discovered name with a bracket) is left out rather than guessed at.
            if known || super::path::parse(path.as_str()).is_err() {
                continue;
            }
            map.rows.push(MapRow {
                attr: path.clone(),
                read: vec![path.as_str().to_owned()],
                detail: Vec::new(),
                within: Vec::new(),
                not_in: Vec::new(),
                list: None,
                write: Some(path.as_str().to_owned()),
                via: Vec::new(),
                null: Vec::new(),
                absent_unread: false,
                clear: None,
                default: None,
                json: JsonType::String,
                access: Access::ReadWrite,
                fold: Fold::Caseless,
                policy: Policy::Force,
                refers: None,
                unique: false,
                later: false,
                compare: true,
                invertible: true,
                secret: false,
                sensitive: false,
                reset: None,
                key: None,
                shows_in: None,
                cite: "found in the service's own schemas (RFC 7643 7)".into(),
                note: None,
                lost: None,
            });
        }
        match grown.compile() {
            Ok(()) => grown,
            // Every path was parsed above, so this is not reached; the mapping without the finds is right in any case.
            Err(_) => self.clone(),
        }
    }
}
