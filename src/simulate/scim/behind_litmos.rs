//! SAP Litmos through Starling Connect: tables 295 to 298 of the guide and its limitations (seeds 004), over the same people
//! and teams that the simulator of SAP Litmos itself shows.

use serde_json::{Value, json};

use crate::simulate::shelf::Base;
use crate::simulate::world::World;
use crate::simulate::world::litmos::{Access, Learner};

use super::core::{self, GROUP, USER};
use super::library::Library;
use super::problem::Problem;
use super::schema::{Attribute, ResourceType, Schema};
use super::starling;

/// The guide's "userExtension" and "groupExtension"; their URNs are a choice.
const USER_EXTENSION: &str = "urn:example:starling:params:scim:schemas:extension:litmos:2.0:User";
const GROUP_EXTENSION: &str = "urn:example:starling:params:scim:schemas:extension:litmos:2.0:Group";

/// What an update of a deleted user is answered with (seeds 004, limitations).
pub const GHOST: &str =
    "The server encountered an error processing the request. Please see the server logs for more details.";

/// Users and teams.
pub fn library(world: &World) -> Library {
    Library::default().with(users(), Learners(world.clone())).holding(groups(), teams(world))
}

fn users() -> ResourceType {
    let name = vec![
        Attribute::text("formatted", "The whole name").read_only(),
        Attribute::text("familyName", "The last name"),
        Attribute::text("givenName", "The first name"),
    ];
    let own = [
        "userName",
        "active",
        "password",
        "emails",
        "phoneNumbers",
        "addresses",
        "groups",
        "timezone",
        "title",
        "locale",
    ];
    let mut attributes: Vec<Attribute> =
        own.iter().filter_map(|name| core::users().schema.attribute(name).cloned()).collect();
    attributes.insert(1, Attribute::complex("name", name, "The parts of the name"));
    attributes.insert(2, Attribute::text("displayName", "First and last name").read_only());
    let manager = vec![
        Attribute::text("value", "The manager").exact(),
        Attribute::text("displayName", "The manager's name").read_only(),
    ];
    let extension = vec![
        Attribute::text("accessLevel", "What the user may do"),
        Attribute::text("originalId", "The number of the user").read_only(),
        Attribute::text("companyName", "The company"),
        Attribute::complex("manager", manager, "The manager"),
    ];
    let extension = Schema::new(USER_EXTENSION, "LitmosUser", "What SAP Litmos adds", extension);
    ResourceType::new("User", "Users", "User Account", Schema::new(USER, "User", "User Account", attributes))
        .extended(extension)
        .extended(starling::custom_core())
        .extended(starling::custom_enterprise())
}

fn groups() -> ResourceType {
    let extension = vec![
        Attribute::text("description", "What the team is for"),
        Attribute::text("parentTeamId", "The team above").exact(),
    ];
    let attributes = core::groups().schema.attributes;
    ResourceType::new("Group", "Groups", "Team", Schema::new(GROUP, "Group", "Team", attributes)).extended(Schema::new(
        GROUP_EXTENSION,
        "LitmosTeam",
        "What SAP Litmos adds",
        extension,
    ))
}

fn teams(world: &World) -> Vec<Value> {
    world
        .teams()
        .into_iter()
        .map(|team| {
            let members = world.team_members(team.number).into_iter().filter_map(|slot| world.learner(slot));
            let members = members
                .map(|learner| json!({ "value": learner.id, "display": learner.user_name, "type": "User" }))
                .collect::<Vec<_>>();
            let mut extension = json!({});
            if !team.description.is_empty() {
                extension["description"] = json!(team.description);
            }
            if let Some(parent) = team.parent {
                extension["parentTeamId"] = json!(world.team_id(parent));
            }
            let mut group = json!({ "id": team.id, "displayName": team.name, "members": members });
            if extension != json!({}) {
                group[GROUP_EXTENSION] = extension;
            }
            group
        })
        .collect()
}

/// The people at SAP Litmos. Who is in which team is put together from the teams.
struct Learners(World);

impl Learners {
    fn document(&self, learner: &Learner) -> Value {
        let whole = format!("{} {}", learner.first, learner.last);
        let mut extension = json!({
            "accessLevel": match learner.access {
                Access::Learner => "Learner",
                Access::TeamLeader => "Team_Leader",
                Access::Administrator => "Administrator",
                Access::AccountOwner => "Account_Owner",
            },
            "originalId": learner.original.to_string(),
            "companyName": learner.company,
        });
        if let Some(manager) = learner.manager.and_then(|slot| self.0.learner(slot)) {
            extension["manager"] =
                json!({ "value": manager.id, "displayName": format!("{} {}", manager.first, manager.last) });
        }
        json!({
            "id": learner.id,
            "userName": learner.user_name,
            "name": { "formatted": whole, "familyName": learner.last, "givenName": learner.first },
            "displayName": whole,
            "emails": [{ "value": learner.email, "type": "work", "primary": true }],
            "active": learner.active,
            "phoneNumbers": [
                { "value": learner.phone_work, "type": "work" },
                { "value": learner.phone_mobile, "type": "mobile" },
            ],
            // City goes to the region and State to the locality: to the letter of table 297.
            "addresses": [{
                "type": "work",
                "streetAddress": learner.street,
                "region": learner.city,
                "locality": learner.state,
                "postalCode": learner.post,
                "country": learner.country,
            }],
            "timezone": learner.timezone,
            "title": learner.title,
            "locale": learner.culture,
            USER_EXTENSION: extension,
            (starling::custom(USER)): { "badge": learner.cohort },
            (starling::custom(core::ENTERPRISE_USER)): { "floor": learner.slot % 9, "since": "2020-01-31T08:00:00Z" },
        })
    }
}

impl Base for Learners {
    fn len(&self) -> usize {
        self.0.learners() as usize
    }

    fn at(&self, index: usize) -> Value {
        let learner = u32::try_from(index).ok().and_then(|place| self.0.learner(self.0.learner_at(place)));
        learner.map_or(Value::Null, |learner| self.document(&learner))
    }

    fn position(&self, id: &str) -> Option<usize> {
        let slot = self.0.learner_slot(id).filter(|slot| self.0.has_learner(*slot))?;
        self.0.learner_place(slot).map(|place| place as usize)
    }
}

/// A member whom nobody knows is left out without a word (limitations: "does not display any exception").
pub fn sent(library: &Library, input: &mut Value) {
    let Some(members) = input.get_mut("members").and_then(Value::as_array_mut) else { return };
    members.retain(|member| {
        let id = member.get("value").and_then(Value::as_str).unwrap_or_default();
        library.named("User").is_some_and(|at| library.get(at, id).is_some())
    });
}

/// A user as SAP Litmos keeps it: the user name is the e-mail too when it is made, and names are put together.
pub fn settle_user(library: &Library, before: Option<&Value>, document: &mut Value) -> Result<(), Problem> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (given, family) = (text(&document["name"]["givenName"]), text(&document["name"]["familyName"]));
    if before.is_none() {
        for (value, what) in [(&given, "name.givenName"), (&family, "name.familyName")] {
            if value.is_empty() {
                return Err(Problem::value(format!("{what} is mandatory")));
            }
        }
        document["emails"] = json!([{ "value": document["userName"], "type": "work", "primary": true }]);
        if document.get("active").is_none() {
            document["active"] = json!(true);
        }
    }
    let whole = format!("{given} {family}");
    document["name"]["formatted"] = json!(whole);
    document["displayName"] = json!(whole);
    let manager = document[USER_EXTENSION]["manager"]["value"].as_str().map(str::to_owned);
    if let Some(manager) = manager {
        let found = library.named("User").and_then(|at| library.get(at, &manager));
        let name = found.map(|manager| manager["displayName"].clone()).unwrap_or_default();
        document[USER_EXTENSION]["manager"]["displayName"] = name;
    }
    if before.is_none() && document[USER_EXTENSION].get("accessLevel").is_none() {
        document[USER_EXTENSION]["accessLevel"] = json!("Learner");
    }
    Ok(())
}

/// A team as SAP Litmos keeps it: a parent is never taken away, and members are shown by their user names.
pub fn settle_team(library: &Library, before: Option<&Value>, document: &mut Value) {
    let parent = before.and_then(|before| before[GROUP_EXTENSION].get("parentTeamId")).cloned();
    if let (Some(parent), None) = (parent, document[GROUP_EXTENSION].get("parentTeamId")) {
        document[GROUP_EXTENSION]["parentTeamId"] = parent;
    }
    if let Some(fields) = document.as_object_mut()
        && fields.get(GROUP_EXTENSION).is_some_and(Value::is_null)
    {
        fields.shift_remove(GROUP_EXTENSION);
    }
    for member in document["members"].as_array_mut().into_iter().flatten() {
        let user = member["value"].as_str().and_then(|id| library.get(library.named("User")?, id));
        if let Some(user) = user {
            member["display"] = user["userName"].clone();
        }
    }
    if let Some(fields) = document.as_object_mut()
        && fields.get("members").is_some_and(Value::is_null)
    {
        fields.shift_remove("members");
    }
}
