//! The demo world as a SCIM library: which resource types its two SCIM views have, and their schemas.

use serde_json::Value;

use crate::simulate::shelf::Base;
use crate::simulate::world::documents::Documents;
use crate::simulate::world::{AHA_SCHEMA, KINGDEE_SCHEMA, PRODUCT_SCHEMA, ROLE_SCHEMA, World};

use super::behind_aha;
use super::behind_litmos;
use super::core;
use super::library::Library;
use super::oneim;
use super::schema::{Attribute, ResourceType, Schema, Type};
use super::starling;

/// The views that this simulator can show.
pub const VIEWS: &[&str] = &["source", "directory", "starling", "starling-aha", "starling-litmos", "oneim"];

impl Base for Documents {
    fn len(&self) -> usize {
        self.len()
    }

    fn at(&self, index: usize) -> Value {
        self.at(index)
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.position(id)
    }

    fn find(&self, attribute: &str, value: &str) -> Option<Vec<usize>> {
        self.find(attribute, value)
    }
}

/// The library of a view: users and groups, and in the source roles and products too.
pub fn library(world: &World, view: &str) -> Library {
    match view {
        "starling-aha" => return behind_aha::library(world, products()),
        "starling-litmos" => return behind_litmos::library(world),
        "oneim" => return oneim::library(library(world, "source")),
        _ => {}
    }
    let documents = Documents::new(world, view);
    let groups = documents.groups();
    if view == "starling" {
        return starling::library(documents, core::users().extended(product_roles()), roles(), products());
    }
    if view == "directory" {
        return Library::default().with(core::users(), documents).holding(core::groups(), groups);
    }
    let (roles, products) = (documents.roles(), documents.products());
    Library::default()
        .with(core::users().extended(product_roles()).extended(grants()), documents)
        .holding(core::groups(), groups)
        .holding(self::roles(), roles)
        .holding(self::products(), products)
}

/// What people may do on which product. A user without any role has no such extension, which is what `required` means.
fn product_roles() -> Schema {
    let parts = vec![
        Attribute::text("role", "The role on the product").required(),
        Attribute::text("productId", "The product").exact().required(),
        Attribute::text("productName", "The name of the product"),
    ];
    let pairs = Attribute::complex("productRoles", parts, "The roles on products");
    let attributes = vec![pairs.many().required()];
    Schema::new(AHA_SCHEMA, "ProductRoles", "Roles on products", attributes)
}

/// What people may do in which organisation.
fn grants() -> Schema {
    let parts = vec![
        Attribute::text("organization", "The number of the organisation").exact().required(),
        Attribute::text("organizationName", "The name of the organisation"),
        Attribute::text("role", "The number of the role").exact().required(),
        Attribute::text("roleName", "The name of the role"),
    ];
    let grants = Attribute::complex("grants", parts, "The roles in organisations");
    Schema::new(KINGDEE_SCHEMA, "Grants", "Roles in organisations", vec![grants.many()])
}

fn roles() -> ResourceType {
    let attributes = vec![Attribute::text("displayName", "The name of the role").required()];
    ResourceType::new("Role", "Roles", "Role", Schema::new(ROLE_SCHEMA, "Role", "Role", attributes))
}

fn products() -> ResourceType {
    let text = Attribute::text;
    let children = vec![
        text("id", "The product below").exact(),
        text("referencePrefix", "Its prefix"),
        text("name", "Its name"),
        Attribute::flag("productLine", "Whether it is a line"),
    ];
    let attributes = vec![
        text("displayName", "The name of the product"),
        text("name", "The name of the product"),
        text("referencePrefix", "The letters before the numbers of its records"),
        Attribute::flag("productLine", "Whether it is a line, which only holds other products"),
        text("productLineType", "What kind of line it is"),
        Attribute::reference("url", &["external"], "Where people see it"),
        Attribute::reference("resource", &["external"], "Where programs see it"),
        Attribute::complex("children", children, "The products below it").many(),
        Attribute::flag("capacityPlanningEnabled", "Whether capacity is planned"),
        Attribute::new("defaultCapacityUnits", Type::Integer, "The unit of capacity"),
    ];
    ResourceType::new("Product", "Products", "Product", Schema::new(PRODUCT_SCHEMA, "Product", "Product", attributes))
}
