//! A filter for each kind of record that has one.

use std::fmt;

use super::Filter;
use crate::model::Kind;

/// At most one filter for each kind; a kind without one lets everything through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters([Option<Filter>; 4]);

impl Filters {
    /// One of users alone.
    pub fn of_users(filter: Filter) -> Self {
        Self::default().with(Kind::User, filter)
    }

    /// The same for every kind.
    pub fn of_all(filter: &Filter) -> Self {
        Self([(); 4].map(|()| Some(filter.clone())))
    }

    /// With a filter of one kind.
    #[must_use]
    pub fn with(mut self, kind: Kind, filter: Filter) -> Self {
        self.0[kind.index()] = Some(filter);
        self
    }

    /// The filter of a kind.
    pub fn of(&self, kind: Kind) -> Option<&Filter> {
        self.0[kind.index()].as_ref()
    }

    /// Whether no kind has one.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// The kinds that have one, in tab order.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, &Filter)> {
        Kind::ALL.into_iter().filter_map(|kind| Some((kind, self.of(kind)?)))
    }
}

/// The filter alone where all kinds have the same, else each with its kind before it.
impl fmt::Display for Filters {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [Some(first), rest @ ..] = &self.0
            && rest.iter().all(|other| other.as_ref() == Some(first))
        {
            return write!(out, "{first}");
        }
        for (at, (kind, filter)) in self.iter().enumerate() {
            write!(out, "{}{}: {filter}", if at == 0 { "" } else { "; " }, kind.plural())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn each_kind_has_its_own_and_they_are_told_apart() {
        let (one, other) = (Filter::parse("userName pr").unwrap(), Filter::parse("type eq \"x\"").unwrap());
        let filters = Filters::of_users(one.clone()).with(Kind::Group, other.clone());
        assert_eq!((filters.of(Kind::User), filters.of(Kind::Group)), (Some(&one), Some(&other)));
        assert_eq!(filters.of(Kind::Role), None);
        assert_eq!(filters.to_string(), "Users: userName pr; Groups: type eq \"x\"");
        assert_eq!(Filters::of_all(&one).to_string(), "userName pr");
        assert!(Filters::default().is_empty() && !filters.is_empty());
    }
}
