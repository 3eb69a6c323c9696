//! Aha!'s teams: whether there are any, and who is in them.

use serde_json::{Value, json};

use super::{admin, aha, listed, me, probe, product, serve, walk};
use crate::connectors::Looked;
use crate::connectors::drive::{asked, page, reply};
use crate::model::{Kind, RecordKey, Row, SystemId};
use crate::plan::{Finding, Reply, Site};

/// Teams as the connection test finds them.
fn with_teams(teams: Reply) -> Site {
    let mut rest = serve(me(&[("acme", true)]), product("acme"), admin(true));
    probe(
        "https://acme.aha.io",
        None,
        |request| {
            if request.path == "/api/v1/teams" { teams.clone() } else { rest(request) }
        },
    )
}

fn group_feeds(site: &Site) -> usize {
    aha("https://acme.aha.io", None).feeds(site, Kind::Group).len()
}

fn of_teams(site: &Site) -> (Finding, &str) {
    let line = site.evidence.iter().find(|line| line.what.ends_with("/teams")).unwrap();
    (line.finding, line.detail.as_str())
}

#[test]
fn teams_that_there_are_become_groups() {
    let site = with_teams(reply(200, json!({ "teams": [{}], "pagination": { "total_records": 7, "total_pages": 7 } })));
    assert_eq!(of_teams(&site), (Finding::Good, "7 teams, shown as groups and never changed"));
    assert_eq!(group_feeds(&site), 2);
}

#[test]
fn a_plan_without_teams_has_no_groups_and_that_is_all() {
    for refusal in [reply(403, json!({ "error": "Forbidden" })), page(404)] {
        let site = with_teams(refusal);
        let (finding, told) = of_teams(&site);
        assert_eq!(finding, Finding::Note);
        assert!(told.contains("no groups here") && told.contains("do not depend on them"), "{told}");
        assert!(site.good() && site.blocked.is_none() && site.warning.is_none());
        assert_eq!(group_feeds(&site), 0);
    }
    // What is broken only now is read all the same, and its own proof tells.
    assert_eq!(group_feeds(&with_teams(reply(500, json!({})))), 2);
    assert_eq!(group_feeds(&with_teams(page(200))), 2);
}

fn membership(id: u64, user: Option<u64>) -> Value {
    let user = user.map(|id| id.to_string());
    json!({ "id": id.to_string(), "team_member": { "name": "x", "user_id": user, "virtual": user.is_none() } })
}

#[test]
fn members_are_asked_for_team_by_team_and_page_by_page() {
    let told = walk("team-memberships", &["71", "72"], |request| match request.path.as_str() {
        "/api/v1/teams/71/team_memberships" => {
            listed(request, "team_memberships", 201, |id| membership(id, (id < 200).then_some(id)))
        }
        _ => listed(request, "team_memberships", 0, |_| panic!("there are none")),
    });
    assert_eq!(told.asked.len(), 3);
    assert!(told.asked[0].starts_with("GET /api/v1/teams/71/team_memberships?page=1&per_page=200"), "{:?}", told.asked);
    let owners: Vec<_> = told.pages.iter().map(|(_, owner)| owner.clone().unwrap()).collect();
    assert_eq!(owners, ["72", "71", "71"], "a team is handed out once it is whole");
    let (total, how) = told.complete();
    assert_eq!(total, 2);
    assert!(how.contains("2 virtual members are no users"), "{how}");
}

#[test]
fn half_a_team_is_handed_out_never_and_told() {
    let told = walk("team-memberships", &["71", "72", "../users"], |request| match request.path.as_str() {
        "/api/v1/teams/71/team_memberships" if asked(request, "page") == Some("2") => page(502),
        "/api/v1/teams/71/team_memberships" => listed(request, "team_memberships", 300, |id| membership(id, Some(id))),
        "/api/v1/teams/72/team_memberships" => reply(403, json!({ "error": "Forbidden" })),
        other => {
            assert_eq!(other, "/api/v1/teams/..%2Fusers/team_memberships");
            reply(404, json!({ "error": "Record not found." }))
        }
    });
    assert_eq!(told.pages, Vec::new());
    assert!(told.why().starts_with("0 of 3 teams read"), "{}", told.why());
    assert!(told.why().contains("403"), "{}", told.why());
}

#[test]
fn a_team_is_shown_with_its_members() {
    let aha = aha("https://acme.aha.io", None);
    let key = RecordKey::new(SystemId::new("aha"), Kind::Group, "71");
    let asked = aha.read_one(&Site::default(), &key);
    assert_eq!(asked.len(), 2);
    let seen = |memberships: Reply| {
        let team = reply(200, json!({ "team": { "id": "71", "name": "Default team", "team_members_count": 2 } }));
        aha.observe(&Site::default(), Kind::Group, Looked::Id("71"), &[team, memberships])
    };
    let listed = json!({ "team_memberships": [membership(1, Some(9)), membership(2, None)], "pagination": { "total_pages": 1 } });
    let one = seen(reply(200, listed)).unwrap().unwrap();
    let members = one.table.schema().find(&"members".into()).unwrap();
    let entries = one.table.entries(Row(0), members).unwrap();
    let texts: Vec<_> = entries.iter().map(|entry| one.table.entry_text(members, *entry).0[0]).collect();
    assert_eq!(texts, ["9"]);
    assert_eq!(one.native["team_memberships"].as_array().unwrap().len(), 2);
    assert!(seen(reply(403, json!({ "error": "Forbidden" }))).unwrap_err().contains("403"));
}
