//! The same service for clients that speak XML.

use super::*;

impl Client {
    async fn xml(&self, method: Method, path: &str, body: &str) -> Reply {
        let address = format!("{}{path}", self.running.url);
        let mut request = self.http.request(method, address).query(&[("source", "test")]).header("apikey", &self.key);
        if !body.is_empty() {
            request = request.header("content-type", "application/xml").body(body.to_owned());
        }
        self.send(request).await
    }
}

#[tokio::test]
async fn lists_and_records_are_elements_with_nulls_and_small_booleans() {
    let client = client(&[]).await;
    let list = client.xml(Method::GET, "/users?limit=2", "").await;
    assert_eq!(list.kind.as_deref(), Some("application/xml; charset=utf-8"));
    let start = "<Users xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\"><User><Id>";
    assert!(list.body.starts_with(start) && list.body.ends_with("</User></Users>"), "{}", list.body);
    assert_eq!(list.body.matches("<User>").count(), 2);
    let id = client.running.world.learner_id(client.plain());
    let one = client.xml(Method::GET, &format!("/users/{id}"), "").await.body;
    assert!(one.starts_with("<User xmlns:i="), "{one}");
    for part in
        ["<Skype i:nil=\"true\"/>", "<Active>true</Active>", "<Password/>", "<LoginKey>https://acme.litmos.com/"]
    {
        assert!(one.contains(part), "{part} in {one}");
    }
    assert!(client.xml(Method::GET, "/users?start=100000", "").await.body.starts_with("<Users xmlns:i="));
    let paged = client.xml(Method::GET, "/users/paginated?limit=1", "").await.body;
    assert!(paged.contains("<Pagination><BatchParam>") && paged.contains("<Items><User><Id>"), "{paged}");
    let teams = client.xml(Method::GET, "/teams?limit=1", "").await.body;
    assert!(teams.contains("<Teams xmlns:i=") && teams.contains("<Team><Id>"), "{teams}");
    let fields = client.xml(Method::GET, &format!("/users/{id}/usercustomfields"), "").await.body;
    assert!(fields.contains("<Parameter fieldname=\"Badge\">"), "{fields}");
}

#[tokio::test]
async fn elements_out_of_order_are_not_read() {
    let client = client(&[]).await;
    let user = |inner: &str| {
        format!("<User><Id></Id>{inner}<Active>true</Active><IsCustomUsername>false</IsCustomUsername></User>")
    };
    let right = user("<UserName>xm.one@x.test</UserName><FirstName>A&amp;B</FirstName><LastName>L</LastName><Email/>");
    let made = client.xml(Method::POST, "/users", &right).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert!(made.body.contains("<FirstName>A&amp;B</FirstName>"), "{}", made.body);
    let wrong = user("<FirstName>A</FirstName><UserName>xm.two@x.test</UserName><LastName>L</LastName>");
    let refused = client.xml(Method::POST, "/users", &wrong).await;
    assert_eq!((refused.status, refused.reason.as_str()), (409, "Username must be greater than 3 characters."));
    assert!(refused.body.contains("<B>Error Status Code:</B> 'Conflict'"));
    let broken = client.xml(Method::POST, "/users", "<User><Id></User>").await;
    assert_eq!((broken.status, broken.kind.as_deref()), (400, Some("text/html")));
}

#[tokio::test]
async fn teams_and_members_are_written_in_xml_too() {
    let client = client(&[]).await;
    let body = "<Team><Id></Id><Name>Night School</Name><Description>d</Description></Team>";
    assert_eq!(client.xml(Method::POST, "/teams", body).await.status, 201);
    let team = client.team("Night School").await;
    let id = client.running.world.learner_id(client.plain());
    let users = format!("<Users><User><Id>{id}</Id></User><User><Id>nobody</Id></User></Users>");
    client.xml(Method::POST, &format!("/teams/{team}/users"), &users).await.is_empty(201);
    assert_eq!(client.members(&team).await, std::slice::from_ref(&id));
    let other = client.post("/teams", &json!({ "Id": "", "Name": "Day School", "Description": "" })).await.json();
    let teams = format!("<Teams><Team><Id>{}</Id></Team></Teams>", other["Id"].as_str().unwrap());
    client.xml(Method::POST, &format!("/users/{id}/teams"), &teams).await.is_empty(200);
    assert_eq!(client.members(other["Id"].as_str().unwrap()).await, [id]);
}
