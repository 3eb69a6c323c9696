use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{AttrPath, Kind, Op, RecordKey, SystemId};

/// A change's name: made from what it changes, so that the same wish staged twice is one change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChangeId(pub Arc<str>);

impl fmt::Display for ChangeId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A record of the target that something refers to: by its own id, or one that an earlier change creates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ref {
    /// The target's own id, or the text of a key that is no reference.
    Id(Arc<str>),
    /// The record that this change creates.
    New(ChangeId),
}

impl fmt::Display for Ref {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => out.write_str(id),
            Self::New(change) => write!(out, "{{{{{change}}}}}"),
        }
    }
}

/// The key of an entry of a keyed list, in the target's own ids: `[product]`, `[organisation, role]`, `[member]`.
pub type EntryKey = Vec<Ref>;

/// The smallest thing that can be compared and staged: an attribute, or one entry of a keyed list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Facet {
    /// The attribute's canonical path.
    pub path: AttrPath,
    /// The entry's key, where the attribute is a list.
    pub key: Option<EntryKey>,
}

impl Facet {
    /// A whole attribute.
    pub fn attr(path: impl Into<Arc<str>>) -> Self {
        Self { path: AttrPath::new(path), key: None }
    }
}

impl fmt::Display for Facet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.path)?;
        if let Some(key) = &self.key {
            let parts: Vec<_> = key.iter().map(ToString::to_string).collect();
            write!(out, "[{}]", parts.join(", "))?;
        }
        Ok(())
    }
}

/// What a facet shall be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    /// This canonical text.
    Text(String),
    /// A reference to a record of the target.
    Ref(Ref),
    /// For an entry without a value: that it is there.
    Present,
    /// Empty, or for an entry: that it is not there.
    Clear,
    /// A secret, by the name under which it is asked for when it is sent ([`super::SecretAt`]): a secret setting of the system,
    /// or what the operator typed. Never the secret itself.
    Secret(Arc<str>),
}

/// Whose word a wanted value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The source of truth's.
    Source,
    /// The operator's, typed or picked; marked so in preview and journal.
    Operator,
}

/// One facet and what it shall be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    /// What.
    pub facet: Facet,
    /// To be what.
    pub value: Wanted,
    /// Who says so.
    pub by: By,
}

/// What a facet was when the change was staged, as canonical text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// This.
    Value(String),
    /// Empty; for an entry: not there.
    Absent,
    /// It could not be read, so it is not checked.
    Unreadable,
}

/// What must still hold just before the write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expect {
    /// No record has this key (a create): canonical path and text, `userName` and `emails` for users.
    Absent {
        /// The keys by which it is looked up.
        by: Vec<(AttrPath, String)>,
    },
    /// The record exists and these facets are as they were.
    Facets(Vec<(Facet, Seen)>),
}

/// What a change is made to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// A record that is there.
    Record(RecordKey),
    /// One that this change, or the create change named, brings into being.
    New(ChangeId),
}

/// One fix of one or more facets of one record, the smallest thing that can be pushed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its name.
    pub id: ChangeId,
    /// The system that it is made in.
    pub system: SystemId,
    /// The kind of record.
    pub kind: Kind,
    /// The record.
    pub target: Target,
    /// What operators call the record: its userName or display name.
    pub label: String,
    /// The source's record, where there is one.
    pub source: Option<RecordKey>,
    /// What is done.
    pub op: Op,
    /// What shall be.
    pub want: Vec<Want>,
    /// What must still hold.
    pub expect: Expect,
    /// Changes that must succeed first.
    pub needs: Vec<ChangeId>,
}

impl Change {
    /// The name of the change that does `op` to `target`, of one facet where `facet` is given.
    pub fn name(system: &SystemId, kind: Kind, target: &str, op: Op, facet: Option<&Facet>) -> ChangeId {
        let facet = facet.map(|facet| format!(":{facet}")).unwrap_or_default();
        ChangeId(format!("{system}/{kind}/{target}/{}{facet}", op.name()).into())
    }
}
