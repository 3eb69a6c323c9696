//! What may be said of all records or of each kind: filters and limits.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::{ConfigError, File, Value, count};
use crate::model::Kind;
use crate::model::filter::{Filter, Filters};
use crate::plan::Limits;

/// The keys of a table by kind.
const KINDS: [&str; 4] = [Kind::User.name(), Kind::Group.name(), Kind::Role.name(), Kind::Product.name()];

impl File<'_> {
    /// The filters of a key: a table by kind, or one filter, of which `plain` says whose it is.
    pub(super) fn filters(
        &self,
        table: &DeTable<'_>,
        key: &str,
        plain: impl FnOnce(Filter) -> Filters,
    ) -> Result<Filters, ConfigError> {
        let Some(value) = table.get(key) else { return Ok(Filters::default()) };
        let Some(by_kind) = value.get_ref().as_table() else { return self.filter(key, value).map(plain) };
        let mut filters = Filters::default();
        for (name, value) in by_kind {
            let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name() == &**name.get_ref()) else {
                return self.unknown(name.span().start, &format!("kind in `{key}`"), name.get_ref(), &KINDS);
            };
            filters = filters.with(kind, self.filter(&format!("{key}.{kind}"), value)?);
        }
        Ok(filters)
    }

    pub(super) fn filter(&self, key: &str, value: &Value<'_>) -> Result<Filter, ConfigError> {
        match value.get_ref().as_str().map(Filter::parse) {
            Some(Ok(filter)) => Ok(filter),
            Some(Err(error)) => self.fault(value.span().start, format!("`{key}` is no filter: {error}")),
            None => self.fault(
                value.span().start,
                format!("`{key}` must be a filter, such as 'displayName sw \"R\"'; nothing at all is 'not (id pr)'"),
            ),
        }
    }

    /// The limits of all kinds, and those of kinds that have some of their own.
    pub(super) fn limits(&self, table: &DeTable<'_>) -> Result<(Limits, BTreeMap<Kind, Limits>), ConfigError> {
        let Some(given) = table.get("limits").and_then(|value| value.get_ref().as_table()) else {
            return Ok((Limits::default(), BTreeMap::new()));
        };
        self.check(given, "limits", &[])?;
        let all = read(given, Limits::default());
        let mut of = BTreeMap::new();
        for kind in Kind::ALL {
            let Some(own) = given.get(kind.name()).and_then(|value| value.get_ref().as_table()) else { continue };
            self.check(own, "limits", &[])?;
            if let Some((name, _)) = own.iter().find(|(name, _)| KINDS.contains(&&**name.get_ref())) {
                return self.fault(name.span().start, format!("`limits.{kind}` holds numbers, not kinds"));
            }
            of.insert(kind, read(own, all));
        }
        Ok((all, of))
    }
}

/// The limits of a table; what it does not say is as it was.
fn read(given: &DeTable<'_>, mut limits: Limits) -> Limits {
    let number = |key: &str, into: &mut u32| {
        if let Some(number) = given.get(key).and_then(|value| count(value.get_ref())) {
            *into = number;
        }
    };
    number("deactivate", &mut limits.deactivate);
    number("delete", &mut limits.delete);
    number("remove", &mut limits.remove);
    number("percent", &mut limits.percent);
    number("shrink", &mut limits.shrink);
    number("hours", &mut limits.hours);
    for (key, into) in [
        ("create", &mut limits.create),
        ("create_percent", &mut limits.create_percent),
        ("update", &mut limits.update),
        ("update_percent", &mut limits.update_percent),
        ("reactivate", &mut limits.reactivate),
        ("add", &mut limits.add),
    ] {
        *into = given.get(key).and_then(|value| count(value.get_ref())).or(*into);
    }
    limits
}
