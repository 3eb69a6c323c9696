//! Changes into Aha!'s requests: a user is created through a product, every further role and product pair is a request of
//! its own, attributes go together in one PUT (targets/aha.md 9). `DELETE /users/{id}` does not exist and is never sent.

use serde_json::{Map, Value, json};

use super::look::fold;
use super::role::{self, Role};
use super::{Aha, accept, path};
use crate::connectors::Observed;
use crate::connectors::address::segment;
use crate::connectors::wanted::{What, about, bare, in_order, side_effects, wish};
use crate::mapping::{Access, Edit};
use crate::model::{AttrPath, Kind, Op};
use crate::plan::{
    Body, By, Change, ChangeId, Expect, Facet, Method, Ref, Refusal, Repeat, Request, Site, Step, Target, Want, Wanted,
};

/// Fields that go into the create itself (targets/aha.md 8.5).
const WITH_CREATE: [&str; 3] = ["email", "first_name", "last_name"];

fn cannot(why: impl Into<String>) -> Refusal {
    Refusal::Cannot(why.into())
}

/// One role and product pair; never one without the other (seeds limitation 1).
struct Pair {
    change: ChangeId,
    product: String,
    /// `None`: the pair is taken away.
    role: Option<&'static Role>,
}

/// One attribute's new value.
struct Field {
    change: ChangeId,
    op: Op,
    /// The native field, dots between its parts.
    at: String,
    value: Value,
}

impl Aha {
    pub(super) fn steps(
        &self,
        site: &Site,
        changes: &[&Change],
        native: Option<&Observed>,
    ) -> Result<Vec<Step>, Refusal> {
        let first = about(site, changes)?;
        if first.kind != Kind::User {
            return Err(cannot(format!("Aha!'s {} can only be read here", first.kind.plural())));
        }
        if changes.iter().any(|change| change.op == Op::Delete) {
            // targets/aha.md 7 and 13 L5.
            return Err(cannot("Aha! deletes users only in its own screens: deactivate instead"));
        }
        let changes = in_order(changes);
        let (mut pairs, mut fields) = (Vec::new(), Vec::new());
        for change in &changes {
            for want in &change.want {
                match &want.facet.key {
                    Some(key) => pairs.push(self.pair(change, want, key)?),
                    None => fields.extend(self.field(change, want)?),
                }
            }
            if let Some(enabled) = switch(change)
                && !fields.iter().any(|field| field.at == "enabled")
            {
                let facet = Facet::attr("active");
                let want = Want { facet, value: Wanted::Text(enabled.into()), by: By::Source };
                fields.extend(self.field(change, &want)?);
            }
        }
        let fields = distinct(fields)?;
        let work = Work { aha: self, changes: &changes, native };
        if changes.iter().any(|change| change.op == Op::Create) {
            work.create(pairs, fields)
        } else {
            work.update(pairs, fields)
        }
    }

    fn pair(&self, change: &Change, want: &Want, key: &[Ref]) -> Result<Pair, Refusal> {
        let no = |why: String| cannot(format!("{}: {why}", want.facet));
        // Custom roles are keyed by product too, and only read here.
        let row = self.mapping.row(Kind::User, &want.facet.path).filter(|row| row.access == Access::ReadWrite);
        let of_products = row.and_then(|row| row.list.as_ref()).is_some_and(|list| {
            list.key.len() == 1 && list.key[0].refers == Some(Kind::Product) && list.value.is_some()
        });
        if !of_products {
            return Err(no("Aha! does not let it be written entry by entry here".into()));
        }
        let product = match key {
            [Ref::Id(product)]
                if product.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') && !product.is_empty() =>
            {
                product.to_string()
            }
            [Ref::New(_)] => return Err(no("products are not created here".into())),
            _ => return Err(no("this is no product of Aha!'s".into())),
        };
        let token = match &want.value {
            Wanted::Clear => return Ok(Pair { change: change.id.clone(), product, role: None }),
            Wanted::Text(token) => token.as_str(),
            Wanted::Ref(Ref::Id(token)) => token,
            Wanted::Ref(Ref::New(_)) | Wanted::Present | Wanted::Secret(_) => "",
        };
        // An unknown role is answered with 200 and a default (seeds limitation 6): it must never be sent.
        let role = role::by_token(token).ok_or_else(|| {
            let names = role::ROLES.iter().filter(|role| role.writable).map(|role| role.token).collect::<Vec<_>>();
            no(format!("{token:?} is no role that Aha! takes; it takes {}", names.join(", ")))
        })?;
        if !role.writable {
            return Err(no(format!("the role {} can be read, and Aha! documents no way to write it", role.label)));
        }
        Ok(Pair { change: change.id.clone(), product, role: Some(role) })
    }

    /// The field that a wish writes; none where a create wants what follows from other fields.
    fn field(&self, change: &Change, want: &Want) -> Result<Option<Field>, Refusal> {
        let path = want.facet.path.as_str();
        if path.eq_ignore_ascii_case("userName")
            && let Wanted::Text(email) = &want.value
        {
            // The same field as the e-mail address (seeds table 292).
            let value = Value::from(email.as_str());
            return Ok(Some(Field { change: change.id.clone(), op: change.op, at: "email".into(), value }));
        }
        if change.op == Op::Create && path.eq_ignore_ascii_case("displayName") {
            // Put together by Aha! from first and last name (targets/aha.md 8.1).
            return Ok(None);
        }
        let mut holes = Vec::new();
        let wish = wish(&self.mapping, Kind::User, want, &mut holes)?;
        match wish.what {
            What::Value(value) if holes.is_empty() => {
                let at = wish.at.trim_start_matches("user.").to_owned();
                Ok(Some(Field { change: change.id.clone(), op: change.op, at, value }))
            }
            _ => Err(cannot(format!("{}: this is no value that Aha! takes", want.facet))),
        }
    }
}

/// What an operation says of `enabled` by its name alone.
fn switch(change: &Change) -> Option<&'static str> {
    match change.op {
        Op::Deactivate => Some("false"),
        Op::Reactivate => Some("true"),
        _ => None,
    }
}

/// Each native field once: userName and e-mail address are one field here (seeds table 292), and must agree.
fn distinct(fields: Vec<Field>) -> Result<Vec<Field>, Refusal> {
    let mut kept: Vec<Field> = Vec::new();
    for field in fields {
        match kept.iter().find(|have| have.at == field.at) {
            Some(have) if fold(&bare(&have.value)) == fold(&bare(&field.value)) && have.change == field.change => {}
            Some(have) if fold(&bare(&have.value)) == fold(&bare(&field.value)) => kept.push(field),
            Some(have) => {
                return Err(cannot(format!(
                    "Aha! has one field {} where {} and {} are wanted",
                    field.at,
                    bare(&have.value),
                    bare(&field.value)
                )));
            }
            None => kept.push(field),
        }
    }
    Ok(kept)
}

/// One rendering.
struct Work<'r> {
    aha: &'r Aha,
    changes: &'r [&'r Change],
    native: Option<&'r Observed>,
}

impl Work<'_> {
    fn step(
        &self,
        serves: Vec<ChangeId>,
        ops: &[Op],
        read: Vec<Request>,
        write: Request,
        verify: Vec<Request>,
    ) -> Step {
        Step {
            read,
            verify,
            side_effects: side_effects(&self.aha.mapping, Kind::User, ops),
            ..Step::new(self.changes[0].system.clone(), serves, write)
        }
    }

    /// The user's path, and the change whose new id is a hole in it.
    fn place(&self) -> Result<(String, Vec<ChangeId>), Refusal> {
        match &self.changes[0].target {
            Target::Record(key) => {
                let id = segment(&key.id).ok_or_else(|| cannot(format!("the id {:?} fits no address", key.id)))?;
                Ok((format!("users/{id}"), Vec::new()))
            }
            Target::New(change) => Ok((format!("users/{}", Ref::New(change.clone())), vec![change.clone()])),
        }
    }

    fn create(&self, mut pairs: Vec<Pair>, fields: Vec<Field>) -> Result<Vec<Step>, Refusal> {
        let create = self.changes.iter().find(|change| change.op == Op::Create).copied();
        let create = create.ok_or_else(|| cannot("there is nothing to create"))?;
        let id = match &create.target {
            Target::New(id) => id.clone(),
            Target::Record(key) => return Err(cannot(format!("{key} exists already"))),
        };
        // The create's own pairs first, then the others in their order.
        pairs.sort_by_key(|pair| pair.change != create.id);
        let Some(at) = pairs.iter().position(|pair| pair.role.is_some()) else {
            // targets/aha.md 7: `POST /users` does not exist.
            return Err(cannot(
                "Aha! creates a user only through a product: a product and a role on it are needed, added in the same plan",
            ));
        };
        let first = pairs.remove(at);
        let Some(role) = first.role else { return Err(cannot("a product and a role on it are needed")) };
        let (inside, rest): (Vec<Field>, Vec<Field>) =
            fields.into_iter().partition(|field| WITH_CREATE.contains(&field.at.as_str()));
        let mut user = Map::new();
        for name in WITH_CREATE {
            match inside
                .iter()
                .find(|field| field.at == name && !bare(&field.value).trim().is_empty() && !field.value.is_null())
            {
                Some(field) => user.insert(name.into(), field.value.clone()),
                // seeds, mandatory fields of the Aha! connector.
                None => return Err(cannot(format!("Aha! creates no user without {name}"))),
            };
        }
        user.insert("role".into(), role.token.into());
        let email = user.get("email").map(bare).unwrap_or_default();
        let product = segment(&first.product).ok_or_else(|| cannot("this is no product"))?;
        // After a lost reply it is looked up by e-mail address first, never sent again (targets/aha.md 9.3).
        let mut write = request(
            Method::Post,
            &format!("products/{product}/users"),
            Some(json!({ "user": user })),
            Repeat::LookFirst,
        );
        write.edits = inside_edits(&inside);
        write.edits.push(inserted(&first.product, role));
        let by = match &create.expect {
            Expect::Absent { by } if !by.is_empty() => by.clone(),
            Expect::Absent { .. } | Expect::Facets(_) => vec![(AttrPath::new("userName"), email)],
        };
        let place = (format!("users/{}", Ref::New(id.clone())), vec![id.clone()]);
        let serves = [create.id.clone(), first.change.clone()]
            .into_iter()
            .chain(inside.iter().map(|field| field.change.clone()));
        let mut step =
            self.step(serves.collect(), &[Op::Create], self.aha.ask_by(Kind::User, &by), write, read_back(&place));
        step.yields = Some(id);
        let mut steps = vec![step];
        for pair in &pairs {
            steps.push(self.pair(pair, &place)?);
        }
        // A new user is enabled; a create that is disabled is not documented (targets/aha.md 9.1).
        let rest: Vec<Field> =
            rest.into_iter().filter(|field| !(field.at == "enabled" && field.value == json!(true))).collect();
        steps.extend(self.attributes(&rest, &place)?);
        Ok(steps)
    }

    fn update(&self, pairs: Vec<Pair>, fields: Vec<Field>) -> Result<Vec<Step>, Refusal> {
        let place = self.place()?;
        let (puts, drops): (Vec<Pair>, Vec<Pair>) = pairs.into_iter().partition(|pair| pair.role.is_some());
        let mut steps = Vec::new();
        for pair in &drops {
            steps.push(self.pair(pair, &place)?);
        }
        // Nothing is written to a user after it was switched off.
        let off = fields.iter().any(|field| field.at == "enabled" && field.value == json!(false));
        let attributes = self.attributes(&fields, &place)?;
        let mut puts = puts.iter().map(|pair| self.pair(pair, &place)).collect::<Result<Vec<_>, _>>()?;
        if off {
            steps.append(&mut puts);
            steps.extend(attributes);
        } else {
            steps.extend(attributes);
            steps.append(&mut puts);
        }
        Ok(steps)
    }

    /// One pair's request: set as a whole, or taken away (targets/aha.md 8.6).
    fn pair(&self, pair: &Pair, place: &(String, Vec<ChangeId>)) -> Result<Step, Refusal> {
        let (mut write, op) = if let Some(role) = pair.role {
            let body = json!({ "product_role": { "role": role.token, "product_id": pair.product } });
            let mut write = request(Method::Post, &format!("{}/product_roles", place.0), Some(body), Repeat::Safe);
            write.edits = vec![inserted(&pair.product, role)];
            (write, Op::Put)
        } else {
            // Whether the prefix is taken here is not documented; the number is.
            if !pair.product.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(cannot(format!(
                    "the product {} must be named by its number to take a role away",
                    pair.product
                )));
            }
            let mut write =
                request(Method::Delete, &format!("{}/product_roles/{}", place.0, pair.product), None, Repeat::Safe);
            write.edits = vec![Edit::Remove { at: "/product_roles".into(), key: pair.product.clone() }];
            (write, Op::Drop)
        };
        write.holes.clone_from(&place.1);
        Ok(self.step(vec![pair.change.clone()], &[op], read_back(place), write, read_back(place)))
    }

    /// All attributes in one PUT: only the keys that are sent change (targets/aha.md 8.7).
    fn attributes(&self, fields: &[Field], place: &(String, Vec<ChangeId>)) -> Result<Option<Step>, Refusal> {
        if fields.is_empty() {
            return Ok(None);
        }
        let mut user = Map::new();
        let mut carried = Vec::new();
        for field in fields {
            let Some((outer, inner)) = field.at.split_once('.') else {
                user.insert(field.at.clone(), field.value.clone());
                continue;
            };
            // Whether a part of an object may be sent alone is not documented, so the rest of it goes along as it is.
            if !user.contains_key(outer) {
                let have = match (&self.changes[0].target, self.native) {
                    (Target::New(_), _) => Map::new(),
                    (Target::Record(_), Some(native)) => {
                        native.native.get(outer).and_then(Value::as_object).cloned().unwrap_or_default()
                    }
                    (Target::Record(_), None) => return Err(Refusal::NeedsNative),
                };
                user.insert(outer.into(), Value::Object(have));
            }
            if let Some(Value::Object(object)) = user.get_mut(outer) {
                object.insert(inner.into(), field.value.clone());
            }
        }
        for (outer, value) in &user {
            for inner in value.as_object().into_iter().flat_map(Map::keys) {
                if !fields.iter().any(|field| field.at == format!("{outer}.{inner}")) {
                    carried.push(format!("/user/{outer}/{inner}"));
                }
            }
        }
        let mut write = request(Method::Put, &place.0, Some(json!({ "user": user })), Repeat::Safe);
        write.edits = inside_edits(fields);
        write.carried = carried;
        write.holes.clone_from(&place.1);
        let ops: Vec<Op> = fields.iter().map(|field| field.op).filter(|op| *op != Op::Create).collect();
        let serves = fields.iter().map(|field| field.change.clone()).collect();
        Ok(Some(self.step(serves, &ops, read_back(place), write, read_back(place))))
    }
}

fn request(method: Method, rest: &str, body: Option<Value>, repeat: Repeat) -> Request {
    let body = body.map_or(Body::None, |json| Body::Json { json, media: "application/json".into() });
    accept(Request::new(method, path(rest), body, repeat))
}

fn read_back(place: &(String, Vec<ChangeId>)) -> Vec<Request> {
    let mut request = accept(Request::get(path(&place.0)));
    request.holes.clone_from(&place.1);
    vec![request]
}

fn inside_edits(fields: &[Field]) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    for field in fields {
        let edit = Edit::Set { at: format!("/{}", field.at.replace('.', "/")), value: field.value.clone() };
        if !edits.contains(&edit) {
            edits.push(edit);
        }
    }
    edits
}

fn inserted(product: &str, role: &Role) -> Edit {
    Edit::Insert { at: "/product_roles".into(), key: product.to_owned(), value: role.token.into() }
}
