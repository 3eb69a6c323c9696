//! The world as SCIM documents: the source of truth, and the directory.
//!
//! Owns the documents' shape and order. A user is made when asked for; groups, roles and products are few.

use serde_json::{Map, Value, json};

use super::catalog::{self, Circle, Sort};
use super::kingdee::catalog as kingdee;
use super::planting::{self, GroupDrift, Plant};
use super::{
    AHA_SCHEMA, Asked, ENTERPRISE_SCHEMA, GROUP_SCHEMA, KINGDEE_SCHEMA, PRODUCT_SCHEMA, Person, ROLE_SCHEMA,
    USER_SCHEMA, Which, World, long_ago, nth_without, number_of_uuid, people, place_without, uuid,
};
use crate::simulate::clock::timestamp;

/// The documents of one view.
#[derive(Debug, Clone)]
pub struct Documents {
    world: World,
    directory: bool,
}

impl Documents {
    /// The documents of `source` or `directory`.
    pub fn new(world: &World, view: &str) -> Documents {
        Documents { world: world.clone(), directory: view == "directory" }
    }

    /// How many users there are.
    pub fn len(&self) -> usize {
        (self.slots() - self.holes().len() as u32) as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The user at a place of the list.
    pub fn at(&self, place: usize) -> Value {
        self.user(nth_without(self.holes(), place as u32))
    }

    /// Where the user of an id is.
    pub fn position(&self, id: &str) -> Option<usize> {
        let number = u32::try_from(number_of_uuid(self.world.seed(), self.user_salt(), id)?).ok()?;
        self.place(number)
    }

    /// Where the users are whose attribute equals a text, letter case ignored; None for attributes without an index.
    /// There is one for `userName`, `emails` (and `emails.value`) and `externalId`.
    pub fn find(&self, attribute: &str, value: &str) -> Option<Vec<usize>> {
        let attribute = attribute.strip_prefix(USER_SCHEMA).and_then(|a| a.strip_prefix(':')).unwrap_or(attribute);
        match attribute.to_ascii_lowercase().as_str() {
            "username" | "emails" | "emails.value" => {
                let all = self.slots() + self.world.account_slots();
                let found = self.world.find_user_name(value, all);
                Some(found.into_iter().filter_map(|person| self.place(self.number_of(person)?)).collect())
            }
            "externalid" => {
                let number = value.trim_start_matches(['E', 'e']).parse::<u32>().ok();
                let person = number.and_then(|n| n.checked_sub(FIRST_EMPLOYEE));
                let place = person
                    .filter(|p| external_id(*p).eq_ignore_ascii_case(value))
                    .and_then(|p| self.place(self.number_of(p)?));
                Some(place.into_iter().collect())
            }
            _ => None,
        }
    }

    /// All groups.
    pub fn groups(&self) -> Vec<Value> {
        (0_u32..)
            .zip(catalog::groups())
            .filter_map(|(number, (name, circle))| {
                let members = self.members(number, circle)?;
                Some(json!({
                    "schemas": [GROUP_SCHEMA],
                    "id": self.group_id(number),
                    "displayName": name,
                    "members": members.into_iter().map(|n| json!({
                        "value": self.user_id(n),
                        "display": self.world.person(n).display,
                        "type": "User",
                    })).collect::<Vec<_>>(),
                    "meta": meta("Group", long_ago(self.world.seed(), "group", u64::from(number))),
                }))
            })
            .collect()
    }

    /// All roles: the five that can be written, then the custom ones. The directory has none.
    pub fn roles(&self) -> Vec<Value> {
        if self.directory {
            return Vec::new();
        }
        let written = catalog::WRITABLE.iter().map(|role| (role.token.to_owned(), role.label));
        let custom =
            (catalog::CUSTOM_ROLE_BASE..).zip(catalog::CUSTOM_ROLES).map(|(id, name)| (format!("custom-{id}"), name));
        written
            .chain(custom)
            .map(|(id, name)| {
                json!({
                    "schemas": [ROLE_SCHEMA],
                    "id": id,
                    "displayName": name,
                    "meta": meta("Role", 1_546_300_800),
                })
            })
            .collect()
    }

    /// All products, with the one that Aha!'s key may not see. The directory has none.
    pub fn products(&self) -> Vec<Value> {
        if self.directory {
            return Vec::new();
        }
        let all = catalog::products();
        let summary = |number: u16| {
            let product = &all[usize::from(number)];
            json!({
                "id": self.world.source_product_id(number),
                "referencePrefix": product.prefix,
                "name": product.name,
                "productLine": product.sort == Sort::Line,
            })
        };
        (0_u16..)
            .zip(all)
            .map(|(number, product)| {
                let line = product.sort == Sort::Line;
                let children =
                    (0_u16..).zip(all).filter(|(_, p)| p.parent == Some(number)).map(|(child, _)| summary(child));
                let url = format!("https://acme.aha.io/projects/{}", product.prefix);
                json!({
                    "schemas": [PRODUCT_SCHEMA],
                    "id": self.world.source_product_id(number),
                    "displayName": product.name,
                    "name": product.name,
                    "referencePrefix": product.prefix,
                    "productLine": line,
                    "productLineType": line.then_some("Division"),
                    "url": url,
                    "resource": url,
                    "children": children.collect::<Vec<_>>(),
                    "capacityPlanningEnabled": false,
                    "defaultCapacityUnits": 10,
                    "meta": meta("Product", long_ago(self.world.seed(), "product", u64::from(number))),
                })
            })
            .collect()
    }

    /// People in this view whom the source does not have.
    pub fn extra_people(&self) -> impl Iterator<Item = Person> + '_ {
        (self.world.users()..self.slots()).map(|number| self.world.person(self.person_of(number)))
    }

    fn slots(&self) -> u32 {
        self.world.users() + if self.directory { self.world.0.directory_extras } else { 0 }
    }

    fn holes(&self) -> &[u32] {
        if self.directory { &self.world.0.directory_holes } else { &[] }
    }

    fn place(&self, number: u32) -> Option<usize> {
        if number >= self.slots() {
            return None;
        }
        place_without(self.holes(), number).map(|place| place as usize)
    }

    /// The directory's own people are others than Aha!'s.
    fn person_of(&self, number: u32) -> u32 {
        if number < self.world.users() { number } else { number - self.world.users() + self.world.account_slots() }
    }

    fn number_of(&self, person: u32) -> Option<u32> {
        if person < self.world.users() {
            Some(person)
        } else {
            Some(person.checked_sub(self.world.account_slots())? + self.world.users())
        }
    }

    fn user_salt(&self) -> &'static str {
        if self.directory { "directory user" } else { "source user" }
    }

    fn user_id(&self, number: u32) -> String {
        uuid(self.world.seed(), self.user_salt(), u64::from(number))
    }

    fn group_id(&self, number: u32) -> String {
        let salt = if self.directory { "directory group" } else { "source group" };
        uuid(self.world.seed(), salt, u64::from(number))
    }

    /// None where this view does not have the group.
    fn members(&self, number: u32, circle: Circle) -> Option<Vec<u32>> {
        let everybody = 0..self.world.users().min(people::GROUPED);
        let mut members: Vec<u32> = everybody.filter(|n| self.world.is_in(*n, circle)).collect();
        if self.directory {
            match planting::drift_of_group(number) {
                Some(GroupDrift::Missing) => return None,
                Some(GroupDrift::FewerMembers) => {
                    let dropped = planting::dropped_members(&self.world, circle);
                    members.retain(|n| !dropped.contains(n));
                }
                Some(GroupDrift::MoreMembers) => {
                    members.extend(planting::added_members(&self.world, circle));
                }
                None => {}
            }
        }
        Some(members)
    }

    fn user(&self, number: u32) -> Value {
        let world = &self.world;
        let of = self.person_of(number);
        let person = world.person(of);
        let plant = world.plant_on(of);
        let (_, site) = world.site(of);
        let (_, department) = world.department(of);
        let left_but_active = self.directory && plant == Some(Plant::DirectoryLeaver);
        let title =
            if self.directory && plant == Some(Plant::DirectoryTitle) { "Acting Lead" } else { world.title(of) };
        let department_name = if self.directory && plant == Some(Plant::DirectoryDepartment) {
            "Transition Pool"
        } else {
            department.name
        };
        let phone = world.hash("phone", of);
        let mut user = Map::new();
        let mut put = |key: &str, value: Value| {
            user.insert(key.to_owned(), value);
        };
        let mut schemas = vec![USER_SCHEMA, ENTERPRISE_SCHEMA];
        if !self.directory {
            schemas.extend([AHA_SCHEMA, KINGDEE_SCHEMA]);
        }
        put("schemas", json!(schemas));
        put("id", json!(self.user_id(number)));
        put("externalId", json!(external_id(of)));
        put("userName", json!(person.user_name));
        put("name", json!({ "formatted": person.display, "familyName": person.family, "givenName": person.given }));
        put("displayName", json!(person.display));
        put("nickName", json!(person.given));
        put("profileUrl", json!(format!("https://people.example.com/{}", external_id(of))));
        put("title", json!(title));
        put("userType", json!(if of == 0 { "Service" } else { "Employee" }));
        put("preferredLanguage", json!(site.locale));
        put("locale", json!(site.locale));
        put("timezone", json!(site.timezone));
        put("active", json!(person.active || left_but_active));
        put("emails", json!([{ "value": person.user_name, "type": "work", "primary": true }]));
        put(
            "phoneNumbers",
            json!([
                { "value": format!("{}-{:04}", site.dial, phone % 10_000), "type": "work" },
                { "value": format!("{}-{:04}", site.dial, phone / 10_000 % 10_000), "type": "mobile" },
            ]),
        );
        put(
            "addresses",
            json!([{
                "type": "work",
                "streetAddress": site.street,
                "locality": site.town,
                "region": site.region,
                "postalCode": site.post,
                "country": site.country,
            }]),
        );
        if !self.directory {
            put("groups", self.groups_of(of));
        }
        let mut enterprise = json!({
            "employeeNumber": external_id(of),
            "costCenter": format!("CC-{:03}", world.hash("cost center", of) % 120),
            "organization": "Acme",
            "division": department.division,
            "department": department_name,
        });
        if let Some(manager) = world.manager(of) {
            enterprise["manager"] =
                json!({ "value": self.user_id(manager), "displayName": world.person(manager).display });
        }
        put(ENTERPRISE_SCHEMA, enterprise);
        if !self.directory {
            put(AHA_SCHEMA, json!({ "productRoles": self.pairs_of(&person) }));
            put(KINGDEE_SCHEMA, json!({ "grants": self.grants_of(of) }));
        }
        let tag = if self.directory { "directory changed" } else { "source changed" };
        put("meta", meta("User", long_ago(world.seed(), tag, u64::from(of))));
        Value::Object(user)
    }

    fn groups_of(&self, number: u32) -> Value {
        (0_u32..)
            .zip(catalog::groups())
            .filter(|(_, (_, circle))| self.world.is_in(number, *circle))
            .map(|(group, (name, _))| json!({ "value": self.group_id(group), "display": name, "type": "direct" }))
            .collect()
    }

    /// Roles in organisations, by the numbers that Kingdee has for both.
    fn grants_of(&self, number: u32) -> Vec<Value> {
        let grants = self.world.kingdee_grants(number).into_iter();
        grants
            .map(|(organisation, role)| {
                let organisation = &kingdee::ORGANISATIONS[usize::from(organisation)];
                let role = &kingdee::ROLES[usize::from(role)];
                json!({
                    "organization": organisation.number,
                    "organizationName": organisation.names.0,
                    "role": role.number,
                    "roleName": role.names.0,
                })
            })
            .collect()
    }

    /// Most pairs name the product by the source's own id and the role as it is written; some use Aha!'s key, its number
    /// or its label for the same thing, as grown sources do.
    fn pairs_of(&self, person: &Person) -> Vec<Value> {
        let world = &self.world;
        (0_u32..)
            .zip(&person.pairs)
            .map(|(i, pair)| {
                let chance = world.hash("form", person.number * 4 + i);
                let (id, name) = match &pair.product {
                    Which::Unknown(id) => ((*id).to_owned(), None),
                    Which::Product(number) => {
                        let product = &catalog::products()[usize::from(*number)];
                        let hidden = product.sort == Sort::Hidden;
                        let by_key = chance % 15 == 7 && !hidden;
                        let id = if by_key { product.prefix.clone() } else { world.source_product_id(*number) };
                        (id, Some(product.name.clone()))
                    }
                };
                let role = match pair.role {
                    Asked::Unknown(token) => token.to_owned(),
                    Asked::Role(role) => match chance / 16 % 20 {
                        3 => role.code.to_string(),
                        4 => role.label.to_owned(),
                        _ => role.token.to_owned(),
                    },
                };
                match name {
                    Some(name) => json!({ "role": role, "productId": id, "productName": name }),
                    None => json!({ "role": role, "productId": id }),
                }
            })
            .collect()
    }
}

/// Employee numbers start here.
const FIRST_EMPLOYEE: u32 = 100_000;

/// The number of an employee.
pub(super) fn external_id(person: u32) -> String {
    format!("E{:07}", person + FIRST_EMPLOYEE)
}

fn meta(resource: &str, created: u64) -> Value {
    json!({
        "resourceType": resource,
        "created": timestamp(created),
        "lastModified": timestamp(created + created % 20_000_000),
    })
}
