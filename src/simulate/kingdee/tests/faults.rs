//! Conflicts, and everything that comes in the place of an answer.

use serde_json::{Value, json};

use super::{Client, ORDINARY, is_success, open, told};

async fn rename(client: &Client, id: i64) -> Value {
    let data = json!({ "Model": { "FUserID": id, "FName": "改名" }, "NeedUpDateFields": ["FName"] });
    client.save("SEC_User", data).await
}

#[tokio::test]
async fn a_conflict_names_its_holder_and_is_over_after_so_many_tries() {
    let client = open(20, &["conflict=100002:2:李敏"]).await;
    let number = client.running.world.kingdee_account(1).unwrap().account;
    let wanted = format!("“李敏”使用业务单据：“用户”业务操作-“[用户-{number}-修改]”冲突，请稍候再使用。");
    for _ in 0..2 {
        let reply = rename(&client, ORDINARY).await;
        assert_eq!(told(&reply), wanted);
        let status = &reply["Result"]["ResponseStatus"];
        assert_eq!((&status["ErrorCode"], &status["MsgCode"]), (&json!(500), &json!(0)));
    }
    assert!(is_success(&rename(&client, ORDINARY + 1).await), "only that record is held");
    assert!(is_success(&rename(&client, ORDINARY).await));
    assert_eq!(client.kept("SEC_User", ORDINARY).await["FName"], "改名");
}

#[tokio::test]
async fn a_conflict_is_told_in_english_as_the_guide_quotes_it() {
    let mut client = open(20, &["conflict=*:1"]).await;
    client.log_in(1033).await;
    let number = client.running.world.kingdee_account(1).unwrap().account;
    let body = json!({ "formid": "SEC_User", "opNumber": "Forbid", "data": { "Ids": ORDINARY } });
    let told = told(&client.form("ExcuteOperation", body).await);
    let wanted = format!(
        "\"Administrator\" using business document: \"User\" business operation - \"User-{number}-Modify\" conflict"
    );
    assert!(told.starts_with(&wanted), "{told}");
}

#[tokio::test]
async fn a_conflict_can_last_for_a_time() {
    let client = open(20, &["conflict=*:60s"]).await;
    for _ in 0..4 {
        assert!(told(&rename(&client, ORDINARY).await).contains("冲突"));
    }
    client.running.faults.replace(&crate::simulate::faults::Faults::parse(&["conflict=*:0s".to_owned()]).unwrap());
    assert!(is_success(&rename(&client, ORDINARY).await));
}

#[tokio::test]
async fn the_world_holds_some_records_for_a_while_and_one_for_long() {
    let client = open(1_203, &[]).await;
    let mut tries = Vec::new();
    for id in client.planted("held").await {
        let mut count = 0;
        while !is_success(&rename(&client, id).await) {
            count += 1;
        }
        tries.push(count);
    }
    tries.sort_unstable();
    assert_eq!(tries, [2, 2, 2, 12]);
}

#[tokio::test]
async fn a_record_that_somebody_changed_is_to_be_read_again() {
    let client = open(20, &["optimistic-lock=1"]).await;
    assert!(told(&rename(&client, ORDINARY).await).contains("已被其他用户修改"));
    assert!(is_success(&rename(&client, ORDINARY).await));
}

#[tokio::test]
async fn every_form_of_no_answer_can_be_had() {
    for (fault, status, part) in [
        ("response-error=1", 200, "response_error:"),
        ("not-json=1", 200, "服务器繁忙"),
        ("empty-body=1", 200, ""),
        ("empty-object=1", 200, "{}"),
        ("request-filter=1", 200, "showConfirm"),
        ("xhtml=1", 500, "XHTML 1.0 Strict"),
        ("html=1@DynamicForm", 200, "Please sign in"),
        ("503=1@DynamicForm", 503, "Service Unavailable"),
        ("gateway=4002", 519, "4002"),
    ] {
        let client =
            if fault.starts_with("gateway") { super::site(20, &[fault]).await } else { open(20, &[fault]).await };
        let body = json!({ "data": { "FormId": "SEC_User", "FieldKeys": "FUserID", "Limit": 1 } });
        let reply = client.post("DynamicFormService.ExecuteBillQuery", &body).await;
        assert_eq!(reply.status(), status, "{fault}");
        let text = reply.text().await.unwrap();
        assert!(text.contains(part), "{fault}: {text}");
        assert!(!text.contains("100001"), "{fault}");
        if !fault.starts_with("gateway") {
            assert_eq!(client.form("ExecuteBillQuery", body).await, json!([[100_001]]), "{fault} is over");
        }
    }
}

#[tokio::test]
async fn what_comes_in_place_of_an_answer_can_be_kept_to_one_service() {
    let client = open(20, &["at=Save", "not-json=1"]).await;
    assert_eq!(client.users("").await.as_array().unwrap().len(), 20);
    let data = json!({ "formid": "SEC_User", "data": { "Model": { "FUserID": ORDINARY, "FName": "改名" } } });
    let reply = client.post("DynamicFormService.Save", &data).await.text().await.unwrap();
    assert!(reply.starts_with("服务器繁忙"), "{reply}");
}

#[tokio::test]
async fn the_request_filter_minds_a_bracket() {
    let client = open(20, &["request-filter"]).await;
    assert_eq!(client.users("FUserID<100003").await[0]["actionname"], "showConfirm");
    assert!(client.users("FUserID=100003").await[0][0].is_i64());
}

#[tokio::test]
async fn success_can_be_written_as_text() {
    let client = open(20, &["is-success=text"]).await;
    assert_eq!(rename(&client, ORDINARY).await["Result"]["ResponseStatus"]["IsSuccess"], "true");
    assert_eq!(rename(&client, 7).await["Result"]["ResponseStatus"]["IsSuccess"], "false");
}

#[tokio::test]
async fn only_a_write_loses_its_reply_and_it_is_done_all_the_same() {
    let client = open(20, &["lost=1"]).await;
    assert!(client.users("").await[0][0].is_i64(), "a query is no write");
    let body = json!({ "formid": "SEC_User", "data": { "Model": { "FUserID": ORDINARY, "FName": "改名" }, "NeedUpDateFields": ["FName"] } });
    let url = format!("{}{}.DynamicFormService.Save.common.kdsvc", client.running.url, super::STUB);
    let lost = client.http.post(url).header("kdservice-sessionid", &client.session).json(&body).send().await;
    assert!(lost.is_err());
    assert_eq!(client.kept("SEC_User", ORDINARY).await["FName"], "改名");
    assert_eq!(client.running.seen.writes().len(), 1);
}

#[tokio::test]
async fn a_session_lost_in_a_write_leaves_nothing_written() {
    let client = open(20, &["session-lost=1"]).await;
    assert_eq!(rename(&client, ORDINARY).await["Result"]["ResponseStatus"]["MsgCode"], 1);
    assert_ne!(client.kept("SEC_User", ORDINARY).await["FName"], "改名");
    assert_eq!(
        rename(&client, ORDINARY).await["Result"]["ResponseStatus"]["MsgCode"],
        1,
        "until somebody logs in again"
    );
}
