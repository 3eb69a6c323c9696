//! Reading and writing users.

use super::*;

#[tokio::test]
async fn pages_cover_everybody_once_in_one_order() {
    let client = client(&[]).await;
    let total = client.running.world.learners() as usize;
    for path in ["/users", "/users/details"] {
        let (mut start, mut all) = (0, Vec::new());
        loop {
            let rows = client.rows(&format!("{path}?limit=77&start={start}")).await;
            start += rows.len();
            all.extend(ids(&rows));
            if rows.len() < 77 {
                break;
            }
        }
        assert_eq!((all.len(), all.iter().collect::<BTreeSet<_>>().len()), (total, total), "{path}");
    }
    assert_eq!(client.rows("/users").await.len(), 100, "the default");
    assert_eq!(client.rows("/users?limit=5000").await.len(), total, "1000 at most");
    assert_eq!(client.rows(&format!("/users?start={total}")).await, Vec::<Value>::new());
    let paged = client.get("/users/paginated?limit=3&start=2").await.json();
    assert_eq!(paged["Pagination"], json!({ "BatchParam": "start", "BatchSize": 3, "Start": 2, "TotalCount": total }));
    assert_eq!(paged["Items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_limit_above_the_most_is_clamped_or_refused_and_a_row_more_may_come() {
    let many = client_of(1_300, &[], false).await;
    assert_eq!(many.rows("/users?limit=2000").await.len(), 1_000);
    let strict = client(&["limit-over=error"]).await;
    assert_eq!(strict.get("/users?limit=1001").await.status, 400);
    let generous = client(&["extra-row"]).await;
    assert_eq!(generous.rows("/users?limit=10").await.len(), 11);
    assert_eq!(generous.rows("/teams?limit=2").await.len(), 3);
}

#[tokio::test]
async fn lists_can_be_searched_sorted_and_freed_of_the_inactive() {
    let client = client(&[]).await;
    let all = client.rows("/users?limit=1000").await;
    let active = client.rows("/users?limit=1000&showInactive=false").await;
    assert!(active.len() < all.len() && active.iter().all(|user| user["Active"] == true));
    let family = client.user(7).await["LastName"].as_str().unwrap().to_owned();
    let found = client.rows(&format!("/users?limit=1000&search={}", family.to_uppercase())).await;
    assert!(found.iter().any(|user| user["LastName"] == family) && found.len() < all.len(), "{found:?}");
    let sorted = client.rows("/users?limit=1000&sort=UserName&dir=desc").await;
    let names: Vec<String> = sorted.iter().map(|user| user["UserName"].as_str().unwrap().to_lowercase()).collect();
    assert!(names.is_sorted_by(|a, b| a >= b));
}

#[tokio::test]
async fn since_is_about_the_day_of_creation_and_has_three_forms() {
    let client = client(&[]).await;
    let all = client.rows("/users/details?limit=1000").await;
    let later = all.iter().filter(|user| user["CreatedDate"].as_str().unwrap() >= "2022-06-01T00:00:00Z").count();
    assert!(later > 0 && later < all.len());
    for since in ["2022-06-01", "2022-06-01%2000:00", "2022-06-01%2000:00:00"] {
        assert_eq!(client.rows(&format!("/users/details?limit=1000&since={since}")).await.len(), later, "{since}");
    }
    for wrong in ["yesterday", "2022-13-01", "01-06-2022", "2022-06-01%2000"] {
        let told = client.get(&format!("/users/details?since={wrong}")).await.told(406);
        assert!(told.contains("valid since parameter"), "{told}");
    }
}

#[tokio::test]
async fn a_user_is_found_by_id_and_by_user_name_and_not_by_a_name_like_it() {
    let client = client(&[]).await;
    let user = client.user(9).await;
    let (id, name) = (user["Id"].as_str().unwrap(), user["UserName"].as_str().unwrap());
    for by in [name.to_owned(), name.to_uppercase(), name.replace('@', "%40")] {
        assert_eq!(client.get(&format!("/users/{by}")).await.json()["Id"], id, "{by}");
    }
    let other_case: String = id
        .chars()
        .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect();
    assert_eq!(
        client.get(&format!("/users/{other_case}")).await.told(404),
        format!("User - {other_case} was not found")
    );
    let exact = super::client(&["user-name-case=exact"]).await;
    assert_eq!(exact.get(&format!("/users/{}", name.to_uppercase())).await.status, 404);
    assert_eq!(exact.get(&format!("/users/{name}")).await.status, 200);
}

#[tokio::test]
async fn who_is_created_is_there_under_its_id_and_its_user_name() {
    let client = client(&[]).await;
    let before = client.running.world.learners() as usize;
    let mut body = newcomer("cy.ray+new@x.test");
    body["TimeZone"] = json!("GMT Standard Time");
    let made = client.post("/users", &body).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    let id = made["Id"].as_str().unwrap();
    assert!(id.len() == 12 && made["OriginalId"].as_u64().unwrap() > 0 && made["LastLogin"] == "");
    assert_eq!((&made["FullName"], &made["Email"]), (&json!("Cy Ray"), &json!("cy.ray+new@x.test")));
    assert_eq!((&made["Points"], &made["ManagerId"], &made["Culture"]), (&json!(0), &json!("0"), &json!("en-US")));
    assert_eq!(client.get(&format!("/users/{id}")).await.json(), made);
    assert_eq!(client.get("/users/CY.RAY%2bnew%40x.test").await.json()["Id"], id);
    let all = ids(&client.rows("/users?limit=1000").await);
    assert_eq!((all.len(), all.last().map(String::as_str)), (before + 1, Some(id)));
    assert_eq!(super::client(&["create-status=200"]).await.post("/users", &body).await.status, 200);
}

#[tokio::test]
async fn what_is_wrong_with_a_user_is_told_in_the_documented_words() {
    let client = client(&[]).await;
    let with = |name: &str, value: Value| {
        let mut body = newcomer("cy.ray@x.test");
        body[name] = value;
        body
    };
    for (body, status, text) in [
        (with("UserName", json!("abc")), 409, "Username must be greater than 3 characters."),
        (with("UserName", json!("cy ray@x.test")), 409, "Invalid special character's in the username."),
        (with("Email", json!("nobody")), 409, "Invalid email address"),
        (with("UserName", json!("cy.ray")), 409, "Invalid email address"),
        (with("Culture", json!("english")), 409, "Culture is invalid"),
        (with("JobRole", json!("Jester")), 409, "Job Role is invalid"),
        (
            with("EnableTextNotification", json!(true)),
            400,
            "Mobile Number required to enable text message notifications",
        ),
        (with("FirstName", json!("")), 400, "Please check the xml/json in the body of the request"),
        (with("Active", json!("perhaps")), 400, "Please check the xml/json in the body of the request"),
        (with("AccessLevel", json!("Emperor")), 400, "Please check the xml/json in the body of the request"),
        (with("LastName", json!("x".repeat(51))), 400, "Please check the xml/json in the body of the request"),
        (json!([]), 400, "Please check the xml/json in the body of the request"),
    ] {
        assert_eq!(client.post("/users", &body).await.told(status), text, "{body}");
    }
    let told = client.post("/users", &with("ManagerId", json!("nobody"))).await.told(404);
    assert!(told.contains("The manager Id in the xml/json is not valid."), "{told}");
    let mut text_message = with("EnableTextNotification", json!(true));
    text_message["PhoneMobile"] = json!("0555");
    assert!(client.post("/users", &text_message).await.told(400).starts_with("Invalid Phone Number"));
    text_message["PhoneMobile"] = json!("+15554443333");
    assert_eq!(client.post("/users", &text_message).await.status, 201);
    let mut blank = newcomer("cy.blank");
    blank["IsCustomUsername"] = json!(true);
    assert_eq!(client.post("/users", &blank).await.told(409), "Invalid email address");
    let not = super::client(&["email-required=off"]).await;
    assert_eq!(not.post("/users", &blank).await.status, 201);
    let always = super::client(&["email-required=always"]).await;
    assert_eq!(always.post("/users", &newcomer("cy.ray@x.test")).await.told(409), "Invalid email address");
}

#[tokio::test]
async fn a_custom_user_name_needs_its_flag_and_keeps_its_own_e_mail() {
    let client = client(&[]).await;
    let mut body = newcomer("c.ray");
    body["IsCustomUsername"] = json!(true);
    body["Email"] = json!("cy.ray@x.test");
    let made = client.post("/users", &body).await.json();
    assert_eq!((&made["UserName"], &made["Email"]), (&json!("c.ray"), &json!("cy.ray@x.test")));
    assert_eq!(client.get("/users/c.ray").await.status, 200);
}

#[tokio::test]
async fn the_first_log_in_is_skipped_by_the_query_alone() {
    let client = client(&[]).await;
    let made = client.post("/users", &newcomer("a.body@x.test")).await.json();
    assert_eq!(made["SkipFirstLogin"], false, "the body says true");
    let made = client.post("/users?skipfirstlogin=true", &newcomer("a.query@x.test")).await.json();
    assert_eq!(made["SkipFirstLogin"], true);
    let honest = super::client(&["skip-first-login-body=honoured"]).await;
    assert_eq!(honest.post("/users", &newcomer("a.body@x.test")).await.json()["SkipFirstLogin"], true);
}

#[tokio::test]
async fn mails_go_out_only_where_asked_for_and_passwords_are_never_told() {
    let client = client(&[]).await;
    client.post("/users", &newcomer("a.quiet@x.test")).await;
    let mut body = newcomer("a.loud@x.test");
    body["Password"] = json!("Secr3t!");
    let made = client.post("/users?sendmessage=true", &body).await.json();
    assert_eq!(made["Password"], "");
    let id = made["Id"].as_str().unwrap();
    let told = client.told().await;
    assert_eq!(told["mails"], json!([{ "to": "a.loud@x.test", "about": "welcome" }]));
    assert_eq!(told["passwords"], json!({ id: true }), "it has to be changed at the next log-in");
    let mut whole = client.get(&format!("/users/{id}")).await.json();
    whole["Password"] = json!("0ther!");
    whole["SkipFirstLogin"] = json!(true);
    client.put(&format!("/users/{id}"), &whole).await.is_empty(200);
    assert_eq!(client.told().await["passwords"], json!({ id: false }));
}

#[tokio::test]
async fn an_update_takes_the_whole_record_and_answers_with_nothing() {
    let client = client(&[]).await;
    let before = client.user(client.plain()).await;
    let path = format!("/users/{}", before["Id"].as_str().unwrap());
    client.put(&path, &before).await.is_empty(200);
    assert_eq!(client.get(&path).await.json(), before, "writing what was read changes nothing");
    let mut body = before.clone();
    body["Active"] = json!(false);
    body["City"] = json!("Sjöstad");
    body["LoginKey"] = json!("https://elsewhere");
    body["CreatedDate"] = json!("2000-01-01T00:00:00Z");
    body["FullName"] = json!("Somebody Else");
    body["Nonsense"] = json!("x");
    client.put(&path, &body).await.is_empty(200);
    let mut wanted = before.clone();
    wanted["Active"] = json!(false);
    wanted["City"] = json!("Sjöstad");
    assert_eq!(client.get(&path).await.json(), wanted, "the service's own fields are not written");
}

#[tokio::test]
async fn omitted_keys_are_blanked_or_kept() {
    for (switch, city, active) in
        [("put-partial=replace", Value::Null, false), ("put-partial=merge", json!("kept"), true)]
    {
        let client = client(&[switch]).await;
        let before = client.user(client.plain()).await;
        let (id, city_before) = (before["Id"].as_str().unwrap(), before["City"].clone());
        let body = json!({
            "Id": id, "UserName": before["UserName"], "FirstName": "New", "LastName": before["LastName"],
        });
        client.put(&format!("/users/{id}"), &body).await.is_empty(200);
        let after = client.get(&format!("/users/{id}")).await.json();
        let city = if city.is_null() { city } else { city_before };
        assert_eq!((&after["FirstName"], &after["City"]), (&json!("New"), &city), "{switch}");
        assert_eq!(after["Active"], active, "{switch}");
    }
}

#[tokio::test]
async fn an_update_minds_ids_names_and_managers() {
    let client = client(&[]).await;
    let (user, other) = (client.user(client.plain()).await, client.user(3).await);
    let path = format!("/users/{}", user["Id"].as_str().unwrap());
    let put = async |key: &str, value: Value| {
        let mut body = user.clone();
        body[key] = value;
        client.put(&path, &body).await
    };
    assert!(put("Id", other["Id"].clone()).await.told(404).contains("They must match."));
    assert_eq!(put("UserName", other["UserName"].clone()).await.told(409), "UserName already exists");
    assert!(put("ManagerId", json!("nobody")).await.told(404).contains("manager Id"));
    put("Id", json!("")).await.is_empty(200);
    put("ManagerId", other["Id"].clone()).await.is_empty(200);
    let after = client.get(&path).await.json();
    assert_eq!((&after["ManagerId"], &after["ManagerName"]), (&other["Id"], &other["FullName"]));
    for cleared in ["", "0"] {
        put("ManagerId", json!(cleared)).await.is_empty(200);
        let after = client.get(&path).await.json();
        assert_eq!((&after["ManagerId"], &after["ManagerName"]), (&json!("0"), &json!("")));
    }
    put("TimeZone", json!("Europe/Berlin")).await.is_empty(200);
    assert_eq!(client.get(&path).await.json()["TimeZone"], "", "an IANA name is dropped without a word");
    assert_eq!(client.put("/users/nobody", &user).await.told(404), "User - nobody was not found");
}

#[tokio::test]
async fn a_deleted_user_is_gone_for_good_and_an_update_of_it_is_an_error_of_the_server() {
    const KIT: &str =
        "The server encountered an error processing the request. Please see the server logs for more details.";
    let client = client(&[]).await;
    let user = client.user(client.plain()).await;
    let id = user["Id"].as_str().unwrap();
    let path = format!("/users/{id}");
    client.delete(&path).await.is_empty(200);
    assert_eq!(client.get(&path).await.status, 404);
    assert_eq!(client.get(&format!("/users/{}", user["UserName"].as_str().unwrap())).await.status, 404);
    assert_eq!(client.put(&path, &user).await.told(500), KIT);
    assert_eq!(client.delete(&path).await.told(403), "No user with this id exists in your organization");
    for team in client.rows("/teams?limit=1000").await {
        assert!(!client.members(team["Id"].as_str().unwrap()).await.contains(&id.to_owned()));
    }
    assert!(client.told().await["deleted"].as_array().unwrap().contains(&json!(id)));
    // Some were deleted before.
    let former = client_of(1_203, &[], false).await;
    let slot = former.running.world.deleted_learners()[0];
    let mut body = user.clone();
    body["Id"] = json!(former.running.world.learner_id(slot));
    assert_eq!(former.put(&format!("/users/{}", body["Id"].as_str().unwrap()), &body).await.told(500), KIT);
    let kind = super::client(&["deleted-put=404"]).await;
    kind.delete(&path).await.is_empty(200);
    assert_eq!(kind.put(&path, &user).await.told(404), format!("User - {id} was not found"));
}

#[tokio::test]
async fn who_was_the_manager_of_somebody_and_is_deleted_leaves_nobody_behind() {
    let client = client(&[]).await;
    let user = client.user(client.plain()).await;
    client.delete(&format!("/users/{}", user["ManagerId"].as_str().unwrap())).await.is_empty(200);
    let after = client.get(&format!("/users/{}", user["Id"].as_str().unwrap())).await.json();
    assert_eq!((&after["ManagerId"], &after["ManagerName"]), (&json!("0"), &json!("")));
}

#[tokio::test]
async fn ids_that_begin_with_a_hyphen_or_an_underscore_are_there() {
    let client = client_of(1_203, &[], false).await;
    let all = ids(&client.rows("/users?limit=1000").await);
    for mark in ['-', '_'] {
        let id = all.iter().find(|id| id.starts_with(mark)).expect("one");
        assert_eq!(client.get(&format!("/users/{id}")).await.json()["Id"], *id);
    }
}
