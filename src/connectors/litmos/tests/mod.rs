//! SAP Litmos without a service: what is asked, what becomes of the answers, what changes turn into, with every trap of
//! targets/litmos.md that they can fall into.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod finding;
mod probing;
mod reading;
mod teams;
mod users;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::connectors::drive::reply;
use crate::connectors::drive::wish::{change, create, text};
use crate::connectors::{Connector, Finish, Input, Looked, Next, Observed, Settings, Walk, connector};
use crate::mapping::Mapping;
use crate::model::{Kind, Op};
use crate::plan::{Body, Change, Refusal, Reply, Request, Site, Step, Want};

pub(super) fn litmos(own: &[(&str, &str)]) -> Arc<dyn Connector> {
    at("https://api.litmos.com", own)
}

pub(super) fn at(url: &str, own: &[(&str, &str)]) -> Arc<dyn Connector> {
    let mut all = vec![("source_name", "trueup")];
    all.extend_from_slice(own);
    let own = all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mapping = Arc::new(Mapping::builtin("litmos").unwrap());
    connector("litmos", mapping, &Settings { url: url.into(), own, ..Settings::default() }).unwrap()
}

pub(super) fn probe(connector: &Arc<dyn Connector>, serve: impl FnMut(&Request) -> Reply) -> Site {
    probed(&mut *connector.probe(), serve)
}

pub(super) fn probed(walk: &mut dyn Walk, mut serve: impl FnMut(&Request) -> Reply) -> Site {
    let mut input = Input::Start;
    loop {
        input = match walk.next(input) {
            Next::Ask(requests) => Input::Replies(requests.iter().map(&mut serve).collect()),
            Next::Done(Finish::Site(site)) => return *site,
            other => panic!("{other:?}"),
        };
    }
}

pub(super) const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

/// A recorded shape with values of its own (targets/litmos.md 4).
pub(super) fn bo(more: Value) -> Value {
    let mut record = json!({
        "Id": "rnjx2WaQOEY1", "UserName": "bo@x.test", "FirstName": "Bo", "LastName": "Ek", "FullName": "Bo Ek",
        "Email": "bo@x.test", "AccessLevel": "Learner", "DisableMessages": false, "Active": true, "Skype": null,
        "PhoneWork": null, "PhoneMobile": null, "LastLogin": "2016-12-09T07:54:27Z",
        "LoginKey": "https://t.litmos.com/login.aspx?loginkey=0f", "IsCustomUsername": false, "Password": "",
        "SkipFirstLogin": true, "TimeZone": "UTC", "SalesforceId": null, "OriginalId": 4_138_947, "Street1": null,
        "CustomField3": null, "Culture": "en-US", "CustomField4": null, "CreatedDate": "2016-11-10T13:50:11Z", "Points": 0,
        "Brand": "Default", "ManagerId": "0", "ManagerName": "", "Unheard": { "of": [1] }, "ProfileType": "External"
    });
    record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    record
}

pub(super) fn seen(more: Value) -> Observed {
    let reply = reply(200, bo(more));
    litmos(&[]).observe(&Site::default(), Kind::User, Looked::Id("rnjx2WaQOEY1"), &[reply]).unwrap().unwrap()
}

pub(super) fn render_with(
    own: &[(&str, &str)],
    site: &Site,
    changes: &[Change],
    native: Option<&Observed>,
) -> Result<Vec<Step>, Refusal> {
    litmos(own).render(site, &changes.iter().collect::<Vec<_>>(), native)
}

pub(super) fn render(changes: &[Change], native: Option<&Observed>) -> Result<Vec<Step>, Refusal> {
    render_with(&[], &Site::default(), changes, native)
}

pub(super) fn steps(changes: &[Change]) -> Vec<Step> {
    render(changes, Some(&seen(json!({})))).unwrap()
}

pub(super) fn refused(changes: &[Change]) -> String {
    match render(changes, Some(&seen(json!({})))) {
        Err(Refusal::Cannot(why)) => why,
        other => panic!("{other:?}"),
    }
}

pub(super) fn body(step: &Step) -> Value {
    match &step.write.body {
        Body::Json { json, .. } => json.clone(),
        Body::None => panic!("no body"),
    }
}

pub(super) fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

pub(super) fn user(name: &str, op: Op, want: Vec<Want>) -> Change {
    change(name, Kind::User, "rnjx2WaQOEY1", op, want)
}

pub(super) fn cy(mut more: Vec<Want>) -> Change {
    let mut want = vec![text("name.givenName", "Cy"), text("name.familyName", "Ray"), text("active", "true")];
    want.append(&mut more);
    create("new", Kind::User, &[("userName", "cy@x.test")], want)
}
