//! One Identity Manager's provider: users, and beside them what it is meant for (departments, locations; targets/scim.md A5).
//! Its schemas are not documented, so those of the demo world's source stand in for them (a choice).

use serde_json::{Value, json};

use crate::simulate::world::catalog;

use super::library::Library;
use super::schema::{Attribute, ResourceType, Schema};

/// The library of the source, with the further resource types.
pub fn library(source: Library) -> Library {
    let departments = catalog::DEPARTMENTS.iter().map(|department| department.name);
    let sites = catalog::SITES.iter().map(|site| site.town);
    let (kind, documents) = further("Department", "Departments", departments);
    let library = source.holding(kind, documents);
    let (kind, documents) = further("Locality", "Localities", sites);
    library.holding(kind, documents)
}

fn further(name: &str, endpoint: &str, labels: impl Iterator<Item = &'static str>) -> (ResourceType, Vec<Value>) {
    let urn = format!("urn:example:oneim:params:scim:schemas:core:2.0:{name}");
    let attributes = vec![Attribute::text("displayName", "Its name").required()];
    let documents = (1..)
        .zip(labels)
        .map(|(number, label)| json!({ "id": format!("{}-{number}", name.to_lowercase()), "displayName": label }));
    let documents = documents.collect();
    (ResourceType::new(name, endpoint, name, Schema::new(&urn, name, name, attributes)), documents)
}
