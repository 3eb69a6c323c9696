//! Aha!'s shapes (targets/aha.md 8, 10, 11, 12).

use serde_json::{Map, Value, json};

use super::Ask;
use super::ledger::{Ledger, SEAT_GROUPS, User};
use crate::simulate::clock::timestamp;
use crate::simulate::world::catalog::{self, Role, Sort};

/// Which page is asked for.
pub struct Page {
    /// From 1.
    pub number: u64,
    /// Rows per page.
    pub size: u64,
}

impl Page {
    /// Read from the query: 30 rows by default, 200 at most (targets/aha.md 4); what is no number is ignored.
    pub fn of(ask: &Ask) -> Page {
        let number = |name: &str| ask.query(name).and_then(|v| v.parse::<u64>().ok()).filter(|n| *n > 0);
        let size = number("per_page").unwrap_or(30);
        let honour = ask.flag_is("per-page-overflow", "honour");
        Page { number: number("page").unwrap_or(1), size: if honour { size } else { size.min(200) } }
    }

    /// The places of its rows.
    pub fn places(&self, total: u64) -> std::ops::Range<u64> {
        let from = (self.number - 1).saturating_mul(self.size).min(total);
        from..from.saturating_add(self.size).min(total)
    }
}

/// A page of rows below a key.
pub fn page(key: &str, rows: Vec<Value>, total: u64, page: &Page) -> Value {
    let mut document = Map::new();
    document.insert(key.to_owned(), Value::Array(rows));
    document.insert(
        "pagination".to_owned(),
        json!({
            "total_records": total,
            "total_pages": total.div_ceil(page.size),
            "current_page": page.number,
        }),
    );
    Value::Object(document)
}

/// The page of a list that is held.
pub fn page_of(key: &str, rows: &[Value], ask: &Ask) -> Value {
    let asked = Page::of(ask);
    let total = rows.len() as u64;
    let places = asked.places(total);
    page(key, rows[places.start as usize..places.end as usize].to_vec(), total, &asked)
}

/// The five fields that every form of a user has.
pub fn brief(user: &User) -> Map<String, Value> {
    let account = &user.account;
    let fields = [
        ("id", json!(account.id.to_string())),
        ("name", json!(account.name)),
        ("email", json!(account.email)),
        ("created_at", json!(timestamp(account.created))),
        ("updated_at", json!(timestamp(account.updated))),
    ];
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Which form of a user: they differ in fields (targets/aha.md 8.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A row of the list: the only one with `user_roles`.
    List,
    /// One user.
    Get,
    /// The reply to a change: without the two kinds of seat.
    Put,
}

/// A user in one of its long forms. First and last name are in none of them.
pub fn user(ledger: &Ledger, ask: &Ask, user: &User, form: Form) -> Value {
    let account = &user.account;
    let mut out = brief(user);
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    put("timezone", json!(account.timezone));
    put("accessed_at", json!(account.accessed.map(timestamp)));
    put("product_roles", pairs(ledger, ask, user).into());
    if form == Form::List {
        put("user_roles", custom_roles(ledger, user).into());
    }
    let [of_account, of_billing, of_configuration] = account.administers;
    put("enabled", json!(account.enabled));
    // The flag stays on when a user is disabled (targets/aha.md 8.7).
    put("paid_seat", json!(account.pairs.iter().any(|(_, r)| r.code > 0 && r.code < 40) || of_billing));
    put("administrator", json!(account.administers.contains(&true)));
    if form != Form::Put {
        put("roadmaps_seat", json!(true));
        put("develop_seat", json!(account.pairs.iter().any(|(_, r)| *r == catalog::DEVELOPER)));
    }
    put(
        "administrator_roles",
        json!({
            "administer_account": of_account,
            "administer_billing": of_billing,
            "administer_configuration": of_configuration,
        }),
    );
    if let Some(group) = user.seat_group {
        put("paid_seat_group", json!({ "id": seat_group_id(group), "name": SEAT_GROUPS[usize::from(group)] }));
    }
    let idp = identity_provider();
    put(
        "identity_provider",
        if account.sso { json!({ "type": "saml", "name": idp["name"] }) } else { json!({ "type": "password" }) },
    );
    Value::Object(out)
}

/// The explicit roles of a user.
pub fn pairs(ledger: &Ledger, ask: &Ask, user: &User) -> Vec<Value> {
    user.account.pairs.iter().map(|(product, role)| pair(ledger, ask, *product, *role)).collect()
}

/// One role on one product.
pub fn pair(ledger: &Ledger, ask: &Ask, product: u16, role: Role) -> Value {
    let named = ask.flag_is("null-names", "never") || ledger.sees_name(ask.caller, product);
    json!({
        "role": role.code,
        "role_description": role.label,
        "product_id": ledger.world.aha_product_id(product).to_string(),
        // Null where the caller has no role on the product or above it: an inference (targets/aha.md 8.2).
        "product_name": named.then(|| &catalog::products()[usize::from(product)].name),
    })
}

/// The custom roles of a user; here ids are numbers (targets/aha.md 6).
pub fn custom_roles(ledger: &Ledger, user: &User) -> Vec<Value> {
    user.account.custom.iter().map(|(role, product)| custom_role(ledger, *role, *product)).collect()
}

/// One custom role on one product.
pub fn custom_role(ledger: &Ledger, role: u16, product: u16) -> Value {
    json!({
        "role_id": catalog::CUSTOM_ROLE_BASE + u64::from(role),
        "name": catalog::CUSTOM_ROLES[usize::from(role)],
        "scope": {
            "type": "project",
            "name": catalog::products()[usize::from(product)].name,
            "id": ledger.world.aha_product_id(product),
        },
    })
}

/// The id of a group of seats.
pub fn seat_group_id(group: u8) -> String {
    (572_805_993 + u64::from(group)).to_string()
}

/// The one identity provider.
pub fn identity_provider() -> Value {
    json!({
        "id": "483954339",
        "enabled": true,
        "name": "Acme SSO",
        "sso_endpoint": "https://sso.example.com/saml",
        "created_at": timestamp(1_577_836_800),
        "updated_at": timestamp(1_577_836_800),
    })
}

/// When a product was made and last changed, in seconds since the epoch.
pub fn product_times(product: u16) -> (u64, u64) {
    let made = 1_560_000_000 + u64::from(product) * 777_777;
    (made, made + 50_000_000 + u64::from(product) * 1_000_003)
}

/// A row of the list of products: exactly seven fields.
pub fn product_row(ledger: &Ledger, number: u16) -> Map<String, Value> {
    let product = &catalog::products()[usize::from(number)];
    let kind = if product.sort == Sort::Team { "team" } else { "product_workspace" };
    let fields = [
        ("id", json!(ledger.world.aha_product_id(number).to_string())),
        ("reference_prefix", json!(product.prefix)),
        ("name", json!(product.name)),
        ("product_line", json!(product.sort == Sort::Line)),
        ("created_at", json!(timestamp(product_times(number).0))),
        ("url", json!(product_url(ledger, number))),
        ("workspace_type", json!(kind)),
    ];
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Where a product is seen in a browser: on the account's own host.
pub fn product_url(ledger: &Ledger, number: u16) -> String {
    format!("https://{}.aha.io/projects/{}", ledger.domain, catalog::products()[usize::from(number)].prefix)
}
