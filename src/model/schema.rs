use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AttrPath, Kind};

/// An attribute's index in its [`Schema`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attr(pub u16);

/// How two values of an attribute are made alike before they are compared. The stored value is never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fold {
    /// Byte for byte (SCIM `caseExact: true`).
    Exact,
    /// Unicode NFKC and case folded, outer blanks cut (SCIM `caseExact: false`).
    #[default]
    Caseless,
    /// Outer blanks cut, inner runs of blanks made one, NFKC; case kept. For names of people.
    Name,
    /// As `Caseless`, for e-mail addresses and logins.
    Email,
    /// `true` and `false` in any case; anything else as it is.
    Flag,
    /// Digits and a leading plus only. For telephone numbers.
    Phone,
    /// The instant that a date names, whatever its notation.
    Instant,
    /// The Windows time zone that a zone is or belongs to ([`super::zone`]); what is none is taken as `Caseless`.
    Zone,
    /// Never compared; shown only.
    Never,
}

/// A keyed list: its entries are what is compared, one by one (`productRoles`, `members`, `groups`, `grants`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListDef {
    /// What the one or two parts of an entry's key refer to: `[Some(Product), None]`, `[Some(Group), Some(Role)]`.
    /// `None` in the first place: the key is plain text.
    pub key: [Option<Kind>; 2],
    /// Whether the key has a second part.
    pub two: bool,
    /// Whether an entry carries a value (a pair's role), and what it refers to.
    pub value: Option<Option<Kind>>,
    /// Entries that the service never lists, so that their absence says nothing.
    pub unlisted: Option<Unlisted>,
}

/// Whose entries a list leaves out: those of records that have this text (inactive users, for Litmos' teams).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlisted {
    /// The attribute of the record that the entry's key refers to.
    pub attr: AttrPath,
    /// What it says of those that are left out.
    pub is: String,
}

/// Whether an attribute is one text or a keyed list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// One value, kept as text: flags are `true` and `false`, numbers their digits.
    Text,
    /// A list with keys.
    List(ListDef),
}

/// One attribute of a kind in one system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttrDef {
    /// Its canonical path.
    pub path: AttrPath,
    /// Text or list.
    pub form: Form,
    /// How it is compared.
    pub fold: Fold,
    /// For a text: the kind whose record's id it holds (`manager`).
    pub refers: Option<Kind>,
    /// The system never returns it: its cells are `Unreadable` (Aha!'s first and last name).
    pub unreadable: bool,
    /// The values are likely all different, so they are not interned.
    pub unique: bool,
    /// A second feed fills it, record by record: its cells are `Unread` until that feed has brought the record.
    pub later: bool,
    /// Position among the attributes of its form; set by [`Schema::new`].
    pub slot: u16,
}

impl AttrDef {
    /// A text that every record is read with, compared whatever its case.
    pub fn text(path: AttrPath) -> Self {
        Self {
            path,
            form: Form::Text,
            fold: Fold::Caseless,
            refers: None,
            unreadable: false,
            unique: false,
            later: false,
            slot: 0,
        }
    }
}

/// The attributes that one system has for one kind, in display order.
#[derive(Clone, Debug)]
pub struct Schema {
    kind: Kind,
    attrs: Vec<AttrDef>,
    by_path: HashMap<AttrPath, Attr>,
    texts: u16,
    lists: u16,
}

impl Schema {
    /// A schema; slots are numbered here. A path that comes twice keeps its first definition.
    pub fn new(kind: Kind, defs: Vec<AttrDef>) -> Arc<Self> {
        let (mut texts, mut lists) = (0, 0);
        let mut attrs: Vec<AttrDef> = Vec::with_capacity(defs.len());
        let mut by_path = HashMap::new();
        for mut def in defs {
            if by_path.contains_key(&def.path) {
                continue;
            }
            let count = match def.form {
                Form::Text => &mut texts,
                Form::List(_) => &mut lists,
            };
            def.slot = *count;
            *count += 1;
            by_path.insert(def.path.clone(), Attr(attrs.len() as u16));
            attrs.push(def);
        }
        Arc::new(Self { kind, attrs, by_path, texts, lists })
    }

    /// The same where these attributes cannot be read.
    pub fn unreadable(self: &Arc<Self>, attrs: &[Attr]) -> Arc<Self> {
        if attrs.is_empty() {
            return self.clone();
        }
        let mut schema = Self::clone(self);
        for attr in attrs {
            schema.attrs[attr.0 as usize].unreadable = true;
        }
        Arc::new(schema)
    }

    /// The kind it describes.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// All attributes, in order; position `n` is `Attr(n)`.
    pub fn attrs(&self) -> &[AttrDef] {
        &self.attrs
    }

    /// All attributes with their indexes.
    pub fn iter(&self) -> impl Iterator<Item = (Attr, &AttrDef)> {
        self.attrs.iter().enumerate().map(|(at, def)| (Attr(at as u16), def))
    }

    /// One attribute's definition.
    pub fn def(&self, attr: Attr) -> &AttrDef {
        &self.attrs[attr.0 as usize]
    }

    /// The attribute with exactly this path, whatever the case.
    pub fn find(&self, path: &AttrPath) -> Option<Attr> {
        self.by_path.get(path).copied()
    }

    /// The attribute that an operator means: the path itself, or a short form that only one attribute ends in
    /// (`department` for the enterprise extension's).
    pub fn resolve(&self, text: &str) -> Option<Attr> {
        if let Some(attr) = self.find(&AttrPath::new(text)) {
            return Some(attr);
        }
        let mut hits = self.iter().filter(|(_, def)| {
            let path = def.path.as_str().as_bytes();
            path.len() > text.len()
                && path[path.len() - text.len() - 1] == b':'
                && path[path.len() - text.len()..].eq_ignore_ascii_case(text.as_bytes())
        });
        match (hits.next(), hits.next()) {
            (Some((attr, _)), None) => Some(attr),
            _ => None,
        }
    }

    /// How many attributes are texts.
    pub fn texts(&self) -> usize {
        self.texts as usize
    }

    /// How many attributes are lists.
    pub fn lists(&self) -> usize {
        self.lists as usize
    }
}
