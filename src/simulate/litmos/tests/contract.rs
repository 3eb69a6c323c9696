//! The contract that was recorded from the real service (targets/litmos.md 10): method, path, status, kind, keys in order.

use super::*;

const USER: &str = "Id,UserName,FirstName,LastName,FullName,Email,AccessLevel,DisableMessages,Active,Skype,PhoneWork,\
                    PhoneMobile,LastLogin,LoginKey,IsCustomUsername,Password,SkipFirstLogin,TimeZone,SalesforceId,\
                    OriginalId,Street1,Street2,City,State,PostalCode,Country,CompanyName,JobTitle,CustomField1,\
                    CustomField2,CustomField3,Culture,CustomField4,CustomField5,CustomField6,CustomField7,CustomField8,\
                    CustomField9,CustomField10,SalesforceContactId,SalesforceAccountId,CreatedDate,Points";
const SUMMARY: &str = "Id,UserName,FirstName,LastName,Active,Email,AccessLevel";
const TEAM_ROW: &str = "Id,Name,TeamCodeForBulkImport";
const TEAM: &str = "Id,Name,Description";
const SINCE_2017: &str = ",Brand";
const SINCE_2020: &str = ",ManagerId,ManagerName,EnableTextNotification,Website,Twitter,ExpirationDate,JobRole";
const SINCE_2022: &str = ",ExternalEmployeeId,ProfileType";

/// method, path, body, status, kind (`list`, `object`, `empty`, `error`), keys. `{...}` stands for an id.
fn table() -> Vec<(&'static str, &'static str, Value, u16, &'static str, &'static str)> {
    let none = Value::Null;
    let team = json!({ "Id": "", "Name": "Sub", "Description": "x" });
    vec![
        ("GET", "/users", none.clone(), 200, "list", SUMMARY),
        ("GET", "/users/{user}", none.clone(), 200, "object", USER),
        ("POST", "/users", newcomer("cy.ray@x.test"), 201, "object", USER),
        ("POST", "/users", newcomer("cy.ray@x.test"), 409, "error", "Detail"),
        ("PUT", "/users/{user}", json!("whole"), 200, "empty", ""),
        ("GET", "/teams", none.clone(), 200, "list", TEAM_ROW),
        ("GET", "/teams/{team}", none.clone(), 200, "object", TEAM),
        ("POST", "/teams", team.clone(), 201, "object", TEAM),
        ("POST", "/teams/{team}/teams", team, 201, "object", TEAM),
        ("GET", "/teams/{team}/teams", none.clone(), 200, "list", TEAM_ROW),
        ("POST", "/teams/{team}/users", json!([{ "Id": "{user}" }]), 201, "empty", ""),
        ("GET", "/teams/{team}/users", none.clone(), 200, "list", SUMMARY),
        ("PUT", "/teams/{team}/leaders/{user}", none.clone(), 200, "empty", ""),
        ("DELETE", "/teams/{team}/leaders/{user}", none.clone(), 200, "empty", ""),
        ("PUT", "/teams/{team}/admins/{user}", none.clone(), 200, "empty", ""),
        ("DELETE", "/teams/{team}/admins/{user}", none.clone(), 200, "empty", ""),
        ("DELETE", "/teams/{team}/users/{user}", none.clone(), 200, "empty", ""),
        ("DELETE", "/users/{user}/teams", none.clone(), 200, "empty", ""),
        ("DELETE", "/users/{user}", none, 200, "empty", ""),
    ]
}

#[tokio::test]
async fn every_recorded_exchange_is_answered_as_it_was_recorded() {
    let client = client(&["schema-year=2016"]).await;
    let (user, team) = (client.running.world.learner_id(client.plain()), client.team("Engineering").await);
    let filled = |text: &str| text.replace("{user}", &user).replace("{team}", &team);
    for (method, path, body, status, kind, wanted) in table() {
        let name = format!("{method} {path}");
        let mut request = client.request(method.parse().unwrap(), &filled(path));
        if body == "whole" {
            let whole = client.get(&format!("/users/{user}")).await.json();
            request = request.json(&whole);
        } else if !body.is_null() {
            request = request.header("content-type", "application/json").body(filled(&body.to_string()));
        }
        let reply = client.send(request).await;
        assert_eq!(reply.status, status, "{name}: {reply:?}");
        match kind {
            "empty" => reply.is_empty(status),
            "error" => assert_eq!(reply.told(409), "UserName already exists"),
            kind => {
                assert_eq!(reply.kind.as_deref(), Some("application/json; charset=utf-8"), "{name}");
                let document = reply.json();
                let object = if kind == "list" { document.as_array().expect("bare")[0].clone() } else { document };
                assert_eq!(keys(&object).join(","), wanted, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn the_conflict_is_told_byte_by_byte_as_it_was_recorded() {
    let client = client(&[]).await;
    let name = client.user(3).await["UserName"].clone();
    let reply = client.post("/users", &newcomer(name.as_str().unwrap())).await;
    assert_eq!(reply.body, r#"{"Detail":"UserName already exists"}"#);
    assert_eq!((reply.status, reply.reason.as_str()), (409, "UserName already exists"));
    assert_eq!((reply.kind.as_deref(), reply.length.as_deref()), (Some("application/json"), Some("36")));
}

#[tokio::test]
async fn a_schema_of_each_year_has_its_own_fields() {
    let user = USER.to_owned();
    let wanted = [
        ("2016", user.clone(), SUMMARY.to_owned(), TEAM_ROW.to_owned(), TEAM.to_owned()),
        ("2017", user.clone() + SINCE_2017, SUMMARY.to_owned() + ",Brand", TEAM_ROW.to_owned(), TEAM.to_owned()),
        (
            "2020",
            user.clone() + SINCE_2017 + SINCE_2020,
            SUMMARY.to_owned() + ",Brand",
            TEAM_ROW.to_owned() + ",ParentTeamId",
            TEAM.to_owned() + ",ParentTeamId,TeamCodeForBulkImport",
        ),
        (
            "2022",
            user + SINCE_2017 + SINCE_2020 + SINCE_2022,
            SUMMARY.to_owned() + ",Brand",
            TEAM_ROW.to_owned() + ",ParentTeamId",
            TEAM.to_owned() + ",ParentTeamId,TeamCodeForBulkImport",
        ),
    ];
    for (year, user, summary, row, team) in wanted {
        let client = client(&[&format!("schema-year={year}")]).await;
        let id = client.team("Sales").await;
        assert_eq!(keys(&client.user(5).await).join(","), user, "{year}");
        assert_eq!(keys(&client.rows("/users/details").await[0]).join(","), user, "{year}");
        assert_eq!(keys(&client.rows("/users").await[0]).join(","), summary, "{year}");
        assert_eq!(keys(&client.rows(&format!("/teams/{id}/users")).await[0]).join(","), summary, "{year}");
        assert_eq!(keys(&client.rows("/teams").await[0]).join(","), row, "{year}");
        assert_eq!(keys(&client.get(&format!("/teams/{id}")).await.json()).join(","), team, "{year}");
    }
    // Without the switch, the newest.
    assert!(keys(&client(&[]).await.user(5).await).contains(&"ProfileType"));
}

#[tokio::test]
async fn values_have_the_recorded_forms() {
    let client = client(&[]).await;
    let text = client.get("/users/details?limit=50").await.body;
    assert!(text.contains(r#""LoginKey":"https:\/\/acme.litmos.com\/login.aspx?loginkey="#), "{text}");
    assert!(!text.replace("\\/", "").contains('/'), "a slash that is not escaped");
    let users: Vec<Value> = serde_json::from_str(&text).unwrap();
    let form = |value: &Value| -> String {
        let digits = |c: char| if c.is_ascii_digit() { '0' } else { c };
        value.as_str().unwrap().chars().map(digits).collect()
    };
    for user in &users {
        assert_eq!(form(&user["CreatedDate"]), "0000-00-00T00:00:00Z");
        assert!(["", "0000-00-00T00:00:00Z"].contains(&form(&user["LastLogin"]).as_str()));
        assert_eq!(
            (&user["Password"], &user["Skype"], &user["ExpirationDate"]),
            (&json!(""), &Value::Null, &json!(""))
        );
        assert!(user["OriginalId"].is_u64() && user["Points"].is_u64() && user["Active"].is_boolean());
        let manager = user["ManagerId"].as_str().unwrap();
        assert_eq!(manager == "0", user["ManagerName"] == "", "{user}");
        assert_eq!(
            user["FullName"],
            format!("{} {}", user["FirstName"].as_str().unwrap(), user["LastName"].as_str().unwrap())
        );
    }
    assert!(users.iter().any(|user| user["ManagerId"] == "0") && users.iter().any(|user| user["ManagerId"] != "0"));
    let all = client.rows("/users/details?limit=1000").await;
    assert!(all.iter().any(|user| user["LastLogin"] == ""));
}
