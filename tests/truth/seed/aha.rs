//! Aha!: tables 289 to 294, mandatory fields, limitations 1 to 7.

use trueup::model::Kind::{self, Product, Role, User};

use super::Proof::{self, Entry, Refused, Set, Shown, Unseen};
use super::{Mandatory, Operation, Row};

const fn row(
    table: u16,
    kind: Kind,
    scim: &'static str,
    native: &'static str,
    here: &'static str,
    direct: Proof,
    gateway: Proof,
) -> Row {
    Row { table, kind, scim, native, here, direct, gateway }
}

const READ: Proof = Refused("does not let it be written");
/// Roles and products are only read (tables 290 and 291).
const NO_ROLES: Proof = Refused("has no calls for roles");
const NO_PRODUCTS: Proof = Refused("products are read only");
const NO_CHILDREN: Proof = Refused("has no way to add to a Product");

pub const ROWS: &[Row] = &[
    row(292, User, "Id", "id", "id", READ, READ),
    // The login and the e-mail are one field.
    row(292, User, "UserName", "email", "userName", Set("truth.login@example.com"), Set("truth.login@example.com")),
    row(292, User, "DisplayName", "name", "displayName", READ, READ),
    row(292, User, "emails[].value", "email", "emails[work]", Set("truth.mail@example.com"), Set("truth@example.com")),
    row(292, User, "Active", "enabled", "active", Set("false"), Set("false")),
    row(
        292,
        User,
        "name.givenName",
        "first_name (not returned, only writable)",
        "name.givenName",
        Unseen { value: "Truthful", shows: ("name", "Truthful ") },
        Unseen { value: "Truthful", shows: ("displayName", "Truthful ") },
    ),
    row(
        292,
        User,
        "name.familyName",
        "last_name (not returned, only writable)",
        "name.familyName",
        Unseen { value: "Verity", shows: ("name", " Verity") },
        Unseen { value: "Verity", shows: ("displayName", " Verity") },
    ),
    row(292, User, "Extension.productRoles[].role", "product_roles[].role", "productRoles#role", Entry, Entry),
    row(
        292,
        User,
        "Extension.productRoles[].productId",
        "product_roles[].product_id",
        "productRoles#productId",
        Entry,
        Entry,
    ),
    row(
        292,
        User,
        "Extension.productRoles[].productName",
        "product_roles[].product_name",
        "productRoles#productName",
        Shown,
        Shown,
    ),
    row(292, User, "Meta.Created", "created_at", "meta.created", READ, READ),
    row(292, User, "Meta.LastModified", "updated_at", "meta.lastModified", READ, READ),
    row(293, Role, "id", "id", "id", NO_ROLES, NO_ROLES),
    row(293, Role, "name", "name", "name", NO_ROLES, NO_ROLES),
    row(294, Product, "id", "id", "id", NO_PRODUCTS, NO_PRODUCTS),
    row(294, Product, "name", "name", "name", NO_PRODUCTS, NO_PRODUCTS),
    row(294, Product, "referencePrefix", "reference_prefix", "referencePrefix", NO_PRODUCTS, NO_PRODUCTS),
    row(294, Product, "productLine", "product_line", "productLine", NO_PRODUCTS, NO_PRODUCTS),
    row(294, Product, "productLineType", "product_line_type", "productLineType", NO_PRODUCTS, NO_PRODUCTS),
    row(294, Product, "url", "url", "url", NO_PRODUCTS, NO_PRODUCTS),
    row(294, Product, "resource", "resource", "resource", NO_PRODUCTS, NO_PRODUCTS),
    row(294, Product, "children[].id", "children[].id", "children#id", NO_CHILDREN, NO_CHILDREN),
    row(
        294,
        Product,
        "children[].referencePrefix",
        "children[].reference_prefix",
        "children#referencePrefix",
        Shown,
        Shown,
    ),
    row(294, Product, "children[].name", "children[].name", "children#name", Shown, Shown),
    row(294, Product, "children[].productLine", "children[].product_line", "children#productLine", Shown, Shown),
    row(
        294,
        Product,
        "capacityPlanningEnabled",
        "capacity_planning_enabled",
        "capacityPlanningEnabled",
        NO_PRODUCTS,
        NO_PRODUCTS,
    ),
    row(
        294,
        Product,
        "defaultCapacityUnits",
        "default_capacity_units",
        "defaultCapacityUnits",
        NO_PRODUCTS,
        NO_PRODUCTS,
    ),
    row(294, Product, "Meta.Created", "created_at", "meta.created", NO_PRODUCTS, NO_PRODUCTS),
    row(294, Product, "Meta.LastModified", "updated_at", "meta.lastModified", NO_PRODUCTS, NO_PRODUCTS),
];

const fn operation(
    table: u16,
    kind: Kind,
    name: &'static str,
    verb: &'static str,
    direct: (&'static str, &'static str),
    gateway: (&'static str, &'static str),
) -> Operation {
    Operation { table, kind, name, verb, direct, gateway }
}

pub const OPERATIONS: &[Operation] = &[
    operation(289, User, "Create User", "POST", ("POST", "/api/v1/products/*/users"), ("POST", "/scim/v2/Users")),
    operation(289, User, "Update User", "PUT", ("PUT", "/api/v1/users/*"), ("PUT", "/scim/v2/Users/*")),
    // Aha! itself has no such call: it is an update that switches off (limitation 5).
    operation(
        289,
        User,
        "Delete User (soft delete)",
        "DELETE",
        ("PUT", "/api/v1/users/*"),
        ("DELETE", "/scim/v2/Users/*"),
    ),
    operation(289, User, "Get User", "GET", ("GET", "/api/v1/users/*"), ("GET", "/scim/v2/Users/*")),
    operation(289, User, "Get All users", "GET", ("GET", "/api/v1/users"), ("GET", "/scim/v2/Users")),
    operation(
        289,
        User,
        "Get All Users with Pagination",
        "GET",
        ("GET", "/api/v1/users?page=2"),
        ("GET", "/scim/v2/Users?startIndex="),
    ),
    // Aha! itself has no call for roles: they are built in, and custom ones are harvested from the users.
    operation(290, Role, "Get Role by Id", "GET", ("GET", "/api/v1/users"), ("GET", "/scim/v2/Roles")),
    operation(290, Role, "Get all Roles", "GET", ("GET", "/api/v1/users"), ("GET", "/scim/v2/Roles")),
    operation(291, Product, "Get Product by Id", "GET", ("GET", "/api/v1/products/*"), ("GET", "/scim/v2/Products")),
    operation(291, Product, "Get all Products", "GET", ("GET", "/api/v1/products"), ("GET", "/scim/v2/Products")),
    operation(
        291,
        Product,
        "GET All Products with Pagination",
        "GET",
        ("GET", "/api/v1/products?page=1"),
        ("GET", "/scim/v2/Products?"),
    ),
];

pub const MANDATORY: &[Mandatory] = &[
    Mandatory { kind: User, printed: "Name.GivenName", here: "name.givenName", refusal: "without first_name" },
    Mandatory { kind: User, printed: "Name.FamilyName", here: "name.familyName", refusal: "without last_name" },
    Mandatory { kind: User, printed: "EmailAddress", here: "emails[work]", refusal: "without email" },
    Mandatory { kind: User, printed: "role", here: "productRoles", refusal: "a product and a role on it are needed" },
    Mandatory {
        kind: User,
        printed: "product_id",
        here: "productRoles",
        refusal: "a product and a role on it are needed",
    },
];

/// Limitations 1 to 7, word for word.
pub const LIMITATIONS: [&str; 7] = [
    "Aha accepts Role and Product assignment of Users in a combined form and they cannot be assigned separately.",
    "Aha accepts an invalid target URL and returns the results when the API key provided is valid. Due to this behavior, \
     the Test Connection on Starling Connect UI will be successful even without a valid target URI.",
    "Teams and Groups are not supported because Aha does not provide APIs to create or manage them.",
    "Connector supports cursor pagination for the object types Users and Products. It does not support cursor pagination \
     for the Roles object type. However, the records returned are in multiples of 100. For example, if 255 records are \
     requested, connector returns 300 records (next nearest multiple of 100s of the count).",
    "Aha supports only soft delete of Users. Users are set to inactive when the Delete operation is performed. The same \
     User can be reactivated by passing active flag set to True. However, the deleted User can be retrieved in the list \
     of Users as well as individually, irrespective of the status.",
    "No error is returned when a nonexistent Role is specified in the Create and Update request. However, the operation \
     would be completed with a default Role assigned to the User.",
    "Invalid Product ID specified in User Create and User Update request would return Error 404 with message ‘Not Found’.",
];
