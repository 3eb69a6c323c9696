//! Every row of the guide's tables about Aha!, every mandatory field and every limitation, against the built-in file.

use crate::mapping::{Access, Mapping, Via};
use crate::model::{AttrPath, Kind, Op};

fn aha() -> Mapping {
    Mapping::builtin("aha").unwrap()
}

/// Tables 289 to 291: kind, operation, verb.
const OPERATIONS: [(Kind, &str, &str, &str); 11] = [
    (Kind::User, "Create User", "POST", "seeds table 289"),
    (Kind::User, "Update User", "PUT", "seeds table 289"),
    (Kind::User, "Delete User (soft delete)", "DELETE", "seeds table 289"),
    (Kind::User, "Get User", "GET", "seeds table 289"),
    (Kind::User, "Get All users", "GET", "seeds table 289"),
    (Kind::User, "Get All Users with Pagination", "GET", "seeds table 289"),
    (Kind::Role, "Get Role by Id", "GET", "seeds table 290"),
    (Kind::Role, "Get all Roles", "GET", "seeds table 290"),
    (Kind::Product, "Get Product by Id", "GET", "seeds table 291"),
    (Kind::Product, "Get all Products", "GET", "seeds table 291"),
    (Kind::Product, "GET All Products with Pagination", "GET", "seeds table 291"),
];

/// Tables 292 to 294: kind, canonical attribute, sub-attribute of a list, native field (of the list's element), table.
const ROWS: [(Kind, &str, &str, &str, &str); 29] = [
    (Kind::User, "id", "", "id", "292"),
    (Kind::User, "userName", "", "email", "292"),
    (Kind::User, "displayName", "", "name", "292"),
    (Kind::User, "emails[work]", "", "email", "292"),
    (Kind::User, "active", "", "enabled", "292"),
    (Kind::User, "name.givenName", "", "first_name", "292"),
    (Kind::User, "name.familyName", "", "last_name", "292"),
    (Kind::User, "productRoles", "role", "role", "292"),
    (Kind::User, "productRoles", "productId", "product_id", "292"),
    (Kind::User, "productRoles", "productName", "product_name", "292"),
    (Kind::User, "meta.created", "", "created_at", "292"),
    (Kind::User, "meta.lastModified", "", "updated_at", "292"),
    (Kind::Role, "id", "", "id", "293"),
    (Kind::Role, "name", "", "name", "293"),
    (Kind::Product, "id", "", "id", "294"),
    (Kind::Product, "name", "", "name", "294"),
    (Kind::Product, "referencePrefix", "", "reference_prefix", "294"),
    (Kind::Product, "productLine", "", "product_line", "294"),
    (Kind::Product, "productLineType", "", "product_line_type", "294"),
    (Kind::Product, "url", "", "url", "294"),
    (Kind::Product, "resource", "", "resource", "294"),
    (Kind::Product, "children", "id", "id", "294"),
    (Kind::Product, "children", "referencePrefix", "reference_prefix", "294"),
    (Kind::Product, "children", "name", "name", "294"),
    (Kind::Product, "children", "productLine", "product_line", "294"),
    (Kind::Product, "capacityPlanningEnabled", "", "capacity_planning_enabled", "294"),
    (Kind::Product, "defaultCapacityUnits", "", "default_capacity_units", "294"),
    (Kind::Product, "meta.created", "", "created_at", "294"),
    (Kind::Product, "meta.lastModified", "", "updated_at", "294"),
];

const MANDATORY: [(&str, &str); 5] = [
    ("name.givenName", "Name.GivenName"),
    ("name.familyName", "Name.FamilyName"),
    ("emails[work]", "EmailAddress"),
    ("productRoles", "role"),
    ("productRoles", "product_id"),
];

/// The guide's limitations, word for word, and through which way they hold.
const LIMITATIONS: [(Via, &str); 7] = [
    (
        Via::Both,
        "Aha accepts Role and Product assignment of Users in a combined form and they cannot be assigned separately.",
    ),
    (
        Via::Both,
        "Aha accepts an invalid target URL and returns the results when the API key provided is valid. Due to this behavior, the Test Connection on Starling Connect UI will be successful even without a valid target URI.",
    ),
    (Via::Starling, "Teams and Groups are not supported because Aha does not provide APIs to create or manage them."),
    (
        Via::Starling,
        "Connector supports cursor pagination for the object types Users and Products. It does not support cursor pagination for the Roles object type. However, the records returned are in multiples of 100. For example, if 255 records are requested, connector returns 300 records (next nearest multiple of 100s of the count).",
    ),
    (
        Via::Both,
        "Aha supports only soft delete of Users. Users are set to inactive when the Delete operation is performed. The same User can be reactivated by passing active flag set to True. However, the deleted User can be retrieved in the list of Users as well as individually, irrespective of the status.",
    ),
    (
        Via::Both,
        "No error is returned when a nonexistent Role is specified in the Create and Update request. However, the operation would be completed with a default Role assigned to the User.",
    ),
    (
        Via::Both,
        "Invalid Product ID specified in User Create and User Update request would return Error 404 with message ‘Not Found’.",
    ),
];

#[test]
fn every_operation_of_the_guide_is_there() {
    let aha = aha();
    assert_eq!(aha.operations.len(), OPERATIONS.len());
    for (kind, name, verb, cite) in OPERATIONS {
        let found = aha.operations.iter().find(|operation| operation.kind == kind && operation.name == name);
        let found = found.expect(name);
        assert_eq!((found.verb.as_str(), found.cite.as_str()), (verb, cite), "{name}");
        assert!(!found.here.is_empty(), "{name}");
    }
}

#[test]
fn every_row_of_the_guide_is_there_and_cites_it() {
    let aha = aha();
    for (kind, attr, part, native, table) in ROWS {
        let row = aha.row(kind, &AttrPath::from(attr)).unwrap_or_else(|| panic!("{kind} {attr}"));
        assert!(row.cite.contains(&format!("seeds table {table}")), "{attr}: {}", row.cite);
        let fields: Vec<&str> = match (&row.list, part) {
            (None, "") => row.read.iter().chain(&row.detail).chain(&row.write).map(String::as_str).collect(),
            (Some(list), part) => {
                let parts = list.key.iter().chain(&list.value).filter(|have| have.name == part);
                let shown = list.shown.iter().filter(|(have, _)| have == part).map(|(_, read)| read.as_str());
                parts.flat_map(|have| &have.read).map(String::as_str).chain(shown).collect()
            }
            (None, _) => Vec::new(),
        };
        assert!(fields.contains(&native), "{kind} {attr} {part}: {fields:?}");
    }
}

#[test]
fn the_lists_stand_where_the_guide_has_them() {
    let aha = aha();
    assert_eq!(aha.row(Kind::User, &AttrPath::from("productRoles")).unwrap().read, ["product_roles[]"]);
    assert_eq!(aha.row(Kind::Product, &AttrPath::from("children")).unwrap().detail, ["children[]"]);
}

#[test]
fn first_and_last_name_are_only_written() {
    let aha = aha();
    for attr in ["name.givenName", "name.familyName"] {
        let row = aha.row(Kind::User, &AttrPath::from(attr)).unwrap();
        assert_eq!((row.access, row.compare), (Access::WriteOnly, false), "{attr}");
        assert_eq!(row.shows_in, Some(AttrPath::from("displayName")));
    }
}

#[test]
fn every_mandatory_field_is_there() {
    let aha = aha();
    let have = &aha.kind(Kind::User).unwrap().mandatory;
    for (attr, name) in MANDATORY {
        let found = have.iter().any(|one| one.attr == AttrPath::from(attr) && one.cite.contains(name));
        assert!(found, "{attr}, as the guide calls it {name}");
    }
    assert!(aha.kind(Kind::Group).unwrap().mandatory.is_empty(), "mandatory fields of groups: not applicable");
}

#[test]
fn every_limitation_is_there_word_for_word() {
    let aha = aha();
    assert_eq!(aha.limitations.len(), LIMITATIONS.len());
    for (number, ((via, sentence), have)) in LIMITATIONS.iter().zip(&aha.limitations).enumerate() {
        assert!(have.id.starts_with(&format!("aha-{}-", number + 1)), "{}", have.id);
        assert_eq!((have.via, have.sentence.as_str()), (*via, *sentence));
        assert!(have.cite.contains(&format!("limitation {}", number + 1)), "{}", have.cite);
        assert!(!have.here.is_empty());
    }
}

#[test]
fn aha_deactivates_and_never_deletes() {
    let aha = aha();
    use crate::mapping::Capability;
    for op in [Op::Create, Op::Set, Op::Deactivate, Op::Reactivate, Op::Put, Op::Drop] {
        assert_eq!(aha.can(Kind::User, op), Capability::Yes, "{}", op.name());
    }
    assert!(matches!(aha.can(Kind::User, Op::Delete), Capability::No(_)));
    assert!(matches!(aha.can(Kind::Product, Op::Set), Capability::No(_)));
    for kind in [Kind::Role, Kind::Product, Kind::Group] {
        assert!(aha.kind(kind).unwrap().reference, "{kind} is only read");
    }
}

#[test]
fn every_built_in_role_is_a_word_that_can_be_read_back() {
    let aha = aha();
    let writer = &aha.kind(Kind::User).unwrap().writer;
    let roles: Vec<&str> = aha.records.iter().filter_map(|(_, fields)| fields["id"].as_str()).collect();
    assert_eq!(roles, ["product_owner", "contributor", "developer", "reviewer", "viewer", "none"]);
    for role in roles {
        let native = writer.native(&AttrPath::from("productRoles"), role);
        assert_eq!(native.is_ok(), role != "developer", "{role}: {native:?}");
    }
}
