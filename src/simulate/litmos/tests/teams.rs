//! The tree of teams.

use super::*;

#[tokio::test]
async fn teams_are_a_tree_that_can_be_walked_down_and_up() {
    let client = client(&[]).await;
    let all = client.rows("/teams?limit=1000").await;
    let mut walked = 0;
    for team in &all {
        let id = team["Id"].as_str().unwrap();
        let children = client.rows(&format!("/teams/{id}/teams")).await;
        walked += children.len();
        assert!(children.iter().all(|child| child["ParentTeamId"] == id));
        let one = client.get(&format!("/teams/{id}")).await.json();
        for key in ["Id", "Name", "ParentTeamId", "TeamCodeForBulkImport"] {
            assert_eq!(one[key], team[key]);
        }
    }
    let roots = all.iter().filter(|team| team["ParentTeamId"] == "").count();
    assert_eq!(roots + walked, all.len());
    assert!(roots > 3 && walked > 10);
    let found = client.rows("/teams?search=onboard").await;
    assert_eq!(found.iter().map(|team| &team["Name"]).collect::<Vec<_>>(), ["Onboarding", "Onboarding"]);
    let sales = all.iter().find(|team| team["Name"] == "Product Management").unwrap();
    assert!(sales["TeamCodeForBulkImport"].as_str().unwrap().ends_with("-ProductManagement"));
    assert_eq!(client.get("/teams/nothing").await.told(404), "No team with this nothing exists in your organization");
}

#[tokio::test]
async fn the_parent_of_a_root_has_four_forms() {
    for (switch, wanted) in [
        ("root-parent=blank", Some(json!(""))),
        ("root-parent=null", Some(Value::Null)),
        ("root-parent=zero", Some(json!("0"))),
        ("root-parent=absent", None),
    ] {
        let client = client(&[switch]).await;
        let teams = client.rows("/teams").await;
        let root = teams.iter().find(|team| team["Name"] == "Sales").unwrap();
        assert_eq!(root.get("ParentTeamId"), wanted.as_ref(), "{switch}");
        assert!(teams.iter().any(|team| team["ParentTeamId"].as_str().is_some_and(|id| id.len() > 5)), "{switch}");
    }
}

#[tokio::test]
async fn a_team_is_made_at_the_root_below_another_or_where_the_body_says() {
    let client = client(&[]).await;
    let above = client.team("Sales").await;
    let body = json!({ "Id": "", "Name": "Night School", "Description": "d" });
    let made = client.post("/teams", &body).await;
    assert_eq!((made.status, made.json()["ParentTeamId"].clone()), (201, json!("")));
    let below = client.post(&format!("/teams/{above}/teams"), &body).await.json();
    assert_eq!(below["ParentTeamId"], above);
    let mut named = body.clone();
    named["ParentTeamId"] = json!(above);
    assert_eq!(client.post("/teams", &named).await.json()["ParentTeamId"], above);
    // The seed: several of one name are legal.
    assert_eq!(client.rows("/teams?search=Night").await.len(), 3);
    assert_eq!(client.post("/teams/nothing/teams", &body).await.status, 404);
    assert_eq!(client.post("/teams", &json!({ "Id": "", "Name": " " })).await.status, 400);
    assert_eq!(client.post("/teams", &json!({ "Id": "", "Name": "x".repeat(101) })).await.status, 400);
    let strict = super::client(&["unique-team-names"]).await;
    let twice = json!({ "Id": "", "Name": "sales", "Description": "" });
    assert_eq!(strict.post("/teams", &twice).await.told(409), "Team name already exists");
    let renamed = json!({ "Id": above, "Name": "Legal", "Description": "" });
    assert_eq!(strict.put(&format!("/teams/{above}"), &renamed).await.told(409), "Team name already exists");
}

#[tokio::test]
async fn an_update_changes_name_and_description_and_never_takes_the_parent_away() {
    let client = client(&[]).await;
    let id = client.team("销售部").await;
    let path = format!("/teams/{id}");
    let before = client.get(&path).await.json();
    let parent = before["ParentTeamId"].as_str().unwrap();
    assert_ne!(parent, "");
    for orphaned in [json!(""), Value::Null, json!("0")] {
        let body = json!({ "Id": id, "Name": "销售一部", "Description": "new", "ParentTeamId": orphaned });
        client.put(&path, &body).await.is_empty(200);
        let after = client.get(&path).await.json();
        assert_eq!((&after["Name"], &after["Description"]), (&json!("销售一部"), &json!("new")));
        assert_eq!(after["ParentTeamId"], parent);
    }
    let other = client.team("Finance").await;
    let body = json!({ "Id": id, "Name": "x", "Description": "", "ParentTeamId": other });
    client.put(&path, &body).await.is_empty(200);
    assert_eq!(client.get(&path).await.json()["ParentTeamId"], parent);
    assert!(client.put(&path, &json!({ "Id": other, "Name": "x" })).await.told(404).contains("must match"));

    let movable = super::client(&["parent-change=moved", "team-put=team"]).await;
    let moved = movable.put(&path, &body).await.json();
    assert_eq!((&moved["Id"], &moved["ParentTeamId"]), (&json!(id), &json!(other)));
    let circle = json!({ "Id": other, "Name": "Finance", "Description": "", "ParentTeamId": id });
    assert_eq!(movable.put(&format!("/teams/{other}"), &circle).await.status, 400, "no team below itself");
}

#[tokio::test]
async fn what_is_below_a_deleted_team_moves_up_or_goes_too() {
    let lifted = client(&[]).await;
    let (id, before) = (lifted.team("Finance").await, lifted.rows("/teams?limit=1000").await.len());
    let child = lifted.team("Human Resources").await;
    lifted.delete(&format!("/teams/{id}")).await.is_empty(200);
    assert_eq!(lifted.get(&format!("/teams/{id}")).await.status, 404);
    assert_eq!(lifted.get(&format!("/teams/{child}")).await.json()["ParentTeamId"], "");
    assert_eq!(lifted.rows("/teams?limit=1000").await.len(), before - 1);
    assert_eq!(lifted.delete(&format!("/teams/{id}")).await.status, 404);

    let harsh = client(&["team-delete=cascade"]).await;
    harsh.delete(&format!("/teams/{id}")).await.is_empty(200);
    let left = harsh.rows("/teams?limit=1000").await;
    assert!(left.len() < before - 3, "{}", left.len());
    assert!(left.iter().all(|team| team["Name"] != "人力资源部"), "two levels below");
}

#[tokio::test]
async fn more_teams_can_be_had_for_measuring() {
    let client = client_of(5_000, &["teams=266"], false).await;
    let teams = client.rows("/teams?limit=1000").await;
    assert_eq!(teams.len(), 300);
    assert_eq!(teams.iter().map(|team| team["Id"].as_str()).collect::<BTreeSet<_>>().len(), 300);
    assert_eq!(client.rows(&format!("/teams/{}/users", teams[250]["Id"].as_str().unwrap())).await.len(), 5);
}
