//! A stand-in for an IDaaS with the pull interface in the OneAccess form, written from targets/kingdee.md 13 alone.
//!
//! | path | what |
//! |---|---|
//! | `GET /api/v2/tenant/users?org_id=&offset=&limit=` | `{"total", "users": [...]}` |
//! | `GET /api/v2/tenant/organizations?offset=&limit=` | `{"total", "organizations": [...]}` |
//! | `POST /oauth2/token` | the access token for ClientId and ClientSecret, in the header or in the form (the path is a choice) |
//!
//! Assumed, since it is not documented: the fields of organisations, what an error looks like, that the first page is 0 and
//! that `org_id` means this organisation and those below it.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, extract::Path};
use serde_json::{Map, Value, json};

use super::faults::{Faults, Switch};
use super::world::catalog::DEPARTMENTS;
use super::world::documents::Documents;
use super::world::{AHA_SCHEMA, ENTERPRISE_SCHEMA};
use super::{Service, Setting, StartError};

/// The switches of this simulator.
pub const SWITCHES: &[Switch] = &[
    Switch { name: "offset-one", form: "offset-one", help: "The first page is 1, and page 0 is refused." },
    Switch { name: "offset-same", form: "offset-same", help: "The first page is 1, and page 0 is the same." },
    Switch { name: "offset-records", form: "offset-records", help: "`offset` counts records, not pages." },
    Switch { name: "no-total", form: "no-total", help: "No `total` is stated." },
    Switch {
        name: "no-organizations",
        form: "no-organizations",
        help: "Listing organisations is not permitted (403).",
    },
    Switch { name: "max-limit", form: "max-limit=N", help: "No page holds more than N records." },
];

/// Its state.
struct Idaas {
    token: String,
    /// ClientId and ClientSecret of the application that may read.
    client: (String, String),
    source: Documents,
    organizations: Vec<Organization>,
    /// What products are called here, by the source's id: this service lists none, so people hold roles on names.
    products: HashMap<String, Value>,
    faults: Faults,
}

/// One organisation.
struct Organization {
    id: String,
    name: String,
    code: String,
    parent: Option<usize>,
}

/// The simulator.
///
/// # Errors
/// Where a view of the world is asked for that it cannot show.
pub fn service(setting: &Setting) -> Result<Service, StartError> {
    let view = &setting.options.view;
    if view != "source" {
        return Err(StartError::View(view.clone()));
    }
    let token = format!("idaas-{:016x}", setting.options.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let source = Documents::new(&setting.world, "source");
    let name = |product: &Value| Some((product["id"].as_str()?.to_owned(), product["referencePrefix"].clone()));
    let secret = format!("idaas-secret-{:016x}", setting.options.seed.wrapping_mul(0xD1B5_4A32_D192_ED03));
    let client = ("client-idaas".to_owned(), secret);
    let login = BTreeMap::from(
        [
            ("token", token.as_str()),
            // A path here; whoever starts the service knows the host.
            ("token_url", TOKEN),
            ("client_id", &client.0),
            ("client_secret", &client.1),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let idaas = Idaas {
        token: token.clone(),
        client,
        products: source.products().iter().filter_map(name).collect(),
        source,
        organizations: organizations(),
        faults: setting.faults.clone(),
    };
    let router = Router::new()
        .route(TOKEN, post(grant))
        .route("/api/v2/tenant/users", get(users))
        .route("/api/v2/tenant/organizations", get(all_organizations))
        .route("/api/v2/tenant/organizations/{id}", get(organization))
        .with_state(Arc::new(idaas));
    Ok(Service { base: String::new(), login, router })
}

/// Where the access token is given out.
const TOKEN: &str = "/oauth2/token";

/// The access token for an application's own id and secret (RFC 6749 4.4).
async fn grant(State(idaas): State<Arc<Idaas>>, headers: HeaderMap, body: String) -> Response {
    let form: BTreeMap<&str, &str> = body.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let (id, secret) = &idaas.client;
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let basic = format!("Basic {}", super::scim::base64(format!("{id}:{secret}").as_bytes()));
    let told = |name: &str, value: &str| form.get(name) == Some(&value);
    if given != Some(&*basic) && !(told("client_id", id) && told("client_secret", secret)) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client" }))).into_response();
    }
    if form.get("grant_type") != Some(&"client_credentials") {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "unsupported_grant_type" }))).into_response();
    }
    idaas.faults.renew();
    let token = &idaas.token;
    Json(json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3_600 })).into_response()
}

/// The company, its divisions, and the departments below those.
fn organizations() -> Vec<Organization> {
    let mut all = vec![Organization { id: "org-0".into(), name: "Acme".into(), code: "0".into(), parent: None }];
    for department in &DEPARTMENTS {
        let division = all.iter().position(|org| org.name == department.division).unwrap_or_else(|| {
            add(&mut all, department.division, 0);
            all.len() - 1
        });
        add(&mut all, department.name, division);
    }
    all
}

fn add(all: &mut Vec<Organization>, name: &str, parent: usize) {
    let number = all.len();
    let (id, code) = (format!("org-{number}"), number.to_string());
    all.push(Organization { id, name: name.to_owned(), code, parent: Some(parent) });
}

fn refused(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({ "error_code": format!("IDAAS.{}", status.as_u16()), "error_msg": text }))).into_response()
}

/// Which records are on the page that is asked for, as a range.
struct Window {
    from: usize,
    most: usize,
}

impl Idaas {
    fn lets_in(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        given.and_then(|given| given.strip_prefix("Bearer ")) == Some(&self.token)
    }

    fn window(&self, query: &BTreeMap<String, String>) -> Result<Window, Response> {
        let number = |name: &str, usual: usize| match query.get(name) {
            None => Ok(usual),
            Some(text) => {
                text.parse().map_err(|_| refused(StatusCode::BAD_REQUEST, &format!("{name} must be a number")))
            }
        };
        let (offset, limit) = (number("offset", 0)?, number("limit", 10)?);
        let cap = self.faults.flag("max-limit").and_then(|cap| cap.parse().ok()).unwrap_or(usize::MAX);
        let most = limit.clamp(1, cap.max(1));
        let page = if self.faults.flag("offset-one").is_some() {
            offset.checked_sub(1).ok_or_else(|| refused(StatusCode::BAD_REQUEST, "offset must be at least 1"))?
        } else if self.faults.flag("offset-same").is_some() {
            offset.saturating_sub(1)
        } else {
            offset
        };
        let by_records = self.faults.flag("offset-records").is_some();
        Ok(Window { from: if by_records { offset } else { page.saturating_mul(most) }, most })
    }

    fn listed(&self, key: &str, total: usize, records: Vec<Value>) -> Response {
        let mut reply = Map::new();
        if self.faults.flag("no-total").is_none() {
            reply.insert("total".to_owned(), total.into());
        }
        reply.insert(key.to_owned(), records.into());
        Json(Value::Object(reply)).into_response()
    }

    /// The organisation of a person, who is in the company itself where no department is known.
    fn organization_of(&self, user: &Value) -> usize {
        let department = user[ENTERPRISE_SCHEMA]["department"].as_str().unwrap_or_default();
        self.organizations.iter().position(|org| org.name == department).unwrap_or(0)
    }

    /// Whether an organisation is this one or below it.
    fn below(&self, mut org: usize, top: &str) -> bool {
        loop {
            if self.organizations[org].id == top {
                return true;
            }
            match self.organizations[org].parent {
                Some(parent) => org = parent,
                None => return false,
            }
        }
    }

    fn user(&self, document: &Value) -> Value {
        let picked = |list: &str, kind: &str| {
            let items = document[list].as_array();
            items.and_then(|items| items.iter().find(|item| item["type"] == kind)).map(|item| item["value"].clone())
        };
        let mut extension = json!({
            "firstName": document["name"]["givenName"],
            "lastName": document["name"]["familyName"],
            "employeeNumber": document[ENTERPRISE_SCHEMA]["employeeNumber"],
            "title": document["title"],
        });
        if let Some(pairs) = document[AHA_SCHEMA]["productRoles"].as_array() {
            let pair = |pair: &Value| {
                let id = pair["productId"].as_str().unwrap_or_default();
                json!({ "role": pair["role"], "productId": self.products.get(id).unwrap_or(&pair["productId"]) })
            };
            extension["productRoles"] = pairs.iter().map(pair).collect();
        }
        json!({
            "user_id": document["id"],
            "org_id": self.organizations[self.organization_of(document)].id,
            "user_name": document["userName"],
            "name": document["displayName"],
            "mobile": picked("phoneNumbers", "mobile"),
            "email": picked("emails", "work"),
            "disabled": document["active"] != true,
            "locked": false,
            "created_at": document["meta"]["created"],
            "updated_at": document["meta"]["lastModified"],
            "pwd_change_at": Value::Null,
            "extension": extension,
        })
    }

    fn organization(&self, org: &Organization) -> Value {
        let parent = org.parent.map_or_else(|| "0".to_owned(), |parent| self.organizations[parent].id.clone());
        json!({ "org_id": org.id, "code": org.code, "name": org.name, "parent_id": parent })
    }
}

async fn users(
    State(idaas): State<Arc<Idaas>>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if !idaas.lets_in(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "the access token is invalid");
    }
    let window = match idaas.window(&query) {
        Ok(window) => window,
        Err(refused) => return refused,
    };
    let top = query.get("org_id").filter(|org| !org.is_empty());
    let all = 0..idaas.source.len();
    let (total, places): (usize, Vec<usize>) = match top {
        None => (idaas.source.len(), all.skip(window.from).take(window.most).collect()),
        Some(top) => {
            let there = |place: &usize| idaas.below(idaas.organization_of(&idaas.source.at(*place)), top);
            let there: Vec<usize> = all.filter(there).collect();
            (there.len(), there.into_iter().skip(window.from).take(window.most).collect())
        }
    };
    idaas.listed("users", total, places.into_iter().map(|place| idaas.user(&idaas.source.at(place))).collect())
}

async fn all_organizations(
    State(idaas): State<Arc<Idaas>>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if !idaas.lets_in(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "the access token is invalid");
    }
    if idaas.faults.flag("no-organizations").is_some() {
        return refused(StatusCode::FORBIDDEN, "the application has no permission for this interface");
    }
    let window = match idaas.window(&query) {
        Ok(window) => window,
        Err(refused) => return refused,
    };
    let page = idaas.organizations.iter().skip(window.from).take(window.most);
    let page = page.map(|org| idaas.organization(org)).collect();
    idaas.listed("organizations", idaas.organizations.len(), page)
}

async fn organization(State(idaas): State<Arc<Idaas>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if !idaas.lets_in(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "the access token is invalid");
    }
    match idaas.organizations.iter().find(|org| org.id == id) {
        Some(org) => Json(idaas.organization(org)).into_response(),
        None => refused(StatusCode::NOT_FOUND, "the organization does not exist"),
    }
}
