//! What can be written, and what it does.

use reqwest::Method;
use serde_json::json;

use super::super::OWNER_KEY;
use super::{client, ordinary};

#[tokio::test]
async fn a_user_is_created_through_a_product_and_found_by_email() {
    let client = client(&[]).await;
    let body = json!({ "user": { "email": "Ravi.New@Example.com", "first_name": "Ravi", "last_name": "New", "role": "product_owner" } });
    let created = client.post("/products/PRJ1/users", body.clone()).await;
    assert_eq!(created.status, 200);
    let created = created.json();
    assert_eq!((&created["role"], &created["role_description"]), (&json!(20), &json!("Owner")));
    assert_eq!(created["user"].as_object().unwrap().len(), 5);
    let id = created["user"]["id"].as_str().unwrap();
    let found = client.good("/users?email=ravi.new%40example.com").await;
    assert_eq!(found["users"][0]["id"], *id);
    assert_eq!(found["users"][0]["name"], "Ravi New");
    assert_eq!(found["pagination"]["total_records"], 1);
    let (ids, _) = client.walk(200).await;
    assert_eq!(ids.last().unwrap(), id);

    // The same e-mail again: the role is changed, and nobody is added.
    let mut again = body;
    again["user"]["role"] = "viewer".into();
    let upserted = client.post("/products/PRJ1/users", again.clone()).await.json();
    assert_eq!((&upserted["role"], &upserted["user"]["id"]), (&json!(50), &json!(id)));
    assert_eq!(client.walk(200).await.0.len(), ids.len());

    client.running.faults.replace(&crate::simulate::faults::Faults::parse(&["dup-email=400".to_owned()]).unwrap());
    let refused = client.post("/products/PRJ1/users", again).await;
    assert_eq!(refused.json()["errors"]["message"], "Email has already been taken");
}

#[tokio::test]
async fn a_role_that_is_not_a_write_name_silently_becomes_viewer() {
    let client = client(&["role-default=1"]).await;
    let path = format!("/users/{}/product_roles", client.id(ordinary(&client)));
    for role in [json!("contributor"), json!("Owner"), json!(20), json!("20"), json!("emperor")] {
        let body = json!({ "product_role": { "role": role, "product_id": "PRJ9" } });
        let reply = client.post(&path, body).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["role"]), (200, &json!(50)), "{role}");
    }
    let body = json!({ "product_role": { "role": "contributor", "product_id": "PRJ9" } });
    assert_eq!(client.post(&path, body).await.json()["role"], 30);
}

#[tokio::test]
async fn one_pair_is_set_and_removed_without_touching_the_others() {
    let client = client(&[]).await;
    let slot = ordinary(&client);
    let path = format!("/users/{}/product_roles", client.id(slot));
    let before = client.good(&path).await["product_roles"].as_array().unwrap().clone();
    let free = client.running.world.account(slot).unwrap();
    let product = (4..80).find(|p| !free.pairs.iter().any(|(q, _)| q == p)).unwrap();
    let key = format!("PRJ{}", product - 3);
    let number = client.running.world.aha_product_id(product);

    let set = client.post(&path, json!({ "product_role": { "role": "reviewer", "product_id": key } })).await.json();
    assert_eq!((&set["role"], &set["product_id"]), (&json!(40), &json!(number.to_string())));
    let set =
        client.post(&path, json!({ "product_role": { "role": "contributor", "product_id": number } })).await.json();
    assert_eq!(set["role"], 30);
    let after = client.good(&path).await["product_roles"].as_array().unwrap().clone();
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(after[..before.len()], before[..]);

    let pair = format!("{path}/{number}");
    assert_eq!(client.ask(Method::DELETE, &pair, None).await.status, 204);
    assert_eq!(client.good(&path).await["product_roles"], json!(before));
    assert_eq!(client.ask(Method::DELETE, &pair, None).await.json(), json!({ "error": "Record not found." }));
    assert_eq!(
        client.post(&path, json!({ "product_role": { "role": "viewer", "product_id": "PRJ999" } })).await.status,
        404
    );
    let quiet = super::client(&["delete-absent=204"]).await;
    assert_eq!(quiet.ask(Method::DELETE, &pair, None).await.status, 204);
}

#[tokio::test]
async fn a_change_is_partial_and_roles_survive_deactivation() {
    let client = client(&[]).await;
    let slot = ordinary(&client);
    let path = format!("/users/{}", client.id(slot));
    let before = client.good(&path).await["user"].clone();
    let off = client.put(&path, json!({ "user": { "enabled": false, "product_roles": [], "shoe_size": 43 } })).await;
    assert_eq!((off.status.as_u16(), &off.json()["enabled"]), (200, &json!(false)));
    let after = client.good(&path).await["user"].clone();
    assert_eq!(after["enabled"], false);
    assert_eq!(
        (&after["product_roles"], &after["name"], &after["email"]),
        (&before["product_roles"], &before["name"], &before["email"])
    );
    assert_ne!(after["updated_at"], before["updated_at"]);
    let on = client.put(&path, json!({ "user": { "enabled": "true", "first_name": "Nova" } })).await.json();
    assert_eq!(on["enabled"], true);
    assert_eq!(on["name"], format!("Nova {}", client.running.world.person(slot).family));
}

#[tokio::test]
async fn a_changed_email_is_found_under_the_new_address_only() {
    let client = client(&[]).await;
    let slot = ordinary(&client);
    let old = client.running.world.person(slot).user_name;
    let path = format!("/users/{}", client.id(slot));
    client.put(&path, json!({ "user": { "email": "moved@example.com" } })).await;
    assert_eq!(client.good("/users?email=moved@example.com").await["users"][0]["id"], *client.id(slot));
    assert_eq!(client.good(&format!("/users?email={old}")).await["users"], json!([]));
    let taken =
        client.put(&format!("/users/{}", client.id(1)), json!({ "user": { "email": "moved@example.com" } })).await;
    assert_eq!(taken.status, 400);
}

#[tokio::test]
async fn the_last_billing_administrator_cannot_be_disabled() {
    let client = client(&["errors-as-list"]).await;
    let path = format!("/users/{}", client.id(0));
    let refused = client.put(&path, json!({ "user": { "enabled": false } })).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["error"], "Validation failed");
    assert!(refused.json()["errors"][0]["message"].as_str().unwrap().contains("billing administrator"));
    assert_eq!(client.good(&path).await["user"]["enabled"], true);
    let second = json!({ "user": { "administrator_roles": { "administer_billing": true } } });
    client.put(&format!("/users/{}", client.id(1)), second).await;
    assert_eq!(client.put(&path, json!({ "user": { "enabled": false } })).await.status, 200);
}

#[tokio::test]
async fn bad_bodies_are_refused_and_change_nothing() {
    let client = client(&["seats=0"]).await;
    let path = format!("/users/{}", client.id(ordinary(&client)));
    assert_eq!(client.put(&path, json!({ "enabled": false })).await.status, 400);
    assert_eq!(client.good(&path).await["user"]["enabled"], true);
    for (user, told) in [
        (json!({ "first_name": "A", "last_name": "B", "role": "viewer" }), "Email can't be blank"),
        (json!({ "email": "ab", "first_name": "A", "last_name": "B", "role": "viewer" }), "Email is invalid"),
        (json!({ "email": "a@b.example", "last_name": "B", "role": "viewer" }), "First name can't be blank"),
        (json!({ "email": "a@b.example", "first_name": "A", "last_name": "B" }), "Role can't be blank"),
        (
            json!({ "email": "a@b.example", "first_name": "A", "last_name": "B", "role": "viewer" }),
            "There are no paid seats available",
        ),
    ] {
        let reply = client.post("/products/PRJ1/users", json!({ "user": user })).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["errors"]["message"]), (400, &json!(told)));
    }
    assert_eq!(client.good("/users?email=a@b.example").await["users"], json!([]));
}

#[tokio::test]
async fn custom_roles_and_seats_are_kept() {
    let client = client(&[]).await;
    let path = format!("/users/{}/user_roles", client.id(ordinary(&client)));
    assert_eq!(client.good(&path).await["user_roles"], json!([]));
    let added = client
        .post(&path, json!({ "user_role": { "custom_role_id": 409_541_422_u64, "product_id": "PRJ2" } }))
        .await
        .json();
    assert_eq!(added["name"], "Release captain");
    assert_eq!(client.good(&path).await["user_roles"], json!([added]));
    let product = added["scope"]["id"].as_u64().unwrap();
    assert_eq!(client.ask(Method::DELETE, &format!("{path}/{product}"), None).await.status, 204);
    assert_eq!(client.good(&path).await["user_roles"], json!([]));

    let groups = client.good("/paid_seat_groups").await;
    assert!(groups.get("pagination").is_none());
    let group = &groups["paid_seat_groups"][0];
    let path = format!("/paid_seat_groups/{}/modify_user", group["id"].as_str().unwrap());
    let user: u64 = client.id(ordinary(&client)).parse().unwrap();
    let had = client.good(&format!("/users/{user}")).await["user"].get("paid_seat_group").is_some();
    let changed = client.post(&path, json!({ "user_id": user, "remove": had.then_some(true) })).await.json();
    assert_ne!(changed["allocated_seats"], group["allocated_seats"]);
    assert_eq!(client.good("/identity_providers").await["identity_providers"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn who_may_is_a_switch() {
    let mut open = client(&["perm-mode=open"]).await;
    OWNER_KEY.clone_into(&mut open.token);
    assert_eq!(open.get("/users").await.status, 200);
    let mut owner = client(&["perm-mode=owner_can_add"]).await;
    let slot = 2;
    let pairs = owner.running.world.account(slot).unwrap().pairs;
    let path = format!("/users/{}/product_roles", owner.id(slot));
    let product = owner.running.world.aha_product_id(pairs[0].0);
    let body = json!({ "product_role": { "role": "product_owner", "product_id": product } });
    assert_eq!(owner.post(&path, body).await.status, 200);
    OWNER_KEY.clone_into(&mut owner.token);
    let body = json!({ "user": { "email": "o@example.com", "first_name": "O", "last_name": "P", "role": "viewer" } });
    assert_eq!(owner.post(&format!("/products/{product}/users"), body.clone()).await.status, 200);
    let elsewhere = (4..80).find(|p| !pairs.iter().any(|(q, _)| q == p)).unwrap();
    let elsewhere = owner.running.world.aha_product_id(elsewhere);
    assert_eq!(owner.post(&format!("/products/{elsewhere}/users"), body).await.status, 403);
}
