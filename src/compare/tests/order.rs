use proptest::prelude::*;

use super::*;

/// A record of a small world in which keys collide, texts differ, references lead nowhere and cells are unread.
pub(super) fn record(side: &'static str) -> impl Strategy<Value = Rec> {
    let login =
        prop_oneof![Just(""), Just("a@x"), Just("A@x"), Just("b@x"), Just("c@x"), Just("d@x"), Just("(unread)")];
    let mail = prop_oneof![Just(""), Just("a@x"), Just("b@x"), Just("desk@x"), Just("DESK@X")];
    let name = prop_oneof![Just("Ann"), Just("Ann "), Just("ann"), Just("")];
    let active = prop_oneof![Just("true"), Just("false"), Just(""), Just("(unread)")];
    let pairs = proptest::collection::vec((0..4_u8, prop_oneof![Just("viewer"), Just("none"), Just("vizier")]), 0..3);
    (login, mail, name, active, pairs).prop_map(move |(login, mail, name, active, pairs)| {
        let pairs: Vec<(String, &str)> = pairs.into_iter().map(|(p, role)| (format!("{side}p{p}"), role)).collect();
        let mut keys: Vec<(&str, &str)> = pairs.iter().map(|(p, role)| (&**p, *role)).collect();
        keys.dedup_by_key(|pair| pair.0);
        rec("")
            .with("userName", login)
            .with("emails[work]", mail)
            .with("displayName", name)
            .with("active", active)
            .list("productRoles", &keys)
    })
}

pub(super) fn view(name: &'static str, connector: &str, side: &str, users: &[Rec]) -> SystemView {
    let products: Vec<Rec> =
        (0..3).map(|n| rec(&format!("{side}p{n}")).with("referencePrefix", &format!("P{n}"))).collect();
    system(name, connector)
        .read(Kind::Product, &products)
        .read(Kind::Role, &[rec("viewer").with("name", "Viewer")])
        .read(Kind::User, users)
}

/// All that the comparison says, by ids and not by rows.
pub(super) fn told(found: &Compared) -> Vec<String> {
    let users = found.kind(Kind::User);
    let id = |identity: u32, system: usize| {
        let snapshot = found.inputs.systems[system].snapshot(Kind::User).unwrap();
        users.row(identity, system).map_or("-", |row| snapshot.table.id(row)).to_owned()
    };
    let mut lines: Vec<String> = (0..users.len)
        .map(|identity| {
            let ids: Vec<String> = (0..3).map(|system| id(identity, system)).collect();
            let states: Vec<_> = (1..3).map(|system| users.state(identity, system).unwrap()).collect();
            let paths: Vec<Vec<String>> = (1..3)
                .map(|system| users.differing(identity, system).map(|compares| compares.path.to_string()).collect())
                .collect();
            format!("{ids:?} {states:?} {paths:?}")
        })
        .collect();
    lines.extend(found.lint());
    lines.sort_unstable();
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]
    #[test]
    fn the_order_of_rows_changes_nothing(
        ours in proptest::collection::vec(record("s"), 0..7),
        theirs in proptest::collection::vec(record("t"), 0..7),
        others in proptest::collection::vec(record("u"), 0..5),
        seed in any::<u64>(),
    ) {
        let numbered = |side: &str, all: &[Rec]| -> Vec<Rec> {
            all.iter().enumerate().map(|(n, rec)| Rec { id: format!("{side}{n}"), ..rec.clone() }).collect()
        };
        let [ours, theirs, others] = [numbered("s", &ours), numbered("t", &theirs), numbered("u", &others)];
        let shuffled = |all: &[Rec]| {
            let mut all = all.to_vec();
            let mut state = seed | 1;
            for at in (1..all.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                all.swap(at, (state >> 33) as usize % (at + 1));
            }
            all
        };
        let world = |ours: &[Rec], theirs: &[Rec], others: &[Rec]| {
            compared(vec![view("hr", "scim", "s", ours), view("aha", "aha", "t", theirs), view("dir", "scim", "u", others)])
        };
        let straight = world(&ours, &theirs, &others);
        prop_assert_eq!(told(&straight), told(&world(&shuffled(&ours), &shuffled(&theirs), &shuffled(&others))));

        // The columns and the facets, which are worked out text by text, say the same.
        let users = straight.kind(Kind::User);
        for identity in 0..users.len {
            for system in 1..3 {
                if users.state(identity, system).unwrap().pairing != Pairing::Differs {
                    continue;
                }
                let mut by_bits: Vec<String> =
                    users.differing(identity, system).map(|compares| compares.path.to_string()).collect();
                let mut by_facets: Vec<String> = facets(&straight, Kind::User, identity, system)
                    .into_iter()
                    .filter(|facet| facet.verdict.counts())
                    .map(|facet| facet.path.to_string())
                    .collect();
                by_bits.sort_unstable();
                by_facets.sort_unstable();
                by_facets.dedup();
                prop_assert_eq!(by_bits, by_facets);
            }
        }
    }
}
