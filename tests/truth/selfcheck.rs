//! The table of truth holds the whole of the guides: as many rows, operations, fields and limitations as they have, each once,
//! and each driven. What cannot be driven stands here by name, with the reason.

use std::collections::{BTreeMap, BTreeSet};

use trueup::mapping::{Mapping, Via};

use crate::seed::{self, Proof, Row};

/// Rows and operations of each table, counted in the guide.
const TABLES: [(u16, usize); 10] =
    [(289, 6), (290, 2), (291, 3), (292, 12), (293, 2), (294, 15), (295, 5), (296, 5), (297, 27), (298, 6)];

/// What cannot be driven: what, and why. The guide itself says so of the one that there is.
const NOT_DRIVEN: &[(&str, &str)] = &[(
    "table 297: Meta.Created through Starling Connect",
    "seeds, SAP Litmos limitations: \"Created date and last modified date are not returned by the cloud application for both \
     Users and Groups\"; it is held to come empty, and at SAP Litmos' own interface it is read",
)];

fn rows() -> impl Iterator<Item = &'static Row> {
    seed::aha::ROWS.iter().chain(seed::litmos::ROWS)
}

#[test]
fn every_table_has_as_many_rows_as_the_guide_prints() {
    let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
    let operations = seed::aha::OPERATIONS.iter().chain(seed::litmos::OPERATIONS).map(|operation| operation.table);
    for table in rows().map(|row| row.table).chain(operations) {
        *counts.entry(table).or_default() += 1;
    }
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), TABLES);
    let distinct: BTreeSet<_> = rows().map(|row| (row.table, row.scim)).collect();
    assert_eq!(distinct.len(), rows().count(), "no row stands twice");
    assert_eq!((seed::aha::MANDATORY.len(), seed::litmos::MANDATORY.len()), (5, 4));
    assert_eq!((seed::aha::LIMITATIONS.len(), seed::litmos::LIMITATIONS.len()), (7, 12));
}

#[test]
fn what_a_proof_is_fits_what_the_mapping_allows_on_both_ways() {
    let scim = Mapping::builtin("scim").unwrap();
    for (product, rows) in [("aha", seed::aha::ROWS), ("litmos", seed::litmos::ROWS)] {
        let direct = Mapping::builtin(product).unwrap();
        let through = scim.chosen(&[("behind".to_owned(), product.to_owned())].into());
        for row in rows {
            for (mapping, proof) in [(&direct, row.direct), (&through, row.gateway)] {
                let have = mapping.row(row.kind, &row.place().0.into()).unwrap();
                let reads = !matches!(proof, Proof::Unseen { .. } | Proof::Secret);
                let unreadable = have.access == trueup::mapping::Access::WriteOnly || have.secret;
                assert_eq!(reads, !unreadable, "{}: {} {:?}", mapping.connector, row.here, proof);
            }
        }
    }
}

#[test]
fn what_is_not_driven_is_named_and_is_in_the_guide() {
    for (what, why) in NOT_DRIVEN {
        let (table, row) = what.split_once(": ").unwrap();
        let number: u16 = table.trim_start_matches("table ").parse().unwrap();
        assert!(rows().any(|have| have.table == number && row.starts_with(have.scim)), "{what}");
        assert!(why.contains("seeds"), "{why}");
    }
}

#[test]
fn every_limitation_says_where_it_holds_and_those_of_the_gateway_are_not_lost() {
    for product in ["aha", "litmos"] {
        let mapping = Mapping::builtin(product).unwrap();
        let through = mapping.limitations.iter().filter(|limitation| limitation.via != Via::Direct).count();
        assert!(through > 4, "{product}: {through}");
    }
}

/// The parameters of the Kingdee guide's two tables, in its order.
const KINGDEE: [&[&str]; 2] = [
    &["server_address", "data_center_id", "application_id", "application_secret"],
    &["server_address", "data_center_id", "application_id", "username", "password", "application_secret"],
];

#[test]
fn the_kingdee_guide_is_there_with_both_tables_its_test_and_its_one_issue() {
    let kingdee = Mapping::builtin("kingdee").unwrap();
    let tables = [seed::kingdee::AUTHENTICATION, seed::kingdee::SYNCHRONIZATION];
    for (table, keys) in tables.iter().zip(KINGDEE) {
        assert_eq!(table.iter().map(|parameter| parameter.here).collect::<Vec<_>>(), keys);
        let distinct: BTreeSet<_> = table.iter().map(|parameter| (parameter.printed, parameter.description)).collect();
        assert_eq!(distinct.len(), table.len(), "no parameter stands twice");
        for parameter in *table {
            let named = parameter.printed.replace("Kingdee Cloud ", "").to_lowercase().replace(' ', "_");
            assert_eq!(parameter.here, named, "a key of the configuration is called what the guide calls it");
        }
    }
    // What the help calls a parameter of the guide is one, and every one of them is called so.
    let said = kingdee.settings.iter().filter(|setting| {
        seed::kingdee::SYNCHRONIZATION.iter().any(|parameter| setting.help.starts_with(parameter.printed))
    });
    let said: BTreeSet<&str> = said.map(|setting| setting.name.as_str()).collect();
    assert_eq!(said, KINGDEE.concat().into_iter().collect());
    let issues = kingdee.limitations.iter().filter(|limitation| limitation.sentence == seed::kingdee::COMMON_ISSUE);
    assert_eq!(issues.count(), 1);
    assert_eq!(seed::kingdee::TEST.matches("Test").count(), 1);
}
