//! Delta feeds and advanced custom fields.

use super::*;
use crate::simulate::clock::{epoch, timestamp};

/// A week that ends an hour from now, as the query wants it.
fn this_week() -> String {
    let form = |epoch: u64| timestamp(epoch)[..19].replace('T', "%20");
    format!("since={}&to={}", form(epoch() - 6 * 86_400), form(epoch() + 3_600))
}

#[tokio::test]
async fn what_was_written_this_week_is_in_the_feeds_and_what_was_deleted_is_not() {
    let client = client(&[]).await;
    let week = this_week();
    let feed = async |path: &str| client.rows(&format!("{path}?{week}&limit=1000")).await;
    for path in ["/org/users/details", "/org/teams", "/org/teams/users"] {
        assert!(feed(path).await.is_empty(), "{path}");
    }
    let user = client.user(client.plain()).await;
    client.put(&format!("/users/{}", user["Id"].as_str().unwrap()), &user).await.is_empty(200);
    let made = client.post("/users", &newcomer("new.one@x.test")).await.json();
    let gone = client.post("/users", &newcomer("gone.one@x.test")).await.json();
    client.delete(&format!("/users/{}", gone["Id"].as_str().unwrap())).await.is_empty(200);
    let team = client.post("/teams", &json!({ "Id": "", "Name": "New", "Description": "" })).await.json();
    client.post(&format!("/teams/{}/users", team["Id"].as_str().unwrap()), &json!([{ "Id": made["Id"] }])).await;
    let users = feed("/org/users/details").await;
    assert_eq!(users.iter().map(|u| &u["Id"]).collect::<Vec<_>>(), [&user["Id"], &made["Id"]]);
    assert_eq!(users[0]["LoginKey"], "/login.aspx?loginkey=");
    assert_eq!(users[0]["OriginalUserId"], user["OriginalId"]);
    for key in ["UpdatedDate", "CreatedBy", "UpdatedBy", "CreatedDate", "CustomField10"] {
        assert!(users[0].get(key).is_some(), "{key}");
    }
    assert!(users[0]["UpdatedDate"].as_str().unwrap().ends_with(".000"), "milliseconds and no zone");
    let teams = feed("/org/teams").await;
    assert_eq!(
        keys(&teams[0]).join(","),
        "Id,Name,OriginalTeamId,Active,CreatedDate,UpdatedDate,CreatedBy,UpdatedBy,ParentTeamId,TeamCodeForBulkImport"
    );
    assert_eq!((teams.len(), &teams[0]["Id"]), (1, &team["Id"]));
    let members = feed("/org/teams/users").await;
    assert_eq!(
        keys(&members[0]).join(","),
        "TeamId,Id,OriginalTeamId,OriginalUserId,Active,IsTeamLeader,IsTeamAdmin,CreatedDate,UpdatedDate,CreatedBy,UpdatedBy"
    );
    assert_eq!((members.len(), &members[0]["TeamId"], &members[0]["Id"]), (1, &team["Id"], &made["Id"]));
}

#[tokio::test]
async fn the_past_is_in_the_feeds_week_by_week() {
    let client = client(&[]).await;
    let mut found = BTreeSet::new();
    let from = crate::simulate::clock::seconds("2018-12-31T00:00:00Z").unwrap();
    for week in 0..460 {
        let form = |days: u64| timestamp(from + days * 86_400)[..19].replace('T', "%20");
        let path = format!("/org/users/details?since={}&to={}&limit=1000", form(week * 7), form(week * 7 + 7));
        for user in client.rows(&path).await {
            assert!(found.insert(user["Id"].as_str().unwrap().to_owned()), "once");
        }
    }
    assert_eq!(found.len(), client.running.world.learners() as usize);
}

#[tokio::test]
async fn a_feed_wants_both_ends_of_a_week_at_most() {
    let client = client(&["org-dates=ms"]).await;
    for query in
        ["", "since=2024-01-01", "since=2024-01-01&to=2024-01-09", "since=2024-01-02&to=2024-01-01", "since=x&to=y"]
    {
        let told = client.get(&format!("/org/teams?{query}")).await.told(406);
        assert_eq!(told, "Please provide a valid since and to query string parameters", "{query}");
    }
    client.post("/teams", &json!({ "Id": "", "Name": "New", "Description": "" })).await;
    let teams = client.rows(&format!("/org/teams?{}", this_week())).await;
    let date = teams[0]["UpdatedDate"].as_str().unwrap();
    assert!(date.starts_with("/Date(") && date.ends_with("000)/"), "{date}");
}

#[tokio::test]
async fn advanced_fields_are_read_and_written_in_every_form_that_is_told_of() {
    let client = client(&[]).await;
    let slot = client.plain();
    let path = format!("/users/{}/usercustomfields", client.running.world.learner_id(slot));
    let before = client.get(&path).await.json();
    assert_eq!(keys(&before), ["Badge", "Hire date", "Clearance", "Cost centre"]);
    client.post(&path, &json!({ "Clearance": "High" })).await.is_empty(200);
    client.post(&path, &json!([{ "Badge": "12.5" }, { "Hire date": "03/31/2021" }])).await.is_empty(200);
    let xml = "<UserCustomField><Parameter fieldname=\"Cost centre\">A &amp; B</Parameter></UserCustomField>";
    let request = client.request(Method::POST, &path).header("content-type", "application/xml").body(xml);
    client.send(request).await.is_empty(200);
    let wanted = json!({ "Badge": "12.5", "Hire date": "03/31/2021", "Clearance": "High", "Cost centre": "A & B" });
    assert_eq!(client.get(&path).await.json(), wanted);
    let told = client.post(&path, &json!({ "Cost centre": "" })).await.told(404);
    assert_eq!(told, "A value for custom field is required");
    for wrong in [
        json!({ "Badge": "many" }),
        json!({ "Hire date": "2021-03-31" }),
        json!({ "Clearance": "Total" }),
        json!({ "Cost centre": "x".repeat(256) }),
        json!({ "Shoe size": "44" }),
        json!(["Badge"]),
        json!("Badge"),
    ] {
        assert_eq!(client.post(&path, &wrong).await.status, 400, "{wrong}");
    }
    assert_eq!(client.get(&path).await.json(), wanted, "nothing of it was written");
    assert_eq!(client.get("/users/nobody/usercustomfields").await.status, 404);
    let list = super::client(&["custom-shape=list"]).await;
    let rows = list.get(&path).await.json();
    assert_eq!(rows[2], json!({ "Clearance": before["Clearance"] }));
}
