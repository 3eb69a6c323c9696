//! Who is in which team, and who leads it.

use super::*;
use crate::simulate::world::litmos::drift::Drift;

#[tokio::test]
async fn a_team_lists_its_active_members_alone_and_the_others_know_that_they_are_there() {
    let client = client_of(1_203, &[], false).await;
    let world = &client.running.world;
    let slot = world.learners_with(Drift::Inactive)[0];
    let id = world.learner_id(slot);
    assert_eq!(client.user(slot).await["Active"], false);
    let theirs = client.rows(&format!("/users/{id}/teams")).await;
    assert!(!theirs.is_empty());
    for team in &theirs {
        assert!(!client.members(team["Id"].as_str().unwrap()).await.contains(&id));
    }
    let open = client_of(1_203, &["team-users-active-only=off", "user-teams-inactive=hidden"], false).await;
    assert!(open.members(theirs[0]["Id"].as_str().unwrap()).await.contains(&id));
    assert!(open.rows(&format!("/users/{id}/teams")).await.is_empty());
    // Who comes back is listed again.
    let mut record = client.user(slot).await;
    record["Active"] = json!(true);
    client.put(&format!("/users/{id}"), &record).await.is_empty(200);
    assert!(client.members(theirs[0]["Id"].as_str().unwrap()).await.contains(&id));
}

#[tokio::test]
async fn members_are_paged_and_searched_in_one_order() {
    let client = client_of(1_203, &[], false).await;
    let team = client.team("Product").await;
    let all = client.members(&team).await;
    assert!(all.len() > 300 && all.iter().collect::<BTreeSet<_>>().len() == all.len());
    let second = ids(&client.rows(&format!("/teams/{team}/users?limit=100&start=100")).await);
    assert_eq!(second, all[100..200]);
    let one = client.rows(&format!("/teams/{team}/users?limit=1")).await[0]["UserName"].clone();
    let found = client.rows(&format!("/teams/{team}/users?search={}", one.as_str().unwrap())).await;
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn ids_that_nobody_has_and_members_are_ignored_without_a_word() {
    let client = client(&[]).await;
    let team = client.team("Legal").await;
    let before = client.members(&team).await;
    let newcomer = client.post("/users", &newcomer("new.one@x.test")).await.json()["Id"].clone();
    let path = format!("/teams/{team}/users");
    let body = json!([{ "Id": "nobody" }, { "Id": before[0] }, { "Id": newcomer, "UserName": "ignored" }]);
    client.post(&format!("{path}?sendmessage=true"), &body).await.is_empty(201);
    let mut wanted = before.clone();
    wanted.push(newcomer.as_str().unwrap().to_owned());
    assert_eq!(client.members(&team).await, wanted, "at the end, once");
    assert_eq!(client.told().await["mails"], json!([{ "to": "new.one@x.test", "about": "team" }]));
    client.post(&path, &json!([{ "Id": "nobody" }])).await.is_empty(201);
    for (path, body) in [(path.as_str(), json!([])), ("/teams/nothing/users", body)] {
        let told = client.post(path, &body).await.told(404);
        assert!(told.starts_with("No team with this ") && told.ends_with("or the user list is empty"), "{told}");
    }
    client.delete(&format!("{path}/{}", before[0])).await.is_empty(200);
    assert_eq!(client.members(&team).await, wanted[1..]);
    let told = client.delete(&format!("{path}/{}", before[0])).await.told(404);
    assert_eq!(told, format!("User: {} does not exist on the team: {team}", before[0]));
}

#[tokio::test]
async fn the_strict_way_refuses_the_whole_call() {
    let client = client(&[]).await;
    let made = client.post("/users", &newcomer("new.one@x.test")).await.json();
    let path = format!("/users/{}/teams", made["Id"].as_str().unwrap());
    let (legal, sales) = (client.team("Legal").await, client.team("Sales").await);
    let teams = async || ids(&client.rows(&path).await);
    let bad = "Invalid Team Id found in the list or Maximum TeamIds is 25";
    assert_eq!(client.post(&path, &json!([{ "Id": legal }, { "Id": "nothing" }])).await.told(404), bad);
    assert_eq!(client.post(&path, &json!(vec![json!({ "Id": legal }); 26])).await.told(404), bad);
    assert!(teams().await.is_empty());
    client.post(&path, &json!([{ "Id": legal }])).await.is_empty(200);
    let told = client.post(&path, &json!([{ "Id": sales }, { "Id": legal }])).await.told(409);
    assert_eq!(told, "The user already belongs to one or more of the teams");
    assert_eq!(teams().await, std::slice::from_ref(&legal));
    client.post(&path, &json!([{ "Id": sales }])).await.is_empty(200);
    assert_eq!(teams().await.into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([legal, sales]));
    client.delete(&path).await.is_empty(200);
    assert!(teams().await.is_empty());
    assert_eq!(client.delete("/users/nobody/teams").await.told(404), "User - nobody was not found");
}

#[tokio::test]
async fn only_a_member_can_lead_and_a_demotion_leaves_the_level_behind() {
    for (switch, left) in [("demotion=keeps", "Team_Leader"), ("demotion=resets", "Learner")] {
        let client = client(&[switch]).await;
        let (team, made) =
            (client.team("Legal").await, client.post("/users", &newcomer("new.one@x.test")).await.json());
        let id = made["Id"].as_str().unwrap();
        let level = async || client.get(&format!("/users/{id}")).await.json()["AccessLevel"].clone();
        for office in ["leaders", "admins"] {
            let path = format!("/teams/{team}/{office}/{id}");
            assert!(client.send(client.request(Method::PUT, &path)).await.told(404).starts_with("User: "));
            client.post(&format!("/teams/{team}/users"), &json!([{ "Id": id }])).await.is_empty(201);
            let before = ids(&client.rows(&format!("/teams/{team}/{office}")).await);
            client.send(client.request(Method::PUT, &path)).await.is_empty(200);
            let after = ids(&client.rows(&format!("/teams/{team}/{office}")).await);
            assert_eq!((after.len(), after.last().map(String::as_str)), (before.len() + 1, Some(id)));
            assert_eq!(level().await, "Team_Leader");
            client.delete(&path).await.is_empty(200);
            assert_eq!(ids(&client.rows(&format!("/teams/{team}/{office}")).await), before);
            assert_eq!(level().await, left, "{switch}");
            assert_eq!(client.delete(&path).await.status, 404);
            client.delete(&format!("/teams/{team}/users/{id}")).await.is_empty(200);
        }
    }
}

#[tokio::test]
async fn who_leaves_a_team_does_not_lead_it_any_more() {
    let client = client_of(1_203, &[], false).await;
    for team in client.rows("/teams?limit=1000").await {
        let path = format!("/teams/{}", team["Id"].as_str().unwrap());
        let leaders = client.rows(&format!("{path}/leaders")).await;
        let Some(leader) = leaders.first() else { continue };
        assert_ne!(leader["AccessLevel"], "Learner");
        client.delete(&format!("{path}/users/{}", leader["Id"].as_str().unwrap())).await.is_empty(200);
        assert!(client.rows(&format!("{path}/leaders")).await.is_empty());
        return;
    }
    panic!("nobody leads any team");
}
