//! What is wanted of each system: one wish for each operation that it has, and how its simulator shows whether it stands.
//!
//! The state is read by plain requests, or from the simulator's own shelf, and knows nothing of connectors or mappings.

use serde_json::Value;
use trueup::engine::protocol::World;
use trueup::model::{AttrPath, Kind, Op, RecordKey, Row, Snapshot, SystemId, Table};
use trueup::plan::{By, Change, Expect, Facet, Ref, Target, Want, Wanted, seen};

use crate::bed::{Bed, outsider};

/// Tells by a simulator's own document whether a wish stands there.
type Stands = Box<dyn Fn(&Value) -> bool + Send>;

/// One wish and where to look for it.
pub struct Wish {
    /// What is done, as the table of the matrix calls it.
    pub op: &'static str,
    pub change: Change,
    look: Look,
    stands: Stands,
}

/// Where a simulator shows it.
enum Look {
    /// The document at this path.
    Path(String),
    /// The documents of the list at this path that have this text in this field.
    Among(&'static str, &'static str, String),
}

impl Wish {
    /// The simulator's own document of the record as it is now.
    pub async fn state(&self, bed: &Bed) -> Value {
        let system = self.change.system.as_str();
        match &self.look {
            Look::Path(path) => document(bed, system, path).await,
            Look::Among(path, field, text) => {
                let all = document(bed, system, path).await;
                let list = ["Resources", "users"].iter().find_map(|name| all.get(name)).unwrap_or(&all);
                let has = |one: &&Value| one[field].as_str().is_some_and(|have| have.eq_ignore_ascii_case(text));
                list.as_array().unwrap().iter().filter(has).cloned().collect()
            }
        }
    }

    /// Whether it stands in this state.
    pub fn stands(&self, state: &Value) -> bool {
        (self.stands)(state)
    }

    /// What somebody else may want of the same record.
    pub fn other(&self) -> Change {
        let mut change = self.change.clone();
        let last = change.want.iter_mut().rfind(|want| want.facet.path.as_str() != "grants").unwrap();
        last.value = match (&last.value, self.op) {
            (Wanted::Ref(_), _) => Wanted::Ref(Ref::Id("contributor".into())),
            (_, "set") if last.facet.path.as_str() == "emails[work]" => Wanted::Text("rival@example.com".into()),
            _ => Wanted::Text("Rival".into()),
        };
        change
    }

    /// The same wish, planned from what is there now.
    pub fn again(&self, world: &World) -> Change {
        let mut change = self.change.clone();
        if let (Target::Record(key), Expect::Facets(expected)) = (&change.target, &mut change.expect) {
            let table = &snapshot(world, change.system.as_str(), change.kind).table;
            let row = table.find(&key.id).unwrap();
            for (facet, before) in expected {
                *before = seen(table, row, facet);
            }
        }
        change
    }
}

async fn document(bed: &Bed, system: &str, path: &str) -> Value {
    if bed.simulator(system).connector != "kingdee" {
        return bed.get(system, path).await;
    }
    let origin = url::Url::parse(&bed.simulator(system).url).unwrap();
    let text = outsider().get(origin.join(path).unwrap()).send().await.unwrap().text().await.unwrap();
    serde_json::from_str(&text).unwrap()
}

/// What was read of a kind.
pub fn snapshot<'w>(world: &'w World, system: &str, kind: Kind) -> &'w Snapshot {
    let view = world.compared.inputs.systems.iter().find(|view| view.id.as_str() == system).unwrap();
    view.snapshot(kind).unwrap_or_else(|| panic!("{system} has no {kind}"))
}

/// One wish for each operation of a system, each about another record. No two rounds want the same.
pub async fn wishes(bed: &Bed, world: &World, system: &'static str, round: usize) -> Vec<Wish> {
    let mut picker = Picker { world, system, round, used: Vec::new() };
    let mut wishes = vec![picker.create(), picker.set(), picker.switch(false), picker.switch(true)];
    match system {
        "directory" | "litmos" => wishes.extend([picker.member(true), picker.member(false)]),
        "starling" => {
            wishes.extend([picker.member(true), picker.member(false), picker.pair(true), picker.pair(false)]);
        }
        "aha" => wishes.extend([picker.pair(true), picker.pair(false)]),
        _ => {
            let roles = document(bed, system, "/__sim/records?form=SEC_KDRoles").await;
            wishes.extend([picker.grant(true, &roles), picker.grant(false, &roles)]);
        }
    }
    wishes
}

/// So many people to be switched off, so that somebody can be switched on.
pub fn leavers(world: &World, system: &'static str, count: usize) -> Vec<Change> {
    let mut picker = Picker { world, system, round: 0, used: Vec::new() };
    (0..count).map(|_| picker.switch(false).change).collect()
}

/// An id, whether it comes as a text or as a number.
fn id(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value[name].as_array().into_iter().flatten()
}

/// Picks records for wishes, none twice in one round.
struct Picker<'w> {
    world: &'w World,
    system: &'static str,
    round: usize,
    used: Vec<(Kind, Row)>,
}

impl<'w> Picker<'w> {
    fn table(&self, kind: Kind) -> &'w Table {
        &snapshot(self.world, self.system, kind).table
    }

    fn text(&self, row: Row, path: &str) -> &'w str {
        let table = self.table(Kind::User);
        table.schema().find(&AttrPath::new(path)).map_or("", |attr| table.cell(row, attr).text())
    }

    /// The keys of a list's entries.
    fn keys(&self, kind: Kind, row: Row, path: &str) -> Vec<[String; 2]> {
        let table = self.table(kind);
        let attr = table.schema().find(&AttrPath::new(path)).unwrap();
        let entries = table.entries(row, attr).unwrap_or_default();
        entries.iter().map(|entry| table.entry_text(attr, *entry).0.map(str::to_owned)).collect()
    }

    /// The first record from somewhere on that is so, and was not picked before.
    fn pick(&mut self, kind: Kind, so: impl Fn(&Self, Row) -> bool) -> Row {
        let len = self.table(kind).len();
        let mut rows = (0..len).map(|at| Row(((at + self.round * 3) % len) as u32));
        let row = rows.find(|row| !self.used.contains(&(kind, *row)) && so(self, *row));
        let row = row.unwrap_or_else(|| panic!("{}: no {kind} is so", self.system));
        self.used.push((kind, row));
        row
    }

    fn user(&mut self, active: bool, so: impl Fn(&Self, Row) -> bool) -> Row {
        self.pick(Kind::User, |picker, row| {
            // Who was created without saying so may have no such word; at Aha! somebody has to look after the bills.
            picker.text(row, "active") == if active { "true" } else { "false" }
                && picker.text(row, "administratorRoles.billing") != "true"
                && so(picker, row)
        })
    }

    /// The wish for a facet of a record, expected as it is now.
    fn wish(
        &self,
        op: (&'static str, Op),
        (kind, row): (Kind, Row),
        facet: Facet,
        value: Wanted,
        stands: impl Fn(&Value) -> bool + Send + 'static,
    ) -> Wish {
        let table = self.table(kind);
        let (name, system) = (table.id(row), SystemId::new(self.system));
        let mut expected = vec![(facet.clone(), seen(table, row, &facet))];
        if kind == Kind::User && facet.path.as_str() != "active" {
            let active = Facet::attr("active");
            expected.push((active.clone(), seen(table, row, &active)));
        }
        let change = Change {
            id: Change::name(&system, kind, name, op.1, Some(&facet)),
            target: Target::Record(RecordKey::new(system.clone(), kind, name)),
            system,
            kind,
            label: name.to_owned(),
            source: None,
            op: op.1,
            want: vec![Want { facet, value, by: By::Operator }],
            expect: Expect::Facets(expected),
            needs: Vec::new(),
        };
        let path = match (self.system, kind) {
            ("aha", _) => format!("/api/v1/users/{name}"),
            ("litmos", Kind::User) => format!("/v1.svc/users/{name}"),
            ("litmos", _) => format!("/v1.svc/teams/{name}/users?limit=1000"),
            ("erp", _) => format!("/__sim/records?form=SEC_User&id={name}"),
            (_, kind) => format!("/scim/v2/{}/{name}", kind.plural()),
        };
        Wish { op: op.0, change, look: Look::Path(path), stands: Box::new(stands) }
    }

    fn create(&self) -> Wish {
        let account = format!("matrix{}", self.round);
        let mail = format!("{account}@example.com");
        let text = |path: &str, text: &str| Want {
            facet: Facet::attr(path),
            value: Wanted::Text(text.to_owned()),
            by: By::Operator,
        };
        let names = [text("name.givenName", "Ada"), text("name.familyName", "Matrix")];
        let product = || self.table(Kind::Product).id(Row(self.round as u32 % 3)).to_owned();
        let (name, want, look): (&str, Vec<Want>, _) = match self.system {
            "erp" => (
                &account,
                // Nobody is there without an organisation (targets/kingdee.md 5).
                vec![text("userName", &account), text("displayName", "Ada Matrix"), self.first_grant()],
                Look::Among("/__sim/records?form=SEC_User", "FUserAccount", account.clone()),
            ),
            "litmos" => (
                &mail,
                [&[text("userName", &mail)], &names[..]].concat(),
                Look::Among("/v1.svc/users/details?limit=1000", "UserName", mail.clone()),
            ),
            "aha" => {
                let pair = Want {
                    facet: Facet { path: AttrPath::new("productRoles"), key: Some(vec![Ref::Id(product().into())]) },
                    value: Wanted::Ref(Ref::Id("viewer".into())),
                    by: By::Operator,
                };
                (
                    &mail,
                    [&[text("emails[work]", &mail)], &names[..], &[pair]].concat(),
                    Look::Among("/api/v1/users?per_page=200", "email", mail.clone()),
                )
            }
            _ => (
                &mail,
                [&[text("userName", &mail), text("emails[work]", &mail)], &names[..]].concat(),
                Look::Among("/scim/v2/Users?count=1000", "userName", mail.clone()),
            ),
        };
        let system = SystemId::new(self.system);
        let id = Change::name(&system, Kind::User, name, Op::Create, None);
        let change = Change {
            target: Target::New(id.clone()),
            id,
            system,
            kind: Kind::User,
            label: name.to_owned(),
            source: None,
            op: Op::Create,
            want,
            expect: Expect::Absent { by: vec![(AttrPath::new("userName"), name.to_owned())] },
            needs: Vec::new(),
        };
        let once = |state: &Value| state.as_array().unwrap().len() == 1;
        Wish { op: "create", change, look, stands: Box::new(once) }
    }

    /// A role that somebody has.
    fn first_grant(&self) -> Want {
        let grant = self.keys(Kind::User, Row(0), "grants").remove(0);
        let key = grant.into_iter().map(|part| Ref::Id(part.into())).collect();
        let facet = Facet { path: AttrPath::new("grants"), key: Some(key) };
        Want { facet, value: Wanted::Present, by: By::Operator }
    }

    fn set(&mut self) -> Wish {
        let row = self.user(true, |_, _| true);
        let (path, field, value) = match self.system {
            "aha" => ("emails[work]", "/user/email", format!("moved{}@example.com", self.round)),
            "erp" => ("emails[work]", "/0/FEmail", format!("moved{}@example.com", self.round)),
            "litmos" => ("title", "/JobTitle", format!("Keeper of {} keys", self.round)),
            _ => ("title", "/title", format!("Keeper of {} keys", self.round)),
        };
        let wanted = Wanted::Text(value.clone());
        let is = move |state: &Value| state.pointer(field).is_some_and(|have| *have == value);
        self.wish(("set", Op::Set), (Kind::User, row), Facet::attr(path), wanted, is)
    }

    fn switch(&mut self, on: bool) -> Wish {
        let row = self.user(!on, |_, _| true);
        let (field, value) = match self.system {
            "aha" => ("/user/enabled", Value::from(on)),
            "litmos" => ("/Active", Value::from(on)),
            "erp" => ("/0/FForbidStatus", Value::from(if on { "A" } else { "B" })),
            _ => ("/active", Value::from(on)),
        };
        let op = if on { ("reactivate", Op::Reactivate) } else { ("deactivate", Op::Deactivate) };
        let is = move |state: &Value| state.pointer(field) == Some(&value);
        self.wish(op, (Kind::User, row), Facet::attr("active"), Wanted::Text(on.to_string()), is)
    }

    fn member(&mut self, add: bool) -> Wish {
        // Litmos lists only active members.
        let users = self.table(Kind::User);
        let candidate = |picker: &Self, group: Row| {
            let has: Vec<String> =
                picker.keys(Kind::Group, group, "members").into_iter().map(|[member, _]| member).collect();
            let mut rows = (0..users.len()).map(|at| Row(((at + picker.round * 5) % users.len()) as u32));
            let row = rows.find(|row| {
                picker.text(*row, "active") == "true"
                    && !picker.used.contains(&(Kind::User, *row))
                    && has.iter().any(|id| id == users.id(*row)) != add
            })?;
            Some((row, users.id(row).to_owned()))
        };
        let group = self.pick(Kind::Group, |picker, group| candidate(picker, group).is_some());
        let (row, who) = candidate(self, group).unwrap();
        self.used.push((Kind::User, row));
        let facet = Facet { path: AttrPath::new("members"), key: Some(vec![Ref::Id(who.as_str().into())]) };
        let (op, value) =
            if add { (("add-member", Op::Put), Wanted::Present) } else { (("remove-member", Op::Drop), Wanted::Clear) };
        let litmos = self.system == "litmos";
        let there = move |state: &Value| {
            if litmos {
                state.as_array().unwrap().iter().any(|user| id(&user["Id"]) == who) == add
            } else {
                list(state, "members").any(|member| id(&member["value"]) == who) == add
            }
        };
        self.wish(op, (Kind::Group, group), facet, value, there)
    }

    fn pair(&mut self, put: bool) -> Wish {
        let path = "productRoles";
        let row = self.user(true, |picker, row| put || picker.keys(Kind::User, row, path).len() > 1);
        let has: Vec<String> = self.keys(Kind::User, row, path).into_iter().map(|[product, _]| product).collect();
        let products = self.table(Kind::Product);
        let product = if put {
            let mut rows = (0..products.len()).map(|at| Row(((at + self.round) % products.len()) as u32));
            products.id(rows.find(|row| !has.iter().any(|id| id == products.id(*row))).unwrap()).to_owned()
        } else {
            has[0].clone()
        };
        let facet = Facet { path: AttrPath::new(path), key: Some(vec![Ref::Id(product.as_str().into())]) };
        let (op, value) = if put {
            (("pair", Op::Put), Wanted::Ref(Ref::Id("reviewer".into())))
        } else {
            (("unpair", Op::Drop), Wanted::Clear)
        };
        let aha = self.system == "aha";
        let there = move |state: &Value| {
            let (pairs, key) = if aha {
                (&state["user"]["product_roles"], "product_id")
            } else {
                (&state["urn:example:params:scim:schemas:extension:aha:2.0:User"]["productRoles"], "productId")
            };
            let mut pairs = pairs.as_array().into_iter().flatten();
            // Role 0 is none (targets/aha.md 8); 40 is the reviewer's number.
            let has = pairs.any(|pair| {
                id(&pair[key]) == product
                    && (if put { ["40", "reviewer"].contains(&&*id(&pair["role"])) } else { id(&pair["role"]) != "0" })
            });
            has == put
        };
        self.wish(op, (Kind::User, row), facet, value, there)
    }

    fn grant(&mut self, put: bool, roles: &Value) -> Wish {
        let row = self.user(true, |picker, row| picker.keys(Kind::User, row, "grants").len() > 1);
        let has = self.keys(Kind::User, row, "grants");
        let table = self.table(Kind::Role);
        let role = if put {
            let mut ids = (0..table.len()).map(|at| table.id(Row(at as u32)));
            ids.find(|id| !has.iter().any(|[_, role]| role == id)).unwrap().to_owned()
        } else {
            has[0][1].clone()
        };
        let organisation = has[0][0].clone();
        let number =
            roles.as_array().unwrap().iter().find(|have| id(&have["FNumber"]) == role || id(&have["FRoleID"]) == role);
        let number = id(&number.unwrap()["FRoleID"]);
        let before = has.iter().filter(|[_, have]| *have == role).count();
        let after = if put { before + 1 } else { before - 1 };
        let facet = Facet {
            path: AttrPath::new("grants"),
            key: Some(vec![Ref::Id(organisation.into()), Ref::Id(role.into())]),
        };
        let (op, value) =
            if put { (("grant", Op::Put), Wanted::Present) } else { (("revoke", Op::Drop), Wanted::Clear) };
        let count = move |state: &Value| {
            let held = list(&state[0], "FOrgInfo").flat_map(|entry| list(entry, "FRoleInfo"));
            held.filter(|entry| id(&entry["FRoleId"]) == number).count() == after
        };
        self.wish(op, (Kind::User, row), facet, value, count)
    }
}
