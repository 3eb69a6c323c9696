#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::model::{AttrPath, RecordKey, TableBuilder};
use crate::plan::fixture::{World, aha, mapping, record, schema};
use crate::plan::{By, Target};

fn group(members: &[&str]) -> Observed {
    let schema = schema(Kind::Group, true);
    let mut builder = TableBuilder::new(schema.clone());
    assert!(builder.begin("g"));
    for member in members {
        builder.entry(schema.find(&AttrPath::new("members")).unwrap(), [member, ""], "");
    }
    builder.end();
    Observed { id: "g".into(), table: builder.table(), native: serde_json::Value::Null, etag: None }
}

#[test]
fn a_member_that_is_listed_by_its_user_name_is_the_one_that_was_sent_by_id() {
    let mut world = World::default();
    let user = |id, name| record(id, &[("userName", name)], &[]);
    let (other, twins) = ([user("7", "lena@x"), user("omar@x", "kay@x")], [user("8", "twin@x"), user("9", "twin@x")]);
    let all = other.into_iter().chain(twins).chain([user("10", "omar@x")]);
    world.target.insert(Kind::User, all.collect());
    let compared = world.compared();
    let (mapping, system) = (mapping(true), aha());
    let create = |id: &str, name: &str| Change {
        id: ChangeId(id.into()),
        system: aha(),
        kind: Kind::User,
        op: Op::Create,
        target: Target::New(ChangeId(id.into())),
        label: name.into(),
        want: vec![Want { facet: Facet::attr("userName"), value: Wanted::Text(name.into()), by: By::Source }],
        expect: Expect::Absent { by: Vec::new() },
        source: None,
        needs: Vec::new(),
    };
    let creates = [create("first", "New@x"), create("second", "twin@x"), create("lost", "lost@x")];
    let known = |id: &ChangeId| match &*id.0 {
        "first" => Some("21".to_owned()),
        "second" => Some("22".to_owned()),
        _ => None,
    };
    let names = Names { compared: &compared, system: &system, changes: &creates, known: &known };
    let judge = Judge { sealer: None, known: &known, mapping: &mapping, names };
    let stands_of = |member: Ref, value: Wanted, listed: &[&str]| {
        let facet = Facet { path: AttrPath::new("members"), key: Some(vec![member]) };
        let target = Target::Record(RecordKey::new(aha(), Kind::Group, "g"));
        let change = Change {
            id: ChangeId("one".into()),
            system: aha(),
            kind: Kind::Group,
            op: if value == Wanted::Clear { Op::Drop } else { Op::Put },
            target,
            label: "All".into(),
            want: vec![Want { facet, value, by: By::Source }],
            expect: Expect::Facets(Vec::new()),
            source: None,
            needs: Vec::new(),
        };
        matches!(judge.stands(&change, Some(&group(listed))), Stands::AsWanted { unread } if unread.is_empty())
    };
    let stands = |member: &str, value: Wanted, listed: &[&str]| stands_of(Ref::Id(member.into()), value, listed);
    assert!(stands("7", Wanted::Present, &["7"]) && stands("7", Wanted::Present, &["LENA@x"]));
    assert!(!stands("7", Wanted::Present, &["kay@x"]) && !stands("7", Wanted::Present, &[]));
    assert!(!stands("7", Wanted::Clear, &["lena@x"]) && stands("7", Wanted::Clear, &["kay@x"]));
    assert!(!stands("8", Wanted::Present, &["twin@x"]), "two are called so");
    assert!(!stands("10", Wanted::Present, &["omar@x"]), "that is another one's id");
    // Whoever was created by the same push was not there when the records were read.
    let made = |create: &str, listed: &[&str]| stands_of(Ref::New(ChangeId(create.into())), Wanted::Present, listed);
    assert!(made("first", &["21"]) && made("first", &["new@x"]) && !made("first", &["lena@x"]));
    assert!(!made("second", &["twin@x"]), "three are called so now");
    assert!(!made("lost", &["lost@x"]), "nobody knows which record it became");
    assert!(!stands("7", Wanted::Present, &["21"]));
}
