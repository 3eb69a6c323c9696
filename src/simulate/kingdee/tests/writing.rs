//! Save, `BatchSave`, states and operations.

use serde_json::{Value, json};

use super::{Client, ORDINARY, is_success, open, told};

fn zhang(account: &str) -> Value {
    json!({
        "FUserID": 0, "FUserAccount": account, "FName": "张三", "FIsLockTerminal": false,
        "FOrgInfo": [{ "FOrgOrgId": { "FNumber": "100" }, "FRoleInfo": [
            { "FRoleId": { "FNumber": "BD01_SYS" } }, { "FRoleId": { "FNUMBER": "FIN01_SYS" } },
        ] }],
    })
}

/// Roles per organisation, by numbers, as View tells them.
async fn grants(client: &Client, id: i64) -> Vec<String> {
    let user = client.view("SEC_User", id).await;
    let mut grants = Vec::new();
    for organisation in user["OrgInfo"].as_array().unwrap() {
        for role in organisation["RoleInfo"].as_array().unwrap() {
            let number = |value: &Value| value["Number"].as_str().unwrap().to_owned();
            grants.push(format!("{} {}", number(&organisation["OrgOrgId"]), number(&role["RoleId"])));
        }
    }
    grants
}

#[tokio::test]
async fn a_user_is_made_with_roles() {
    let client = open(20, &[]).await;
    let data = json!({ "IsDeleteEntry": "true", "NumberSearch": "true", "NeedReturnFields": ["FName"], "Model": zhang("zhangsan") });
    let reply = client.save("SEC_User", data).await;
    assert!(is_success(&reply), "{reply}");
    let id = reply["Result"]["Id"].as_i64().unwrap();
    assert_eq!(
        (&reply["Result"]["Number"], &reply["Result"]["NeedReturnData"][0]["FName"]),
        (&json!("zhangsan"), &json!("张三"))
    );
    assert_eq!(
        reply["Result"]["ResponseStatus"]["SuccessEntitys"],
        json!([{ "Id": id, "Number": "zhangsan", "DIndex": 0 }])
    );
    assert_eq!(grants(&client, id).await, ["100 BD01_SYS", "100 FIN01_SYS"]);
    assert_eq!(client.users("FUserAccount='zhangsan'").await[0][5], "A");
    assert_eq!(client.users("").await.as_array().unwrap().len(), 21);
}

#[tokio::test]
async fn what_is_required_and_what_is_taken_is_told() {
    let client = open(20, &[]).await;
    let reply = client.save("SEC_User", json!({ "Model": { "FUserAccount": "x" } })).await;
    let errors = reply["Result"]["ResponseStatus"]["Errors"].as_array().unwrap().clone();
    let fields: Vec<&str> = errors.iter().map(|e| e["FieldName"].as_str().unwrap()).collect();
    assert_eq!(fields, ["FName", "FOrgInfo"]);
    assert!(errors[0]["Message"].as_str().unwrap().contains("不能为空"));
    assert_eq!(
        (&reply["Result"]["ResponseStatus"]["ErrorCode"], &reply["Result"]["ResponseStatus"]["MsgCode"]),
        (&json!(500), &json!(11))
    );
    assert!(is_success(&client.save("SEC_User", json!({ "Model": zhang("zhangsan") })).await));
    let again = client.save("SEC_User", json!({ "Model": zhang("ZhangSan") })).await;
    assert!(told(&again).contains("已存在"), "{again}");
    let mut wrong = zhang("lisi");
    wrong["FOrgInfo"][0]["FRoleInfo"][0]["FRoleId"]["FNumber"] = json!("NOPE");
    assert!(told(&client.save("SEC_User", json!({ "Model": wrong })).await).contains("角色不能为空"));
    let verified = client.save("SEC_User", json!({ "IsVerifyBaseDataField": true, "Model": wrong })).await;
    assert!(told(&verified).contains("“NOPE”不存在"), "{verified}");
    let other = open(20, &["required=FUserAccount;FEmail"]).await;
    let reply = other.save("SEC_User", json!({ "Model": { "FUserAccount": "x" } })).await;
    assert_eq!(reply["Result"]["ResponseStatus"]["Errors"][0]["FieldName"], "FEmail");
}

#[tokio::test]
async fn only_the_fields_that_need_it_are_changed() {
    let client = open(20, &[]).await;
    let before = client.kept("SEC_User", ORDINARY).await;
    let model = json!({ "FUserID": ORDINARY.to_string(), "FEmail": "new@example.com", "FName": "别名" });
    let reply = client.save("SEC_User", json!({ "Model": model, "NeedUpDateFields": ["FEmail"] })).await;
    assert!(is_success(&reply), "{reply}");
    let after = client.kept("SEC_User", ORDINARY).await;
    assert_eq!((&after["FEmail"], &after["FName"]), (&json!("new@example.com"), &before["FName"]));
    assert_eq!(after["FOrgInfo"], before["FOrgInfo"], "the roles stay");
}

#[tokio::test]
async fn entries_that_were_not_sent_are_gone_unless_that_is_forbidden() {
    let client = open(20, &[]).await;
    let id = client.save("SEC_User", json!({ "Model": zhang("zhangsan") })).await["Result"]["Id"].as_i64().unwrap();
    let entry = client.kept("SEC_User", id).await["FOrgInfo"][0]["FEntryId"].clone();
    let one =
        |role: &str| json!({ "FOrgOrgId": { "FNumber": "101" }, "FRoleInfo": [{ "FRoleId": { "FNumber": role } }] });
    let save = async |more: Value, entries: Value| {
        let mut data = json!({ "Model": { "FUserID": id, "FOrgInfo": entries } });
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        client.save("SEC_User", data).await
    };
    assert!(is_success(&save(json!({ "IsDeleteEntry": "false" }), json!([one("SCM01_SYS")])).await));
    assert_eq!(grants(&client, id).await, ["100 BD01_SYS", "100 FIN01_SYS", "101 SCM01_SYS"]);
    let more = json!([{ "FEntryId": entry, "FRoleInfo": [{ "FRoleId": { "FNumber": "BOS01_SYS" } }] }]);
    assert!(is_success(&save(json!({ "IsDeleteEntry": false }), more).await));
    assert_eq!(grants(&client, id).await, ["101 SCM01_SYS", "100 BD01_SYS", "100 FIN01_SYS", "100 BOS01_SYS"]);
    let twice = save(json!({ "IsDeleteEntry": false }), json!([one("FIN02_SYS")])).await;
    assert!(told(&twice).contains("“101”已存在"), "{twice}");
    assert!(is_success(&save(json!({}), json!([one("FIN02_SYS")])).await));
    assert_eq!(grants(&client, id).await, ["101 FIN02_SYS"], "the default takes away what was not sent");
    assert!(is_success(&client.save("SEC_User", json!({ "Model": { "FUserID": id, "FName": "张三丰" } })).await));
    assert_eq!(grants(&client, id).await, [""; 0], "a whole record without its entries has none");
    let careful = open(20, &["absent-entries=keep"]).await;
    let before = grants(&careful, ORDINARY).await;
    careful.save("SEC_User", json!({ "Model": { "FUserID": ORDINARY, "FName": "张三丰" } })).await;
    assert_eq!(grants(&careful, ORDINARY).await, before);
}

#[tokio::test]
async fn a_grant_can_be_accepted_and_not_stored() {
    let client = open(20, &["drop-grant=1"]).await;
    let reply = client.save("SEC_User", json!({ "Model": zhang("zhangsan") })).await;
    assert!(is_success(&reply));
    assert_eq!(grants(&client, reply["Result"]["Id"].as_i64().unwrap()).await, ["100 FIN01_SYS"]);
}

#[tokio::test]
async fn a_batch_succeeds_in_part_and_says_which() {
    for (fault, success) in [("batch-success=none", false), ("batch-success=any", true)] {
        let client = open(20, &[fault]).await;
        let models = json!([zhang("one"), { "FUserID": 0, "FName": "无账号" }, zhang("ONE"), zhang("two")]);
        let reply = client.form("BatchSave", json!({ "formid": "SEC_User", "data": { "Model": models } })).await;
        let status = &reply["Result"]["ResponseStatus"];
        let index = |list: &str| -> Vec<u64> {
            status[list].as_array().unwrap().iter().map(|one| one["DIndex"].as_u64().unwrap()).collect()
        };
        assert_eq!((index("SuccessEntitys"), index("Errors")), (vec![0, 3], vec![1, 1, 2]));
        assert_eq!(status["IsSuccess"], success, "{fault}");
    }
}

#[tokio::test]
async fn users_are_forbidden_and_enabled_under_both_spellings() {
    let client = open(20, &[]).await;
    let operate = async |client: &Client, action: &str, number: &str| {
        let data = json!({ "CreateOrgId": 0, "Numbers": [], "Ids": ORDINARY.to_string(), "NetworkCtrl": "" });
        client
            .post(
                &format!("DynamicFormService.{action}"),
                &json!({ "formid": "SEC_User", "opNumber": number, "data": data }),
            )
            .await
    };
    let status = async |client: &Client| client.kept("SEC_User", ORDINARY).await["FForbidStatus"].clone();
    for (action, number, wanted) in
        [("ExcuteOperation", "Forbid", "B"), ("ExcuteOperation", "Forbid", "B"), ("ExecuteOperation", "Enable", "A")]
    {
        let reply: Value = operate(&client, action, number).await.json().await.unwrap();
        assert!(is_success(&reply), "{reply}");
        assert_eq!(status(&client).await, wanted);
    }
    let refused: Value = operate(&client, "ExcuteOperation", "Disable").await.json().await.unwrap();
    assert!(told(&refused).contains("Disable"));
    let refused: Value = operate(&client, "ExcuteOperation", "Delete").await.json().await.unwrap();
    assert!(told(&refused).contains("用户"), "users cannot be deleted: {refused}");
    let other = open(20, &["forbid=Disable", "operation=ExecuteOperation"]).await;
    let text = operate(&other, "ExcuteOperation", "Disable").await.text().await.unwrap();
    assert!(text.starts_with("response_error:") && text.contains("未将对象引用"), "{text}");
    assert!(is_success(&operate(&other, "ExecuteOperation", "Disable").await.json().await.unwrap()));
    assert_eq!(status(&other).await, "B");
}

#[tokio::test]
async fn a_department_goes_through_its_states() {
    let client = open(20, &[]).await;
    let model = json!({
        "FDEPTID": 0, "FNumber": "BM0500", "FName": "新部门", "FParentID": { "FNumber": "BM04" },
        "FCreateOrgId": { "FNumber": "100" }, "FUseOrgId": { "FNumber": "100" }, "FEffectDate": "2026-01-01",
    });
    let reply = client.save("BD_Department", json!({ "Model": model })).await;
    assert!(is_success(&reply), "{reply}");
    let id = reply["Result"]["Id"].as_i64().unwrap();
    let state = async || client.kept("BD_Department", id).await["FDocumentStatus"].clone();
    let act = async |action: &str| {
        client.form(action, json!({ "formid": "BD_Department", "data": { "Numbers": ["BM0500"] } })).await
    };
    assert_eq!(state().await, "A");
    assert!(told(&act("Audit").await).contains("不允许审核"), "first it is submitted");
    for (action, wanted) in [("Submit", "B"), ("CancelAssign", "D"), ("Submit", "B"), ("Audit", "C"), ("UnAudit", "D")]
    {
        let reply = act(action).await;
        assert!(is_success(&reply), "{action} {reply}");
        assert_eq!(state().await, wanted, "{action}");
    }
    let moved = json!({ "Model": { "FDEPTID": id, "FParentID": { "FNumber": "BM01" } }, "NeedUpDateFields": ["FParentID"], "IsAutoSubmitAndAudit": "true" });
    assert!(is_success(&client.save("BD_Department", moved.clone()).await));
    assert_eq!(state().await, "C");
    assert_eq!(client.view("BD_Department", id).await["ParentID"]["Number"], "BM01");
    assert!(told(&client.save("BD_Department", moved).await).contains("已审核"), "an audited record is not changed");
    assert!(told(&act("Delete").await).contains("已审核"));
    act("UnAudit").await;
    assert!(is_success(&act("Delete").await));
    assert_eq!(client.kept("BD_Department", id).await, Value::Null);
    let lax = open(20, &["save-audited=allow"]).await;
    let renamed = json!({ "Model": { "FDEPTID": 100_301, "FName": "工程部" }, "NeedUpDateFields": ["FName"] });
    assert!(is_success(&lax.save("BD_Department", renamed).await));
    assert_eq!(lax.kept("BD_Department", 100_301).await["FDocumentStatus"], "C", "it stays audited");
    let strict = open(20, &["unaudit=refuse"]).await;
    let back = json!({ "formid": "BD_Department", "data": { "Ids": "100301" } });
    assert!(told(&strict.form("UnAudit", back).await).contains("反审核"));
    assert_eq!(strict.kept("BD_Department", 100_301).await["FDocumentStatus"], "C");
}

#[tokio::test]
async fn a_department_is_never_below_itself_and_a_draft_needs_nothing() {
    let client = open(20, &["save-audited=allow"]).await;
    let circle = json!({ "Model": { "FDEPTID": 100_201, "FParentID": { "FNumber": "BM0101" } }, "NeedUpDateFields": ["FParentID"] });
    assert!(!is_success(&client.save("BD_Department", circle).await));
    let draft =
        client.form("Draft", json!({ "formid": "BD_Department", "data": { "Model": { "FName": "草稿" } } })).await;
    assert!(is_success(&draft), "{draft}");
    assert_eq!(client.kept("BD_Department", draft["Result"]["Id"].as_i64().unwrap()).await["FDocumentStatus"], "Z");
}

#[tokio::test]
async fn a_role_and_an_organisation_can_be_deleted_or_not_by_their_state() {
    let client = open(20, &[]).await;
    let act = async |action: &str, form: &str, number: &str| {
        client.form(action, json!({ "formid": form, "data": { "Numbers": number } })).await
    };
    assert!(is_success(&act("UnAudit", "ORG_Organizations", "106").await));
    assert!(is_success(&act("Delete", "ORG_Organizations", "106").await));
    let reply = act("Delete", "ORG_Organizations", "105,106").await;
    let errors = reply["Result"]["ResponseStatus"]["Errors"].as_array().unwrap().clone();
    assert!(errors[0]["Message"].as_str().unwrap().contains("已审核") && errors[1]["DIndex"] == 1, "{reply}");
    assert!(told(&act("Submit", "SEC_KDRoles", "BD01_SYS").await).contains("没有标识为"));
    assert!(told(&act("Submit", "BD_Department", "").await).contains("不能为空"));
}

#[tokio::test]
async fn a_batch_can_be_begun_and_polled_for() {
    let client = open(20, &[]).await;
    let body = json!({
        "formid": "SEC_User", "data": { "Model": [zhang("one")] },
        "beginmethod": "BeginQueryImpl", "querymethod": "QueryAsyncResult",
    });
    let begun = client.form("BatchSave", body).await;
    assert_eq!((&begun["Status"], &begun["Result"]), (&json!(1), &Value::Null));
    let info = json!({ "queryInfo": json!({ "TaskId": begun["TaskId"], "Cancelled": false }).to_string() });
    let polled = client.form("QueryAsyncResult", info).await;
    assert_eq!(polled["Status"], 2);
    assert!(is_success(&polled["Result"]), "{polled}");
    let info = json!({ "queryInfo": json!({ "TaskId": begun["TaskId"], "Cancelled": false }).to_string() });
    let again = client.post("DynamicFormService.QueryAsyncResult", &info).await.text().await.unwrap();
    assert!(again.starts_with("response_error:"), "a task is told of once: {again}");
}
