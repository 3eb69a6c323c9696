//! Attributes that a service was found not to show, though its file has them: what was not seen counts as unread, is never
//! compared and never staged.

use super::{Access, MapRow, Mapping};
use crate::model::{AttrPath, Kind};

/// One attribute that is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The kind.
    pub kind: Kind,
    /// The attribute.
    pub attr: AttrPath,
    /// It is taken all the same where it is written.
    pub written: bool,
    /// A record that is read alone has it: only lists leave it out.
    pub alone: bool,
    /// Why, in words for the operator.
    pub why: String,
}

impl Mapping {
    /// The same mapping where these attributes are not shown. What records are linked by, what says whether somebody is
    /// active, and what is mandatory stays as it is: without it nothing could be said of anybody.
    pub fn without(&self, losses: &[Loss]) -> Self {
        let mut less = self.clone();
        for loss in losses {
            let Some(map) = less.kinds.iter_mut().find(|map| map.kind == loss.kind) else { continue };
            if map.mandatory.iter().any(|mandatory| mandatory.attr == loss.attr) {
                continue;
            }
            let feeds: Vec<_> = less.feeds.iter().filter(|feed| feed.kind == loss.kind).collect();
            let Some(row) = map.rows.iter_mut().find(|row| row.attr == loss.attr && can_be_lost(row)) else { continue };
            let lists = feeds.iter().filter(|feed| !loss.alone || (!feed.single && feed.detail_of.is_none()));
            row.not_in.extend(lists.map(|feed| feed.name.to_string()));
            match (loss.written, loss.alone) {
                (false, _) => row.access = Access::ReadOnly,
                // Taken and never returned: as what a file says to be written alone.
                (true, false) => row.access = Access::WriteOnly,
                (true, true) => {}
            }
            // A second feed may read it record by record.
            let brought = feeds.iter().any(|feed| feed.detail_of.is_some() && row.fields(feed).is_some());
            row.lost = (!brought).then(|| loss.why.clone());
        }
        match less.compile() {
            Ok(()) => less,
            // Nothing was added, so this is not reached; the whole mapping would be right but for what is not shown.
            Err(_) => self.clone(),
        }
    }
}

fn can_be_lost(row: &MapRow) -> bool {
    row.key.is_none() && row.access != Access::WriteOnly && !row.secret && row.attr.as_str() != "active"
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    fn loss(attr: &str, written: bool, alone: bool) -> Loss {
        Loss { kind: Kind::User, attr: AttrPath::new(attr), written, alone, why: "why".into() }
    }

    fn row<'m>(mapping: &'m Mapping, attr: &str) -> &'m MapRow {
        mapping.row(Kind::User, &AttrPath::new(attr)).unwrap()
    }

    #[test]
    fn what_is_not_shown_is_read_nowhere_and_what_lists_leave_out_is_read_alone() {
        let scim = Mapping::builtin("scim").unwrap();
        let less = scim.without(&[
            loss("title", false, false),
            loss("nickName", true, true),
            loss("displayName", true, false),
        ]);
        let read = |attr: &str, feed: &str| row(&less, attr).fields(less.feed(feed).unwrap()).is_some();
        for (attr, in_lists, alone) in
            [("title", false, false), ("nickName", false, true), ("displayName", false, false), ("locale", true, true)]
        {
            assert_eq!((read(attr, "users"), read(attr, "user")), (in_lists, alone), "{attr}");
        }
        assert_eq!(row(&less, "title").access, Access::ReadOnly);
        assert_eq!(row(&less, "nickName").access, Access::ReadWrite);
        assert_eq!(row(&less, "displayName").access, Access::WriteOnly);
        assert_eq!(row(&less, "title").lost.as_deref(), Some("why"));
        assert_eq!(row(&less, "locale").lost, None);
    }

    #[test]
    fn a_second_feed_that_reads_it_record_by_record_is_the_remedy() {
        let more = "[[feed]]\nname = \"user-details\"\nkind = \"User\"\npath = \"/Users/{id}\"\nid = \"id\"\nsingle = true\n\
                    detail_of = \"users\"\ncite = \"c\"\n[[row]]\nkind = \"User\"\nattr = \"title\"\ndetail = \"title\"\n";
        let scim = Mapping::overlaid(Mapping::builtin_text("scim").unwrap(), more, "more.toml").unwrap();
        let less = scim.without(&[loss("title", true, true), loss("nickName", true, true)]);
        assert_eq!((row(&less, "title").lost.as_deref(), row(&less, "title").later), (None, true));
        assert_eq!((row(&less, "nickName").lost.as_deref(), row(&less, "nickName").later), (Some("why"), false));
    }

    #[test]
    fn what_nothing_could_be_said_without_is_never_lost() {
        let scim = Mapping::builtin("scim").unwrap();
        for attr in ["userName", "emails[work]", "active"] {
            let less = scim.without(&[loss(attr, false, false)]);
            assert_eq!(row(&less, attr).lost, None, "{attr}");
            assert!(row(&less, attr).fields(less.feed("users").unwrap()).is_some(), "{attr}");
        }
    }
}
