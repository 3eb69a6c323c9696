//! What a gateway to another product adds to SCIM: the product's own ways behind every write (targets/scim.md A4, seeds
//! 004, limitations). Each has a switch.

use serde_json::Value;

use super::library::Library;
use super::problem::Problem;
use super::quirks::Quirks;

/// The role that takes the place of one that does not exist.
const DEFAULT_ROLE: &str = "viewer";

/// The lists that have no part `type` where there is none.
pub const UNTYPED: &[&str] = &["emails", "phoneNumbers", "addresses"];

/// Puts the product's own ways into what a client wrote.
///
/// # Errors
/// 404 where a product does not exist, as Aha! has it (limitation 7).
pub fn bend(library: &Library, quirks: &Quirks, input: &mut Value) -> Result<(), Problem> {
    let Some(fields) = input.as_object_mut() else { return Ok(()) };
    for name in UNTYPED.iter().filter(|_| quirks.untyped) {
        let items = fields.get(*name).and_then(Value::as_array).into_iter().flatten();
        if items.into_iter().any(|item| item.get("type").is_some()) {
            return Err(Problem::new(400, format!("{name} has no part `type`")));
        }
    }
    // What is switched off is no attribute: a 400 that names it (targets/scim.md A4).
    for name in &quirks.disabled {
        let is = |key: &String| key.eq_ignore_ascii_case(name);
        let inside = |inner: &Value| inner.as_object().is_some_and(|inner| inner.keys().any(is));
        if fields.iter().any(|(key, value)| is(key) || key.starts_with("urn:") && inside(value)) {
            return Err(Problem::bad("invalidValue", format!("{name} is an invalid attribute name")));
        }
    }
    for operation in fields.get("Operations").and_then(Value::as_array).into_iter().flatten() {
        let path = operation["path"].as_str().unwrap_or_default();
        let last = path.split('[').next().and_then(|path| path.rsplit(':').next()).unwrap_or_default();
        for name in &quirks.disabled {
            let inside = operation["value"]
                .as_object()
                .is_some_and(|value| value.keys().any(|key| key.eq_ignore_ascii_case(name)));
            if last.split('.').next().is_some_and(|first| first.eq_ignore_ascii_case(name)) || inside {
                return Err(Problem::bad("invalidValue", format!("{name} is an invalid attribute name")));
            }
        }
    }
    bend_pairs(library, quirks, input)
}

/// The same for the pairs of role and product alone: of what a PATCH comes to.
///
/// # Errors
/// As [`bend`].
pub fn bend_pairs(library: &Library, quirks: &Quirks, input: &mut Value) -> Result<(), Problem> {
    let Some(fields) = input.as_object_mut() else { return Ok(()) };
    let lists = fields.values_mut().filter_map(|inner| inner.get_mut("productRoles")?.as_array_mut());
    for pair in lists.flatten() {
        let role = pair["role"].as_str().unwrap_or_default().to_owned();
        if quirks.role_default && !knows(library, "Role", &role) && role.parse::<u32>().is_err() {
            // No error is returned (limitation 6).
            pair["role"] = DEFAULT_ROLE.into();
        }
        let product = pair["productId"].as_str().unwrap_or_default();
        if quirks.product_not_found && !knows(library, "Product", product) {
            return Err(Problem::new(404, "Not Found"));
        }
    }
    Ok(())
}

fn knows(library: &Library, kind: &str, id: &str) -> bool {
    library.named(kind).is_some_and(|at| library.get(at, id).is_some())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use serde_json::json;

    use super::super::core;
    use super::super::schema::{Attribute, ResourceType, Schema};
    use super::*;

    fn library() -> Library {
        let kind = |name: &str| {
            let schema =
                Schema::new(&format!("urn:x:{name}"), name, name, vec![Attribute::text("displayName", "Name")]);
            ResourceType::new(name, &format!("{name}s"), name, schema)
        };
        Library::default()
            .holding(core::users(), Vec::new())
            .holding(kind("Role"), vec![json!({ "id": "viewer" }), json!({ "id": "reviewer" })])
            .holding(kind("Product"), vec![json!({ "id": "7" })])
    }

    fn bent(quirks: &Quirks, role: &str, product: &str) -> Result<String, u16> {
        let mut input = json!({ "urn:x:ext": { "productRoles": [{ "role": role, "productId": product }] } });
        let done = bend(&library(), quirks, &mut input).map_err(|problem| problem.status);
        done.map(|()| input["urn:x:ext"]["productRoles"][0]["role"].as_str().unwrap().to_owned())
    }

    #[test]
    fn an_unknown_role_becomes_the_default_one_only_where_that_is_switched_on() {
        let quirks = Quirks { role_default: true, ..Quirks::default() };
        assert_eq!(bent(&quirks, "reviewer", "7").unwrap(), "reviewer");
        assert_eq!(bent(&quirks, "grand_vizier", "7").unwrap(), "viewer");
        assert_eq!(bent(&Quirks::default(), "grand_vizier", "7").unwrap(), "grand_vizier");
    }

    #[test]
    fn an_unknown_product_is_not_found_only_where_that_is_switched_on() {
        let quirks = Quirks { product_not_found: true, ..Quirks::default() };
        assert_eq!(bent(&quirks, "viewer", "99"), Err(404));
        assert!(bent(&quirks, "viewer", "7").is_ok() && bent(&Quirks::default(), "viewer", "99").is_ok());
    }
}
