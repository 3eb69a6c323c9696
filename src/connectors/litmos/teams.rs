//! Changes of teams into requests: a team under its parent, its name and description, members added together and taken out
//! one by one (targets/litmos.md 5).

use serde_json::{Map, Value, json};

use super::officers::{Office, Officer};
use super::place::{Place, cannot};
use super::{Litmos, flag};
use crate::connectors::Observed;
use crate::connectors::address::segment;
use crate::connectors::wanted::{What, side_effects, wish};
use crate::mapping::Edit;
use crate::model::{AttrPath, Kind, Op};
use crate::plan::{Change, ChangeId, Expect, Method, Ref, Refusal, Repeat, Request, Step, Target, Want, Wanted};

/// Members that go into one request. None is documented; the call that is limited takes 25, and bulk imports 2000.
const AT_ONCE: usize = 500;

/// So few members are read back user by user, which tells of inactive ones too; more by the team's list.
const FEW: usize = 2;

/// Where teams' members stand in a preview.
const MEMBERS: &str = "/members";

/// One member to be added or taken out.
struct Member<'c> {
    change: &'c Change,
    who: Ref,
}

impl Litmos {
    pub(super) fn team_steps(&self, changes: &[&Change], native: Option<&Observed>) -> Result<Vec<Step>, Refusal> {
        if changes.iter().any(|change| change.op == Op::Delete) {
            return self.delete(changes, "teams", Kind::Group);
        }
        if changes.iter().any(|change| matches!(change.op, Op::Deactivate | Op::Reactivate)) {
            return Err(cannot("a team cannot be switched off: SAP Litmos only deletes teams"));
        }
        let (mut adds, mut drops, mut texts, mut officers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for change in changes {
            for want in &change.want {
                match want.facet.key.as_deref() {
                    None => texts.push((*change, want)),
                    Some([who]) if want.facet.path == AttrPath::new("members") => match (&want.value, who) {
                        (Wanted::Clear, Ref::Id(_)) => drops.push(Member { change, who: who.clone() }),
                        (Wanted::Clear, Ref::New(_)) => return Err(cannot("who is not there yet is in no team")),
                        _ => adds.push(Member { change, who: who.clone() }),
                    },
                    Some([who]) if let Some(office) = Office::of(&want.facet.path) => {
                        let appoint = want.value != Wanted::Clear;
                        officers.push(Officer { change, office, who: who.clone(), appoint });
                    }
                    Some(_) => return Err(cannot(format!("{}: SAP Litmos' teams have no such list", want.facet))),
                }
            }
        }
        let Some(first) = changes.first() else { return Ok(Vec::new()) };
        let mut steps = Vec::new();
        // Who leaves a team leads it no more; who comes leads it only after that.
        for officer in officers.iter().filter(|officer| !officer.appoint) {
            steps.push(self.appointed(officer)?);
        }
        for member in &drops {
            steps.push(self.dropped(member)?);
        }
        match changes.iter().find(|change| change.op == Op::Create) {
            Some(create) => steps.push(self.new_team(create, &texts)?),
            None if texts.is_empty() => {}
            None => steps.push(self.changed_team(first, &texts, native)?),
        }
        // Those who are created by this very plan go one by one: one who fails must not keep the others out.
        let (there, new): (Vec<Member<'_>>, Vec<Member<'_>>) =
            adds.into_iter().partition(|member| matches!(member.who, Ref::Id(_)));
        for some in there.chunks(AT_ONCE) {
            steps.push(self.added(some)?);
        }
        for one in new.chunks(1) {
            steps.push(self.added(one)?);
        }
        for officer in officers.iter().filter(|officer| officer.appoint) {
            steps.push(self.appointed(officer)?);
        }
        Ok(steps)
    }

    pub(super) fn step(
        &self,
        of: &Change,
        serves: Vec<ChangeId>,
        ops: &[Op],
        write: Request,
        reads: &[Request],
    ) -> Step {
        Step {
            read: reads.to_vec(),
            verify: reads.to_vec(),
            side_effects: side_effects(&self.mapping, Kind::Group, ops),
            ..Step::new(of.system.clone(), serves, write)
        }
    }

    /// One request for all of them: it takes ids that it does not know, and those that are in already, without a word.
    fn added(&self, members: &[Member<'_>]) -> Result<Step, Refusal> {
        let Some(first) = members.first() else { return Err(cannot("there is nobody to add")) };
        let place = Place::of(&first.change.target, "teams")?;
        let body: Vec<Value> = members.iter().map(|member| json!({ "Id": member.who.to_string() })).collect();
        let mut write = self
            .request(Method::Post, &format!("{}/users", place.path), Some(Value::from(body)), Repeat::LookFirst)
            .query("sendmessage", flag(self.send_message));
        write.holes.clone_from(&place.holes);
        let mut serves = Vec::new();
        for member in members {
            let key = member.who.to_string();
            write.edits.push(Edit::Insert { at: MEMBERS.into(), value: json!({ "Id": key.as_str() }), key });
            if let Ref::New(change) = &member.who
                && !write.holes.contains(change)
            {
                write.holes.push(change.clone());
            }
            if !serves.contains(&member.change.id) {
                serves.push(member.change.id.clone());
            }
        }
        let reads = self.member_reads(&place, members)?;
        Ok(self.step(first.change, serves, &[Op::Put], write, &reads))
    }

    fn dropped(&self, member: &Member<'_>) -> Result<Step, Refusal> {
        let place = Place::of(&member.change.target, "teams")?;
        let id = match &member.who {
            Ref::Id(id) => segment(id).ok_or_else(|| cannot(format!("the id {id:?} fits no address")))?,
            Ref::New(_) => return Err(cannot("who is not there yet is in no team")),
        };
        let mut write = self.request(Method::Delete, &format!("{}/users/{id}", place.path), None, Repeat::Safe);
        write.holes.clone_from(&place.holes);
        write.edits = vec![Edit::Remove { at: MEMBERS.into(), key: member.who.to_string() }];
        let reads = self.member_reads(&place, std::slice::from_ref(member))?;
        Ok(self.step(member.change, vec![member.change.id.clone()], &[Op::Drop], write, &reads))
    }

    /// The team, and whether they are in it: few are asked user by user, many by the team's list (which leads on to its next
    /// pages, and to those whom it does not show).
    fn member_reads(&self, place: &Place, members: &[Member<'_>]) -> Result<Vec<Request>, Refusal> {
        let mut reads = vec![place.read(self)];
        if members.len() > FEW {
            let mut list = self.page(&format!("{}/users", place.path), 0);
            list.holes.clone_from(&place.holes);
            reads.push(list);
            return Ok(reads);
        }
        for member in members {
            let (user, holes) = match &member.who {
                Ref::Id(id) => {
                    (segment(id).ok_or_else(|| cannot(format!("the id {id:?} fits no address")))?, Vec::new())
                }
                Ref::New(change) => (member.who.to_string(), vec![change.clone()]),
            };
            let mut read = self.page(&format!("users/{user}/teams"), 0);
            read.holes = holes;
            reads.push(read);
        }
        Ok(reads)
    }

    /// A new team, under its parent where it has one: it can never be taken from under it again.
    fn new_team(&self, create: &Change, texts: &[(&Change, &Want)]) -> Result<Step, Refusal> {
        let Target::New(id) = &create.target else { return Err(cannot("it exists already")) };
        let (mut name, mut description, mut parent) = (String::new(), String::new(), None);
        let mut serves = vec![create.id.clone()];
        for (change, want) in texts {
            if !serves.contains(&change.id) {
                serves.push(change.id.clone());
            }
            let mut holes = Vec::new();
            let wish = wish(&self.mapping, Kind::Group, want, &mut holes)?;
            let What::Value(value) = wish.what else { return Err(cannot(format!("{}: this is no value", want.facet))) };
            let text = value.as_str().unwrap_or_default().to_owned();
            match wish.at {
                "Name" => name = text,
                "Description" => description = text,
                "ParentTeamId" if text.is_empty() || text == "0" => {}
                "ParentTeamId" => parent = Some((text, holes)),
                other => return Err(cannot(format!("a new team has no {other}"))),
            }
        }
        if name.trim().is_empty() {
            // The seed's mandatory field of groups.
            return Err(cannot("SAP Litmos creates no team without a name"));
        }
        let (call, holes) = match &parent {
            None => ("teams".to_owned(), Vec::new()),
            Some((id, holes)) if holes.is_empty() => {
                let id = segment(id).ok_or_else(|| cannot(format!("the id {id:?} fits no address")))?;
                (format!("teams/{id}/teams"), Vec::new())
            }
            Some((hole, holes)) => (format!("teams/{hole}/teams"), holes.clone()),
        };
        let body = json!({ "Id": "", "Name": name, "Description": description });
        let mut write = self.request(Method::Post, &call, Some(body), Repeat::LookFirst);
        write.holes = holes;
        let set = |at: &str, value: &str| Edit::Set { at: format!("/{at}"), value: value.into() };
        write.edits = vec![set("Name", &name)];
        if !description.is_empty() {
            write.edits.push(set("Description", &description));
        }
        if let Some((parent, _)) = &parent {
            write.edits.push(set("ParentTeamId", parent));
        }
        let by = match &create.expect {
            Expect::Absent { by } if !by.is_empty() => by.clone(),
            Expect::Absent { .. } | Expect::Facets(_) => vec![(AttrPath::new("displayName"), name)],
        };
        let place = Place::of(&create.target, "teams")?;
        let mut step = self.step(create, serves, &[Op::Create], write, &[]);
        step.read = self.ask_by(Kind::Group, &by);
        step.verify = vec![place.read(self)];
        step.yields = Some(id.clone());
        Ok(step)
    }

    /// Name and description of a team that is there.
    fn changed_team(
        &self,
        first: &Change,
        texts: &[(&Change, &Want)],
        native: Option<&Observed>,
    ) -> Result<Step, Refusal> {
        let mut set: Vec<(&str, Value)> = Vec::new();
        let (mut serves, mut holes) = (Vec::new(), Vec::new());
        for (change, want) in texts {
            if want.facet.path == AttrPath::new("parent") {
                let empty = matches!(&want.value, Wanted::Clear)
                    || matches!(&want.value, Wanted::Text(text) if text.is_empty())
                    || matches!(&want.value, Wanted::Ref(Ref::Id(id)) if id.is_empty());
                return Err(cannot(if empty {
                    // The seed's limitation; targets/litmos.md 8.
                    "SAP Litmos has no way to take a team from under its parent: create it anew at the top with its members and \
                     leaders; its courses and learning paths can be moved in SAP Litmos alone"
                } else {
                    "that SAP Litmos moves a team to another parent is documented nowhere: create it anew there"
                }));
            }
            let wish = wish(&self.mapping, Kind::Group, want, &mut holes)?;
            match wish.what {
                What::Value(value) if holes.is_empty() => set.push((wish.at, value)),
                _ => return Err(cannot(format!("{}: this is no value that SAP Litmos takes", want.facet))),
            }
            if !serves.contains(&change.id) {
                serves.push(change.id.clone());
            }
        }
        if matches!(first.target, Target::New(_)) {
            return Err(cannot("it goes into the create of the team"));
        }
        let native = native.ok_or(Refusal::NeedsNative)?;
        let record = native.native.as_object().ok_or_else(|| cannot("the team was not read as a record"))?;
        if set.iter().any(|(name, value)| *name == "Name" && value.as_str().is_none_or(|name| name.trim().is_empty())) {
            return Err(cannot("SAP Litmos has no team without a name"));
        }
        // The documented body and order; parent and code are not part of it (targets/litmos.md 5).
        let mut body = Map::new();
        body.insert("Id".into(), Value::from(native.id.as_str()));
        let mut carried = Vec::new();
        for name in ["Name", "Description"] {
            let value = match set.iter().find(|(have, _)| *have == name) {
                Some((_, value)) => value.clone(),
                None => {
                    carried.push(format!("/{name}"));
                    record.get(name).cloned().unwrap_or_else(|| Value::from(""))
                }
            };
            body.insert(name.to_owned(), value);
        }
        let place = Place::of(&first.target, "teams")?;
        let mut write = self.request(Method::Put, &place.path, Some(Value::Object(body)), Repeat::Safe);
        write.edits = set.into_iter().map(|(name, value)| Edit::Set { at: format!("/{name}"), value }).collect();
        write.carried = carried;
        Ok(self.step(first, serves, &[Op::Set], write, &[place.read(self)]))
    }
}
