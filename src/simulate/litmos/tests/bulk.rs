//! Bulk imports.

use super::*;

#[tokio::test]
async fn an_import_is_carried_out_later_and_tells_what_became_of_each_row() {
    let client = client(&[]).await;
    let known = client.user(client.plain()).await;
    let code = client.rows("/teams?search=Legal").await[0]["TeamCodeForBulkImport"].clone();
    let boss = client.user(1).await;
    let rows = json!([
        { "Username": "new.one@x.test", "FirstName": "New", "LastName": "One", "AccessLevel": "L", "Team1": code,
          "Manager": boss["UserName"], "UserCustomField4": "CC-1", "CustomField2": "two" },
        { "Username": known["UserName"], "FirstName": "", "LastName": "Changed" },
        { "Username": "abc", "FirstName": "A", "LastName": "B" },
        { "Username": "no mail", "FirstName": "A", "LastName": "B" },
        { "Username": "bad.mail@x.test", "Email": "bad", "FirstName": "A", "LastName": "B" },
    ]);
    let started = client.post("/bulkimports?sendmessage=false&skipfirstlogin=true", &rows).await.json();
    assert_eq!((&started["Status"], &started["TotalRecords"]), (&json!("Waiting"), &json!(5)));
    let path = format!("/bulkimports/{}", started["Id"].as_str().unwrap());
    assert_eq!(client.get("/users/new.one@x.test").await.status, 404, "not yet");
    assert_eq!(client.get(&path).await.json()["Status"], "Processing");
    let done = client.get(&path).await.json();
    assert_eq!(
        done.as_object()
            .unwrap()
            .iter()
            .skip(2)
            .map(|(key, value)| format!("{key}={value}"))
            .collect::<Vec<_>>()
            .join(" "),
        "Status=\"Completed\" TotalRecords=5 TotalUsersCreated=1 Failed=3 Duplicate=1 InvalidEmail=1 SendEmails=false \
         SkipFirstLogin=true"
    );
    assert_eq!(client.get(&path).await.json(), done, "once");
    let made = client.get("/users/new.one@x.test").await.json();
    assert_eq!((&made["ManagerId"], &made["CustomField2"]), (&boss["Id"], &json!("two")));
    assert_eq!(made["SkipFirstLogin"], true);
    let id = made["Id"].as_str().unwrap();
    assert_eq!(client.rows(&format!("/users/{id}/teams")).await[0]["Name"], "Legal");
    assert_eq!(client.get(&format!("/users/{id}/usercustomfields")).await.json()["Cost centre"], "CC-1");
    let changed = client.get(&format!("/users/{}", known["Id"].as_str().unwrap())).await.json();
    assert_eq!(
        (&changed["FirstName"], &changed["LastName"]),
        (&known["FirstName"], &json!("Changed")),
        "blank is kept"
    );
    let errors = client.rows(&format!("{path}/usererrors")).await;
    assert_eq!(errors.len(), 3);
    assert_eq!(errors[0], json!({ "Username": "abc", "ImportStatus": "Username must be greater than 3 characters." }));
    assert_eq!(client.rows("/bulkimports").await, [done]);
    assert_eq!(client.get("/bulkimports/none").await.status, 404);
    for wrong in [json!([]), json!({}), json!(vec![json!({}); 2_001])] {
        assert_eq!(client.post("/bulkimports", &wrong).await.status, 400);
    }
}
