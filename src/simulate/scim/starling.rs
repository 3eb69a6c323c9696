//! The library as One Identity Starling Connect has it: more object types than users and groups, and custom attributes in two
//! extensions whose URNs hold other URNs (targets/scim.md A4, seeds 004).

use serde_json::{Value, json};

use crate::simulate::shelf::Base;
use crate::simulate::world::documents::Documents;

use super::core::{self, ENTERPRISE_USER, USER};
use super::library::Library;
use super::schema::{Attribute, ResourceType, Schema, Type};

/// Names of the further object types, their endpoints, and what there is of each.
const FURTHER: [(&str, &str, [&str; 2]); 4] = [
    ("Workspace", "Workspaces", ["Planning", "Ideas"]),
    ("PermissionSet", "PermissionSets", ["Read everything", "Export"]),
    ("Profile", "Profiles", ["Standard", "Auditor"]),
    ("Entitlement", "Entitlements", ["Archive", "Mobile"]),
];

/// The library over the users of a view.
pub fn library(documents: Documents, users: ResourceType, roles: ResourceType, products: ResourceType) -> Library {
    let users = users.extended(custom_core()).extended(custom_enterprise());
    let (groups, held_roles, held_products) = (documents.groups(), documents.roles(), documents.products());
    let mut library = Library::default()
        .with(users, Customised(documents))
        .holding(core::groups(), groups)
        .holding(roles, held_roles)
        .holding(products, held_products);
    for (name, endpoint, labels) in FURTHER {
        let urn = format!("urn:example:starling:schemas:core:2.0:{name}");
        let attributes = vec![Attribute::text("displayName", "Its name").required()];
        let schema = Schema::new(&urn, name, name, attributes);
        let documents = labels.iter().enumerate().map(|(at, label)| {
            json!({
                "schemas": [urn],
                "id": format!("{}-{}", name.to_lowercase(), at + 1),
                "displayName": label,
                "meta": { "resourceType": name },
            })
        });
        library = library.holding(ResourceType::new(name, endpoint, name, schema), documents.collect());
    }
    library
}

/// The URN of the custom attributes of another schema.
pub fn custom(urn: &str) -> String {
    format!("urn:starling:custom:{urn}")
}

/// Legacy custom attributes: texts only (seeds 004).
pub fn custom_core() -> Schema {
    let attributes = vec![Attribute::text("badge", "The badge"), Attribute::text("locker", "The locker")];
    Schema::new(&custom(USER), "CustomUser", "Custom attributes", attributes)
}

/// The others may be texts, integers, decimals and times (seeds 004).
pub fn custom_enterprise() -> Schema {
    let attributes = vec![
        Attribute::new("floor", Type::Integer, "The floor"),
        Attribute::new("share", Type::Decimal, "The share of full time"),
        Attribute::new("since", Type::DateTime, "Since when"),
        Attribute::text("desk", "The desk"),
    ];
    Schema::new(&custom(ENTERPRISE_USER), "CustomEnterpriseUser", "Custom attributes", attributes)
}

/// Users with their custom attributes.
struct Customised(Documents);

impl Base for Customised {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn at(&self, index: usize) -> Value {
        let mut user = self.0.at(index);
        let extensions = [
            (custom(USER), json!({ "badge": format!("B-{index:05}") })),
            (
                custom(ENTERPRISE_USER),
                json!({ "floor": index % 9, "share": 0.5, "since": "2020-01-31T08:00:00Z", "desk": format!("D{}", index % 40) }),
            ),
        ];
        for (urn, values) in extensions {
            if let Some(schemas) = user["schemas"].as_array_mut() {
                schemas.push(urn.clone().into());
            }
            user[&urn] = values;
        }
        user
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.0.position(id)
    }

    fn find(&self, attribute: &str, value: &str) -> Option<Vec<usize>> {
        self.0.find(attribute, value)
    }
}
