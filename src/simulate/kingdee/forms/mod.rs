//! The forms: what fields each has, what they are called in a query and in View, and what can be done (targets/kingdee.md 9).
//!
//! Three names for one thing: `FUserAccount` in a query and in Save, `UserAccount` in View. Where the reference names only
//! database columns, the key is made from the column; such a key is a choice.

mod table;

pub use table::FORMS;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The internal id.
    Key,
    /// Text.
    Text,
    /// Text by language: `{ "2052": .. }` in the ledger.
    Multi,
    /// A truth value.
    Flag,
    /// A day, as `2026-07-21T00:00:00`.
    Date,
    /// A number.
    Number,
    /// The internal id of a record of that form.
    Refer(&'static str),
}

/// A field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// What it is called in queries and in Save.
    pub key: &'static str,
    /// What it is called in View.
    pub name: &'static str,
    /// What it holds.
    pub sort: Sort,
    /// The key that it is kept under: an alias has another field's.
    pub kept: &'static str,
    /// Whether a record must have it.
    pub must: bool,
    /// Whether no two records may have the same.
    pub one: bool,
    /// What it is called on the screen, in Chinese.
    pub caption: &'static str,
}

impl Field {
    const fn new(key: &'static str, name: &'static str, sort: Sort, caption: &'static str) -> Field {
        Field { key, name, sort, kept: key, must: false, one: false, caption }
    }

    const fn must(mut self) -> Field {
        self.must = true;
        self
    }

    const fn one(mut self) -> Field {
        self.one = true;
        self
    }

    const fn alias(mut self, kept: &'static str) -> Field {
        self.kept = kept;
        self
    }
}

/// A list of entries below a record or below an entry.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is called in Save, and before `_FEntryId` in queries.
    pub key: &'static str,
    /// What it is called in View.
    pub name: &'static str,
    /// What it is called on the screen, in Chinese.
    pub caption: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
    /// The list below each of its entries.
    pub below: Option<&'static Entry>,
}

/// A form.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    /// Its id.
    pub id: &'static str,
    /// Its title in Chinese and English.
    pub title: (&'static str, &'static str),
    /// The key of its internal id.
    pub key: &'static str,
    /// The key of what `Numbers` and `FNumber` mean.
    pub number: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
    /// Its list of entries.
    pub entry: Option<&'static Entry>,
    /// Whether its records go through states (Z, A, B, C, D).
    pub states: bool,
    /// Whether a record can be deleted: never a user (targets/kingdee.md 9).
    pub delete: bool,
}

impl Form {
    /// The field of that key, letter case ignored.
    pub fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.key.eq_ignore_ascii_case(key))
    }

    /// What can be done with it: number, Chinese and English name.
    pub fn operations(&self) -> Vec<(&'static str, &'static str, &'static str)> {
        let mut all = vec![("View", "查看", "View"), ("Save", "保存", "Save"), ("BatchSave", "批量保存", "Batch save")];
        if self.states {
            all.extend([
                ("Draft", "暂存", "Draft"),
                ("Submit", "提交", "Submit"),
                ("Audit", "审核", "Audit"),
                ("UnAudit", "反审核", "Unaudit"),
                ("CancelAssign", "撤销", "Cancel"),
            ]);
        }
        if self.delete {
            all.push(("Delete", "删除", "Delete"));
        }
        all.extend([("Forbid", "禁用", "Forbid"), ("Enable", "反禁用", "Enable")]);
        all
    }
}

/// Users.
pub const USER: &str = "SEC_User";
/// Roles: not `SEC_Role`, which is a table.
pub const ROLE: &str = "SEC_KDRoles";
/// Organisations.
pub const ORGANISATION: &str = "ORG_Organizations";
/// Departments.
pub const DEPARTMENT: &str = "BD_Department";
/// Employees.
pub const EMPLOYEE: &str = "BD_Empinfo";
/// Postings of employees.
pub const POSTING: &str = "BD_NEWSTAFF";

/// The form of that id, letter case ignored.
pub fn form(id: &str) -> Option<&'static Form> {
    FORMS.iter().find(|form| form.id.eq_ignore_ascii_case(id))
}

/// What a key of a query means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A field, and the field of the record that it refers to.
    Field(&'static Field, Option<(&'static Form, &'static Field)>),
    /// The id of the entry.
    EntryId,
}

/// A column of a query: how deep it lies (0 record, 1 entry, 2 entry below an entry), and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// How deep.
    pub depth: usize,
    /// What.
    pub what: What,
}

/// The column of a key such as `FName`, `FOrgOrgId.FNumber`, `FRoleInfo_FEntryId`; None if the form has none.
pub fn column(form: &'static Form, key: &str) -> Option<Column> {
    let (first, sub) = match key.split_once('.') {
        Some((first, sub)) => (first, Some(sub)),
        None => (key, None),
    };
    let lists = std::iter::successors(form.entry, |entry| entry.below);
    for (depth, entry) in (1..).zip(lists.clone()) {
        let id = first.len() == entry.key.len() + "_FEntryId".len()
            && first.to_ascii_lowercase().strip_prefix(&entry.key.to_ascii_lowercase()) == Some("_fentryid");
        if id && sub.is_none() {
            return Some(Column { depth, what: What::EntryId });
        }
    }
    let fields = std::iter::once(form.fields).chain(lists.map(|entry| entry.fields));
    let (depth, field) = (0..).zip(fields).find_map(|(depth, fields)| {
        fields.iter().find(|field| field.key.eq_ignore_ascii_case(first)).map(|field| (depth, field))
    })?;
    let sub = match (sub, field.sort) {
        (None, _) => None,
        (Some(sub), Sort::Refer(other)) => {
            let other = self::form(other)?;
            Some((other, other.field(sub)?))
        }
        (Some(_), _) => return None,
    };
    Some(Column { depth, what: What::Field(field, sub) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn every_form_has_its_key_and_number_and_refers_to_forms() {
        for form in &FORMS {
            assert_eq!(form.field(form.key).unwrap().sort, Sort::Key);
            assert!(form.field(form.number).is_some());
            let entries = std::iter::successors(form.entry, |entry| entry.below);
            for field in form.fields.iter().chain(entries.flat_map(|e| e.fields)) {
                if let Sort::Refer(other) = field.sort {
                    assert!(super::form(other).is_some(), "{other}");
                }
                assert!(form.field(field.kept).is_some() || form.field(field.key).is_none(), "{}", field.key);
            }
        }
    }

    #[test]
    fn keys_of_a_query_lead_to_fields_of_entries_and_of_other_forms() {
        let user = form("sec_user").unwrap();
        let depth = |key: &str| column(user, key).map(|c| c.depth);
        assert_eq!(depth("fuserid"), Some(0));
        assert_eq!(depth("FOrgOrgId.FNumber"), Some(1));
        assert_eq!(depth("FRoleId.FNumber"), Some(2));
        assert_eq!(depth("FRoleInfo_FEntryId"), Some(2));
        assert_eq!(column(user, "FOrgInfo_FENTRYID").unwrap().what, What::EntryId);
        for wrong in ["FID", "FRoleId.FNope", "FName.FNumber", "FOrgInfo", ""] {
            assert_eq!(depth(wrong), None, "{wrong}");
        }
        // targets/kingdee.md 5: asking FID of a department fails.
        assert_eq!(column(form("BD_Department").unwrap(), "FID"), None);
    }
}
