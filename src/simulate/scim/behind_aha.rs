//! Aha! through Starling Connect: tables 289 to 294 of the guide and its limitations (seeds 004), over the same accounts that
//! the simulator of Aha! itself shows.

use serde_json::{Value, json};

use crate::simulate::clock::timestamp;
use crate::simulate::shelf::Base;
use crate::simulate::world::World;
use crate::simulate::world::accounts::Account;
use crate::simulate::world::catalog::{self, Sort};

use super::core::USER;
use super::library::Library;
use super::problem::Problem;
use super::schema::{Attribute, Mutability, ResourceType, Returned, Schema};

/// The extension with the roles on products; the guide calls it "Extension" and no more (a choice).
const EXTENSION: &str = "urn:example:starling:params:scim:schemas:extension:aha:2.0:User";

/// Users, roles and products; there are no groups (limitation 3).
pub fn library(world: &World, products: ResourceType) -> Library {
    let role_schema = "urn:example:starling:params:scim:schemas:core:2.0:Role";
    let name = Attribute::text("name", "The name of the role").required();
    let roles = ResourceType::new("Role", "Roles", "Role", Schema::new(role_schema, "Role", "Role", vec![name]));
    Library::default()
        .with(users(), Accounts(world.clone()))
        .holding(roles, role_documents(role_schema))
        .holding(products, product_documents(world))
}

fn users() -> ResourceType {
    let hidden = |attribute: Attribute| attribute.mutability(Mutability::WriteOnly).returned(Returned::Never);
    let name = vec![
        hidden(Attribute::text("givenName", "The first name")),
        hidden(Attribute::text("familyName", "The last name")),
    ];
    let emails = vec![
        Attribute::text("value", "The e-mail address"),
        Attribute::text("type", "What it is for").canonical(&["work"]),
        Attribute::flag("primary", "Whether this is the preferred one"),
    ];
    let attributes = vec![
        Attribute::text("userName", "The e-mail address").required().unique(),
        Attribute::text("displayName", "First and last name").read_only(),
        hidden(Attribute::complex("name", name, "First and last name")),
        Attribute::complex("emails", emails, "The e-mail address").many(),
        Attribute::flag("active", "Whether the account is enabled"),
    ];
    let pair = vec![
        Attribute::text("role", "The role on the product").required(),
        Attribute::text("productId", "The product").exact().required(),
        Attribute::text("productName", "The name of the product"),
    ];
    let pairs = Attribute::complex("productRoles", pair, "The roles on products").many();
    let extension = Schema::new(EXTENSION, "ProductRoles", "Roles on products", vec![pairs]);
    ResourceType::new("User", "Users", "User Account", Schema::new(USER, "User", "User Account", attributes))
        .extended(extension)
}

fn role_documents(schema: &str) -> Vec<Value> {
    let written = catalog::WRITABLE.iter().map(|role| (role.token, role.label));
    written.map(|(id, name)| json!({ "schemas": [schema], "id": id, "name": name })).collect()
}

fn product_documents(world: &World) -> Vec<Value> {
    let all = catalog::products();
    let visible = |number: &u16| all[usize::from(*number)].sort != Sort::Hidden;
    let line = |number: u16| all[usize::from(number)].sort == Sort::Line;
    let short = |number: u16| {
        let product = &all[usize::from(number)];
        json!({
            "id": world.aha_product_id(number).to_string(),
            "referencePrefix": product.prefix,
            "name": product.name,
            "productLine": line(number),
        })
    };
    (0..all.len() as u16)
        .filter(visible)
        .map(|number| {
            let children = (0..all.len() as u16).filter(visible);
            let children = children.filter(|child| all[usize::from(*child)].parent == Some(number)).map(short);
            let url = format!("https://acme.aha.io/projects/{}", all[usize::from(number)].prefix);
            let made = 1_560_000_000 + u64::from(number) * 777_777;
            let mut product = short(number);
            product["productLineType"] = json!(line(number).then_some("Division"));
            product["url"] = json!(url);
            product["resource"] = json!(url);
            product["children"] = children.collect();
            product["capacityPlanningEnabled"] = json!(false);
            product["defaultCapacityUnits"] = json!(10);
            product["meta"] = json!({ "created": timestamp(made), "lastModified": timestamp(made + 50_000_000) });
            product
        })
        .collect()
}

/// The accounts at Aha!.
struct Accounts(World);

impl Accounts {
    fn document(&self, account: &Account) -> Value {
        let pairs: Vec<Value> = account
            .pairs
            .iter()
            .map(|(product, role)| {
                // Aha! reads roles as numbers, and the gateway passes them on (targets/aha.md 10.1; a choice).
                json!({
                    "role": role.code.to_string(),
                    "productId": self.0.aha_product_id(*product).to_string(),
                    "productName": catalog::products()[usize::from(*product)].name,
                })
            })
            .collect();
        let mut user = json!({
            "id": account.id.to_string(),
            "userName": account.email,
            "displayName": account.name,
            "name": { "givenName": account.first, "familyName": account.last },
            "emails": [{ "value": account.email, "type": "work", "primary": true }],
            "active": account.enabled,
            "meta": { "created": timestamp(account.created), "lastModified": timestamp(account.updated) },
        });
        if !pairs.is_empty() {
            user[EXTENSION] = json!({ "productRoles": pairs });
        }
        user
    }
}

impl Base for Accounts {
    fn len(&self) -> usize {
        self.0.accounts() as usize
    }

    fn at(&self, index: usize) -> Value {
        let account = u32::try_from(index).ok().and_then(|place| self.0.account(self.0.account_at(place)));
        account.map_or(Value::Null, |account| self.document(&account))
    }

    fn position(&self, id: &str) -> Option<usize> {
        let slot = self.0.account_slot(id.parse().ok()?)?;
        self.0.account_place(slot).map(|place| place as usize)
    }

    fn find(&self, attribute: &str, value: &str) -> Option<Vec<usize>> {
        let attribute = attribute.to_ascii_lowercase();
        ["username", "emails", "emails.value"].contains(&attribute.as_str()).then(|| {
            let found = self.0.find_account(value).into_iter();
            found.filter_map(|slot| self.0.account_place(slot)).map(|place| place as usize).collect()
        })
    }
}

/// One address, a name put together, roles by their numbers, and nobody new without a pair (limitation 1).
pub fn settle(library: &Library, before: Option<&Value>, document: &mut Value) -> Result<(), Problem> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let was = text(before.map(|before| &before["userName"]));
    let told = text(document["emails"].get(0).and_then(|email| email.get("value")));
    let named = text(document.get("userName"));
    // The login is the address (table 292): whichever of the two moved is meant.
    let email = if !told.is_empty() && told != was { told } else { named };
    if !email.eq_ignore_ascii_case(&was) && library.user_named(&email).is_some() {
        return Err(Problem::taken(format!("{email} is taken")));
    }
    document["userName"] = json!(email);
    document["emails"] = json!([{ "value": email, "type": "work", "primary": true }]);
    let part = |name: &str| {
        let own = text(document["name"].get(name));
        if own.is_empty() { text(before.map(|before| &before["name"][name])) } else { own }
    };
    let (given, family) = (part("givenName"), part("familyName"));
    let pairs = document[EXTENSION]["productRoles"].as_array().cloned().unwrap_or_default();
    if before.is_none() {
        for (lacks, what) in [
            (given.is_empty(), "name.givenName"),
            (family.is_empty(), "name.familyName"),
            (email.is_empty(), "emails"),
            (pairs.is_empty(), "productRoles"),
        ] {
            if lacks {
                return Err(Problem::value(format!("{what} is mandatory")));
            }
        }
    }
    let renamed = before.is_none_or(|before| before["name"] != json!({ "givenName": given, "familyName": family }));
    if renamed {
        document["displayName"] = json!(format!("{given} {family}"));
    }
    document["name"] = json!({ "givenName": given, "familyName": family });
    if document.get("active").is_none() {
        document["active"] = json!(true);
    }
    let pairs: Vec<Value> = pairs.into_iter().map(|pair| settled(library, pair)).collect();
    match document.as_object_mut() {
        Some(fields) if pairs.is_empty() => {
            fields.shift_remove(EXTENSION);
        }
        _ => document[EXTENSION] = json!({ "productRoles": pairs }),
    }
    Ok(())
}

fn settled(library: &Library, mut pair: Value) -> Value {
    let role = catalog::WRITABLE.iter().find(|role| pair["role"] == role.token);
    if let Some(role) = role {
        pair["role"] = json!(role.code.to_string());
    }
    let product = pair["productId"].as_str().and_then(|id| library.get(library.named("Product")?, id));
    if let Some(product) = product {
        pair["productName"] = product["name"].clone();
    }
    pair
}
