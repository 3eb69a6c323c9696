//! Queries, View, `QueryBusinessInfo`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{ORDINARY, is_success, open, told};

fn page(keys: &str, start: u64, limit: u64) -> Value {
    json!({ "FormId": "SEC_User", "FieldKeys": keys, "OrderString": "FUserID ASC", "StartRow": start, "Limit": limit })
}

#[tokio::test]
async fn a_walk_of_4500_users_takes_three_pages() {
    let client = open(4_500, &[]).await;
    let (mut ids, mut sizes) = (BTreeSet::new(), Vec::new());
    for start in [0, 2_000, 4_000] {
        let rows = client.query(page("FUserID,FUserAccount", start, 2_000)).await;
        let rows = rows.as_array().unwrap();
        sizes.push(rows.len());
        ids.extend(rows.iter().map(|row| row[0].as_i64().unwrap()));
    }
    assert_eq!((sizes, ids.len()), (vec![2_000, 2_000, 500], 4_500));
    assert_eq!(client.query(page("FUserID", 6_000, 2_000)).await, json!([]));
}

#[tokio::test]
async fn pages_of_expanded_rows_join_without_a_gap_wherever_they_are_cut() {
    let client = open(300, &[]).await;
    let keys = "FUserID,FOrgOrgId.FNumber,FRoleId.FNumber";
    let whole = client.query(page(keys, 0, 2_000)).await;
    let whole = whole.as_array().unwrap();
    assert!(whole.len() > 300, "one row per grant");
    for size in [7, 100, 411] {
        let mut rows = Vec::new();
        loop {
            let next = client.query(page(keys, rows.len() as u64, size)).await;
            let next = next.as_array().unwrap().clone();
            let last = (next.len() as u64) < size;
            rows.extend(next);
            if last {
                break;
            }
        }
        assert_eq!(&rows, whole, "{size}");
    }
    // Out of order too: an earlier page does not depend on what was asked before.
    assert_eq!(client.query(page(keys, 10, 5)).await.as_array().unwrap(), &whole[10..15]);
}

#[tokio::test]
async fn grants_are_one_row_each_and_match_the_world() {
    let client = open(300, &[]).await;
    let rows = client.query(page("FUserAccount,FOrgOrgId.FNumber,FRoleId.FNumber,FOrgInfo_FEntryId", 0, 2_000)).await;
    let account = client.running.world.kingdee_account(1).unwrap();
    let own: Vec<&Value> = rows.as_array().unwrap().iter().filter(|row| row[0] == account.account).collect();
    assert_eq!(own.len(), account.grants.len());
    assert!(own[0][1].as_str().unwrap().starts_with("10") && own[0][2].as_str().unwrap().contains('0'));
    assert!(own.iter().all(|row| row[3].is_i64()));
    // Somebody without any organisation has a row all the same.
    client.save("SEC_User", json!({ "Model": { "FUserID": ORDINARY, "FOrgInfo": [] } })).await;
    let rows = client
        .query(
            json!({ "FormId": "SEC_User", "FieldKeys": "FUserID,FRoleId.FNumber", "FilterString": "FUserID=100002" }),
        )
        .await;
    assert_eq!(rows, json!([[ORDINARY, null]]));
}

#[tokio::test]
async fn top_row_count_is_the_last_row_and_not_a_page() {
    let client = open(300, &[]).await;
    let ask = async |start: u64, limit: u64, top: u64| {
        let mut data = page("FUserID", start, limit);
        data["TopRowCount"] = json!(top);
        client.query(data).await.as_array().unwrap().len()
    };
    assert_eq!(ask(0, 100, 100).await, 100);
    assert_eq!(ask(100, 100, 100).await, 0, "the fault of a fixed TopRowCount");
    assert_eq!(ask(100, 100, 200).await, 100);
    assert_eq!(ask(100, 100, 150).await, 50);
    assert_eq!(ask(250, 100, 0).await, 50);
}

#[tokio::test]
async fn a_limit_above_the_cap_is_cut_refused_or_honoured() {
    for (fault, wanted) in
        [("over-limit=clamp", Some(200)), ("over-limit=honour", Some(300)), ("over-limit=error", None)]
    {
        let client = open(300, &["cap=200", fault]).await;
        let rows = client.query(page("FUserID", 0, 5_000)).await;
        match wanted {
            Some(many) => assert_eq!(rows.as_array().unwrap().len(), many, "{fault}"),
            None => assert!(told(&rows).contains("200")),
        }
        assert_eq!(client.query(page("FUserID", 0, 0)).await.as_array().unwrap().len(), 200, "0 is the server's own");
    }
}

#[tokio::test]
async fn filters_narrow_in_both_forms_and_orders_turn() {
    let client = open(300, &[]).await;
    let account = client.running.world.kingdee_account(7).unwrap();
    let quoted = account.account.replace('\'', "''");
    let by_text = client.users(&format!("FUserAccount='{}' and FForbidStatus='A'", quoted.to_uppercase())).await;
    assert_eq!(by_text.as_array().unwrap().len(), 1);
    let list = json!([{ "Left": "", "FieldName": "FUserAccount", "Compare": "67", "Value": account.account, "Right": "", "Logic": 0 }]);
    for filter in [list.clone(), json!(list.to_string())] {
        let rows = client.query(json!({ "FormId": "sec_user", "FieldKeys": "FUserID", "FilterString": filter })).await;
        assert_eq!(rows, json!([[account.id]]));
    }
    let forbidden = client.users("FForbidStatus='B'").await;
    assert!(!forbidden.as_array().unwrap().is_empty());
    assert!(forbidden.as_array().unwrap().iter().all(|row| row[5] == "B"));
    let in_org = client
        .query(json!({ "FormId": "SEC_User", "FieldKeys": "FUserID", "FilterString": "FOrgOrgId.FNumber='105'" }))
        .await;
    let in_org = in_org.as_array().unwrap().len();
    assert!(in_org > 0 && in_org < 300);
    let mut data = page("FUserID", 0, 3);
    data["OrderString"] = json!("FForbidStatus DESC, FUserID desc");
    let rows = client.query(data).await;
    let ids: Vec<i64> = rows.as_array().unwrap().iter().map(|row| row[0].as_i64().unwrap()).collect();
    assert!(ids[0] > ids[1] && ids[1] > ids[2], "{ids:?}");
}

#[tokio::test]
async fn errors_of_a_query_lie_in_two_arrays_with_status_200() {
    let mut client = open(20, &[]).await;
    let ask = async |client: &super::Client, form: &str, keys: &str, filter: &str| {
        told(&client.query(json!({ "FormId": form, "FieldKeys": keys, "FilterString": filter })).await)
    };
    assert_eq!(ask(&client, "BD_Department", "FID", "").await, "元数据中标识为FID的字段不存在");
    assert_eq!(ask(&client, "SEC_User", "FUserID", "FNope='1'").await, "元数据中标识为FNope的字段不存在");
    assert_eq!(ask(&client, "SEC_Role", "FNumber", "").await, "标识为“SEC_Role”的业务对象不存在，或者被删除。");
    assert!(ask(&client, "SEC_User", "FUserID", "FUserID=").await.contains("过滤条件"));
    assert!(ask(&client, "SEC_User", "", "").await.contains("FieldKeys"));
    client.log_in(1033).await;
    assert!(ask(&client, "BD_Department", "FID", "").await.contains("field FID does not exist"));
}

#[tokio::test]
async fn bill_query_answers_objects_and_its_errors_lie_in_one_array_or_two() {
    for (fault, double) in [("billquery-error=single", false), ("billquery-error=double", true)] {
        let client = open(20, &[fault]).await;
        let ask = async |keys: &str| {
            client.form("BillQuery", json!({ "data": { "FormId": "SEC_User", "FieldKeys": keys, "Limit": 1 } })).await
        };
        let rows = ask("FUserID,FOrgOrgId.FNumber").await;
        assert_eq!(rows[0]["FUserID"], 100_001);
        assert!(rows[0]["FOrgOrgId.FNumber"].is_string());
        let error = ask("FNope").await;
        let error = if double { &error[0][0] } else { &error[0] };
        assert_eq!(error["Result"]["ResponseStatus"]["IsSuccess"], false);
    }
}

#[tokio::test]
async fn a_blank_text_and_a_day_are_written_as_asked() {
    let ask = async |faults: &[&str]| {
        let client = open(20, faults).await;
        let row =
            client.query(json!({ "FormId": "SEC_User", "FieldKeys": "FDescription,FCreateDate", "Limit": 1 })).await;
        (row[0][0].clone(), row[0][1].as_str().unwrap().to_owned())
    };
    let (blank, day) = ask(&[]).await;
    assert_eq!(blank, json!(" "));
    assert!(day.ends_with("T00:00:00"), "{day}");
    assert_eq!(ask(&["blank=empty"]).await.0, json!(""));
    let (blank, day) = ask(&["blank=null", "dates=ms"]).await;
    assert_eq!(blank, Value::Null);
    assert!(day.starts_with("/Date(") && day.ends_with("000)/"), "{day}");
}

#[tokio::test]
async fn what_is_not_sure_to_be_queryable_can_be_absent() {
    let client = open(20, &["role-query=absent", "user-number=absent"]).await;
    let ask = async |keys: &str| client.query(json!({ "FormId": "SEC_User", "FieldKeys": keys })).await;
    assert_eq!(told(&ask("FUserID,FRoleId.FNumber").await), "元数据中标识为FRoleId.FNumber的字段不存在");
    assert_eq!(told(&ask("FNumber").await), "元数据中标识为FNumber的字段不存在");
    assert!(ask("FUserID,FOrgOrgId.FNumber").await[0][0].is_i64());
    assert!(!client.view("SEC_User", ORDINARY).await.as_object().unwrap().contains_key("Number"));
}

#[tokio::test]
async fn without_the_right_a_query_is_empty_or_says_so() {
    let client = open(20, &["no-right=SEC_KDRoles", "right-denied=BD_Department"]).await;
    let ask = async |form: &str, keys: &str| client.query(json!({ "FormId": form, "FieldKeys": keys })).await;
    assert_eq!(ask("SEC_KDRoles", "FNumber").await, json!([]));
    assert_eq!(told(&ask("BD_Department", "FNumber").await), "您没有“部门”的“查看”权限，请联系系统管理员！");
    assert_eq!(ask("ORG_Organizations", "FNumber").await.as_array().unwrap().len(), 7);
    for (form, id) in [("SEC_KDRoles", 10_001), ("BD_Department", 100_301)] {
        let viewed = client.form("View", json!({ "formid": form, "data": { "Id": id } })).await;
        assert!(told(&viewed).contains("查看"), "{form}: a View says so in either case: {viewed}");
    }
}

#[tokio::test]
async fn view_has_its_own_names() {
    let client = open(20, &[]).await;
    let user = client.view("SEC_User", ORDINARY).await;
    let account = client.running.world.kingdee_account(1).unwrap();
    assert_eq!((&user["Id"], &user["UserAccount"]), (&json!(ORDINARY), &json!(account.account)));
    assert_eq!((&user["Name"], &user["ForbidStatus"]), (&json!(account.name), &json!("A")));
    let organisation = &user["OrgInfo"][0];
    assert!(organisation["Id"].is_i64() && organisation["OrgOrgId"]["Number"].is_string());
    assert_eq!(organisation["OrgOrgId"]["Name"][0]["Key"], 2052);
    assert!(organisation["RoleInfo"][0]["RoleId"]["Number"].is_string());
    let department = client.form("View", json!({ "formid": "BD_Department", "data": { "Number": "BM0101" } })).await;
    let department = &department["Result"]["Result"];
    assert_eq!(department["ParentID"]["Number"], "BM01");
    assert_eq!(department["Name"][0], json!({ "Key": 2052, "Value": "Engineering" }));
    let nobody = client.form("View", json!({ "formid": "SEC_User", "data": { "Id": 7 } })).await;
    assert!(told(&nobody).contains('7'));
    let other = open(20, &["view-entries=keys", "user-name=multi"]).await;
    let user = other.view("SEC_User", ORDINARY).await;
    assert!(user["FOrgInfo"][0]["FRoleInfo"][0]["RoleId"]["Number"].is_string());
    assert_eq!(user["Name"][0]["Value"], json!(account.name));
}

#[tokio::test]
async fn every_form_can_be_asked_by_its_key() {
    let client = open(20, &[]).await;
    for (form, keys, many) in [
        ("SEC_User", "FUserID,FUserAccount,FName,FPhone,FEmail,FForbidStatus,FOrgId.FNumber,FUserType,FLinkObject", 20),
        ("SEC_KDRoles", "FRoleID,FNumber,FName,FForbidStatus", 14),
        ("ORG_Organizations", "FOrgID,FNumber,FName,FOrgFormID,FDocumentStatus,FForbidStatus", 7),
        ("BD_Department", "FDEPTID,FNumber,FName,FFullName,FParentID.FNumber,FUseOrgId.FNumber,FDocumentStatus", 21),
        ("BD_Empinfo", "FID,FName,FStaffNumber,FMobile,FEmail,FUserId,FUseOrgId.FNumber,FPostDept.FNumber", 20),
        ("BD_NEWSTAFF", "FSTAFFID,FNumber,FStaffNumber,FPerson,FEmpInfoId.FStaffNumber,FDept.FNumber,FIsFirstPost", 20),
    ] {
        let rows = client.query(json!({ "FormId": form, "FieldKeys": keys })).await;
        let rows = rows.as_array().unwrap();
        assert_eq!(rows.len(), many, "{form} {rows:?}");
        assert!(rows[0][0].is_i64() && !rows[0][1].is_null(), "{form} {:?}", rows[0]);
    }
}

#[tokio::test]
async fn business_info_tells_the_operations_with_their_chinese_names() {
    let client = open(20, &[]).await;
    let info = client.form("QueryBusinessInfo", json!({ "data": { "FormId": "SEC_User" } })).await;
    assert!(is_success(&info));
    let operations = info["Result"]["NeedReturnData"]["Operations"].as_array().unwrap();
    let name_of = |number: &str| {
        let operation = operations.iter().find(|operation| operation["OperationNumber"] == number);
        operation.map(|operation| operation["OperationName"][0]["Value"].clone())
    };
    assert_eq!(name_of("Forbid"), Some(json!("禁用")));
    assert_eq!(name_of("Enable"), Some(json!("反禁用")));
    assert_eq!(name_of("Delete"), None, "users cannot be deleted");
    let info = client.form("QueryBusinessInfo", json!({ "data": { "FormId": "SEC_Role" } })).await;
    assert!(told(&info).contains("SEC_Role"));
}

#[tokio::test]
async fn the_forms_of_a_body_are_all_answered() {
    let client = open(20, &[]).await;
    let data = json!({ "FormId": "SEC_User", "FieldKeys": "FUserID", "Limit": 1 });
    let rows = json!([[100_001]]);
    for body in [
        json!({ "data": data }),
        json!({ "DATA": data.to_string() }),
        json!({ "format": 1, "useragent": "ApiClient", "rid": "1", "parameters": [data.to_string()], "v": "1.0" }),
        json!({ "format": 1, "parameters": json!([data.to_string()]).to_string() }),
    ] {
        assert_eq!(client.form("ExecuteBillQuery", body).await, rows);
    }
    let url = format!(
        "{}{}.DynamicFormService.executebillquery.common.kdsvc",
        client.running.url,
        super::STUB.to_lowercase()
    );
    let form = client.http.post(url).header("kdservice-sessionid", &client.session).form(&[("data", data.to_string())]);
    assert_eq!(form.send().await.unwrap().json::<Value>().await.unwrap(), rows);
    let bare = client.post("DynamicFormService.ExecuteBillQuery", &json!([data.to_string()])).await;
    assert_eq!(bare.status(), 500);
    assert!(bare.text().await.unwrap().contains("Additional text found in JSON string"));
    let strict = open(20, &["data-form=text"]).await;
    let refused =
        strict.post("DynamicFormService.ExecuteBillQuery", &json!({ "data": data })).await.text().await.unwrap();
    assert!(refused.starts_with("response_error:"), "{refused}");
}

#[tokio::test]
async fn rows_can_move_between_two_pages() {
    let client = open(300, &["drift=1"]).await;
    let first = client.query(page("FUserID", 0, 100)).await;
    let second = client.query(page("FUserID", 100, 100)).await;
    assert_eq!(first[99], second[0], "a row comes twice");
    let client = open(300, &["drift-remove=1"]).await;
    let first = client.query(page("FUserID", 0, 100)).await;
    let second = client.query(page("FUserID", 100, 100)).await;
    assert_eq!(first[99][0].as_i64().unwrap() + 2, second[0][0].as_i64().unwrap(), "a row is left out");
}
