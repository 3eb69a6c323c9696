//! The simulator over the loopback, as a client sees it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod asking;
mod faults;
mod signing;
mod writing;

use serde_json::{Value, json};

use crate::simulate::world::Planted;
use crate::simulate::{Options, Running, start};

const STUB: &str = "Kingdee.BOS.WebApi.ServicesStub";

struct Client {
    running: Running,
    http: reqwest::Client,
    session: String,
}

async fn site(users: u32, faults: &[&str]) -> Client {
    let faults = faults.iter().map(|f| (*f).to_owned()).collect();
    let running = start("kingdee", Options { users, faults, ..Options::default() }).await.expect("started");
    Client { running, http: reqwest::Client::new(), session: String::new() }
}

/// A site with somebody logged in.
async fn open(users: u32, faults: &[&str]) -> Client {
    let mut client = site(users, faults).await;
    let reply = client.log_in(2052).await;
    assert_eq!(reply["LoginResultType"], 1, "{reply}");
    client
}

impl Client {
    fn login(&self, key: &str) -> String {
        self.running.login[key].clone()
    }

    async fn post(&self, service: &str, body: &Value) -> reqwest::Response {
        let url = format!("{}{STUB}.{service}.common.kdsvc", self.running.url);
        let request = self.http.post(url).header("user-agent", "test").json(body);
        let request =
            if self.session.is_empty() { request } else { request.header("kdservice-sessionid", &self.session) };
        request.send().await.expect("a reply")
    }

    async fn ask(&self, service: &str, body: Value) -> Value {
        let reply = self.post(service, &body).await;
        assert_eq!(reply.status(), 200, "{service}");
        reply.json().await.expect("JSON")
    }

    async fn form(&self, action: &str, body: Value) -> Value {
        self.ask(&format!("DynamicFormService.{action}"), body).await
    }

    /// Logs in by the application's secret.
    async fn log_in(&mut self, lcid: i64) -> Value {
        let parameters = json!([
            self.login("data_center_id"),
            self.login("username"),
            self.login("application_id"),
            self.login("application_secret"),
            lcid,
        ]);
        let reply = self.ask("AuthService.LoginByAppSecret", json!({ "parameters": parameters })).await;
        self.session = reply["KDSVCSessionId"].as_str().unwrap_or_default().to_owned();
        reply
    }

    async fn query(&self, data: Value) -> Value {
        self.form("ExecuteBillQuery", json!({ "data": data })).await
    }

    async fn users(&self, filter: &str) -> Value {
        let keys = "FUserID,FUserAccount,FName,FPhone,FEmail,FForbidStatus";
        self.query(json!({ "FormId": "SEC_User", "FieldKeys": keys, "FilterString": filter })).await
    }

    async fn save(&self, form: &str, data: Value) -> Value {
        self.form("Save", json!({ "formid": form, "data": data })).await
    }

    async fn view(&self, form: &str, id: i64) -> Value {
        let reply = self.form("View", json!({ "formid": form, "data": { "Id": id } })).await;
        reply["Result"]["Result"].clone()
    }

    /// The record as the site keeps it.
    async fn kept(&self, form: &str, id: i64) -> Value {
        let root = self.running.url.trim_end_matches("/k3cloud/").to_owned();
        let records: Value =
            reqwest::get(format!("{root}/__sim/records?form={form}&id={id}")).await.unwrap().json().await.unwrap();
        records[0].clone()
    }

    /// The ids of users on whom that was planted.
    async fn planted(&self, what: &str) -> Vec<i64> {
        let planted: Vec<Planted> = self.running.world.planted("kingdee");
        let mut ids = Vec::new();
        for planted in planted.iter().filter(|planted| planted.what == what) {
            let rows = self.users(&format!("FUserAccount='{}'", planted.key)).await;
            ids.push(rows[0][0].as_i64().unwrap());
        }
        ids
    }
}

/// The id of an account of whom nothing is planted.
const ORDINARY: i64 = 100_002;

fn is_success(reply: &Value) -> bool {
    reply["Result"]["ResponseStatus"]["IsSuccess"] == true
}

/// The first message of a refusal.
fn told(reply: &Value) -> String {
    let status = match reply {
        Value::Array(_) => &reply[0][0]["Result"]["ResponseStatus"],
        reply => &reply["Result"]["ResponseStatus"],
    };
    status["Errors"][0]["Message"].as_str().unwrap_or_else(|| panic!("a refusal: {reply}")).to_owned()
}
