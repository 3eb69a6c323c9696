//! What changes become, and what answers to them mean.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};

use super::conversations::{asked, kingdee};
use crate::connectors::drive::{reply, wish};
use crate::connectors::{Looked, Observed};
use crate::mapping::Edit;
use crate::model::{AttrPath, Kind, Op, RecordKey, Row, SystemId};
use crate::plan::{Body, Change, Ref, Refusal, Reply, Request, Site, Step, Verdict, Wanted};

mod groups;

fn site() -> Site {
    Site { learned: [("grants".into(), "query".into())].into(), ..Site::default() }
}

fn zhangsan() -> Value {
    json!({"Id":100_001,"UserAccount":"zhangsan","Name":[{"Key":1033,"Value":"Zhang San"},{"Key":2052,"Value":"张三"}],
        "Email":"z@x.test","ForbidStatus":"A","OrgInfo":[
        {"Id":11,"OrgOrgId":{"Id":1,"Number":"100"},"RoleInfo":[{"Id":7,"RoleId":{"Number":"BD01_SYS"}},{"Id":8,"RoleId":{"Number":"FIN01_SYS"}}]},
        {"Id":12,"OrgOrgId":{"Id":2,"Number":"200"},"RoleInfo":[{"Id":9,"RoleId":{"Number":"BD01_SYS"}}]}]})
}

fn department(state: &str) -> Value {
    json!({"Id":501,"Number":"BM01","Name":[{"Key":2052,"Value":"研发部"}],"ParentID":null,"UseOrgId":{"Id":1,"Number":"100"},
        "DocumentStatus":state,"ForbidStatus":"A"})
}

fn view(record: Value) -> Reply {
    reply(200, json!({"Result":{"ResponseStatus":null,"Result":record}}))
}

fn seen(kind: Kind, id: &str, record: Value) -> Observed {
    kingdee(&[]).observe(&site(), kind, Looked::Id(id), &[view(record)]).unwrap().unwrap()
}

fn render(
    own: &[(&str, &str)],
    site: &Site,
    changes: &[Change],
    native: Option<&Observed>,
) -> Result<Vec<Step>, Refusal> {
    kingdee(own).render(site, &changes.iter().collect::<Vec<_>>(), native)
}

fn steps(changes: &[Change], native: Option<&Observed>) -> Vec<Step> {
    render(&[], &site(), changes, native).unwrap()
}

fn set(path: &str, to: &str) -> Change {
    wish::change("set", Kind::User, "100001", Op::Set, vec![wish::text(path, to)])
}

fn grant(name: &str, op: Op, organisation: &str, role: &str) -> Change {
    let key = [organisation, role].map(|part| Ref::Id(part.into())).to_vec();
    let mut want = wish::entry("grants", "", if op == Op::Put { Wanted::Present } else { Wanted::Clear });
    want.facet.key = Some(key);
    wish::change(name, Kind::User, "100001", op, vec![want])
}

fn model(step: &Step) -> Value {
    asked(&step.write).1["data"]["Model"].clone()
}

#[test]
fn an_attribute_is_saved_alone_and_no_entry_is_touched() {
    let steps = steps(&[set("emails[work]", "new@x.test")], None);
    let [step] = steps.as_slice() else { panic!("{steps:#?}") };
    let (call, body) = asked(&step.write);
    assert_eq!((call.as_str(), &body["formid"]), ("Save", &json!("SEC_User")));
    assert_eq!(body["data"]["Model"], json!({"FUserID":"100001","FEmail":"new@x.test"}));
    assert_eq!(body["data"]["NeedUpDateFields"], json!(["FEmail"]));
    assert_eq!((&body["data"]["IsDeleteEntry"], &body["data"]["ValidateFlag"]), (&json!("false"), &json!("true")));
    assert_eq!(step.write.edits, [Edit::Set { at: "/FEmail".into(), value: json!("new@x.test") }]);
    assert!(step.write.carried.is_empty() && !step.write.reads());
    assert!(step.read.iter().chain(&step.verify).all(Request::reads));
    assert_eq!(asked(&step.read[0]).0, "View");
    let cleared =
        self::steps(&[wish::change("set", Kind::User, "100001", Op::Set, vec![wish::clear("emails[work]")])], None);
    assert_eq!(model(&cleared[0])["FEmail"], "");
}

#[test]
fn a_role_is_added_with_all_that_stays_carried_over() {
    let add = [grant("add", Op::Put, "org/100", "SCM01_SYS"), grant("add2", Op::Put, "org/300", "BD01_SYS")];
    assert_eq!(render(&[], &site(), &add, None).unwrap_err(), Refusal::NeedsNative);
    let native = seen(Kind::User, "100001", zhangsan());
    let steps = steps(&add, Some(&native));
    let [step] = steps.as_slice() else { panic!("{steps:#?}") };
    assert_eq!(asked(&step.write).1["data"]["IsDeleteEntry"], "true");
    let role = |number: &str| json!({"FRoleId":{"FNumber":number}});
    let kept = |id: u64, number: &str| json!({"FDetailID":id,"FRoleId":{"FNumber":number}});
    let wanted = json!([
        {"FEntryID":11,"FOrgOrgId":{"FNumber":"100"},"FRoleInfo":[kept(7,"BD01_SYS"),kept(8,"FIN01_SYS"),role("SCM01_SYS")]},
        {"FEntryID":12,"FOrgOrgId":{"FNumber":"200"},"FRoleInfo":[kept(9,"BD01_SYS")]},
        {"FOrgOrgId":{"FNumber":"300"},"FRoleInfo":[role("BD01_SYS")]}]);
    assert_eq!(model(step), json!({"FUserID":"100001","FOrgInfo":wanted}));
    let places = ["0/FRoleInfo/0", "0/FRoleInfo/1", "1"].map(|place| format!("/data/Model/FOrgInfo/{place}"));
    assert_eq!(step.write.carried, places);
    let Body::Json { json, .. } = &step.write.body else { panic!() };
    assert!(places.iter().all(|place| json.pointer(place).is_some()), "they are places of the body");
    assert!(step.serves.len() == 2 && step.write.edits.len() == 2);
}

#[test]
fn one_role_is_taken_away_and_no_other() {
    let native = seen(Kind::User, "100001", zhangsan());
    let steps = self::steps(&[grant("drop", Op::Drop, "org/100", "BD01_SYS")], Some(&native));
    assert_eq!(model(&steps[0])["FOrgInfo"].as_array().unwrap().len(), 2);
    assert_eq!(
        model(&steps[0])["FOrgInfo"][0]["FRoleInfo"],
        json!([{"FDetailID":8,"FRoleId":{"FNumber":"FIN01_SYS"}}])
    );
    assert_eq!(steps[0].write.carried, ["/data/Model/FOrgInfo/0", "/data/Model/FOrgInfo/1"]);
    assert!(steps[0].side_effects[0].contains("access to that organisation goes"));
}

#[test]
fn nothing_is_sent_where_view_does_not_show_all_grants() {
    let add = [grant("add", Op::Put, "org/100", "SCM01_SYS")];
    let without = |change: &dyn Fn(&mut Value)| {
        let mut record = zhangsan();
        change(&mut record);
        render(&[], &site(), &add, Some(&seen(Kind::User, "100001", record)))
    };
    for broken in [
        without(&|record| {
            record.as_object_mut().unwrap().remove("OrgInfo");
        }),
        without(&|record| record["OrgInfo"][1]["OrgOrgId"] = Value::Null),
        without(&|record| {
            record["OrgInfo"][1].as_object_mut().unwrap().remove("RoleInfo");
        }),
        without(&|record| record["OrgInfo"][0]["RoleInfo"][1]["RoleId"] = json!({"Id":5})),
        without(&|record| record["OrgInfo"][0]["RoleInfo"][1] = json!(5)),
    ] {
        let Err(Refusal::Cannot(why)) = broken else { panic!("{broken:?}") };
        assert!(why.contains("nothing is sent"), "{why}");
    }
    let mut site = site();
    site.learned.insert("grants unwritable".into(), "it shows nothing".into());
    let native = seen(Kind::User, "100001", zhangsan());
    assert!(
        matches!(render(&[], &site, &add, Some(&native)), Err(Refusal::Cannot(why)) if why.contains("it shows nothing"))
    );
}

#[test]
fn a_user_is_created_with_its_roles_in_one_save() {
    let texts = [("userName", "lisi"), ("displayName", "李四"), ("active", "false")];
    let create = wish::create(
        "new",
        Kind::User,
        &[("userName", "li'si")],
        texts.map(|(path, text)| wish::text(path, text)).into(),
    );
    let mut role = grant("role", Op::Put, "org/100", "BD01_SYS");
    role.target = create.target.clone();
    let steps = steps(&[create, role], None);
    let [save, forbid] = steps.as_slice() else { panic!("{steps:#?}") };
    assert_eq!(
        model(save),
        json!({"FUserID":0,"FUserAccount":"lisi","FName":"李四",
        "FOrgInfo":[{"FOrgOrgId":{"FNumber":"100"},"FRoleInfo":[{"FRoleId":{"FNumber":"BD01_SYS"}}]}]})
    );
    assert!(save.yields.is_some() && save.serves.len() == 2 && !save.write.reads());
    assert_eq!(asked(&save.read[0]).1["data"]["FilterString"], "FUserAccount='li''si'", "quotes are doubled");
    assert_eq!(asked(&save.verify[0]).1["data"]["Id"], "{{new}}");
    assert!(save.side_effects[0].contains("first password"));
    let (call, body) = asked(&forbid.write);
    assert_eq!(
        (call.as_str(), &body["opNumber"], &body["data"]["Ids"]),
        ("ExcuteOperation", &json!("Forbid"), &json!("{{new}}"))
    );
    assert_eq!(forbid.write.holes.len(), 1);
    let nameless = wish::create("new", Kind::User, &[("userName", "lisi")], vec![wish::text("userName", "lisi")]);
    assert!(matches!(render(&[], &site(), &[nameless], None), Err(Refusal::Cannot(why)) if why.contains("FName")));
}

#[test]
fn states_are_operations_by_their_learned_numbers_and_never_deletes() {
    let off = wish::change("off", Kind::User, "100001", Op::Deactivate, vec![wish::text("active", "false")]);
    let step = &steps(std::slice::from_ref(&off), None)[0];
    let (call, body) = asked(&step.write);
    assert_eq!(call, "ExcuteOperation");
    assert_eq!(
        body,
        json!({"formid":"SEC_User","opNumber":"Forbid","data":{"CreateOrgId":0,"Numbers":[],"Ids":"100001","NetworkCtrl":"","IgnoreInterationFlag":""}})
    );
    assert_eq!(step.write.edits, [Edit::Set { at: "/FForbidStatus".into(), value: json!("B") }]);
    let mut site = site();
    site.learned.insert("operation SEC_User Forbid".into(), "Disable".into());
    site.lessons.push("operation:ExecuteOperation".into());
    let step = &render(&[], &site, std::slice::from_ref(&off), None).unwrap()[0];
    let (call, body) = asked(&step.write);
    assert_eq!((call.as_str(), &body["opNumber"]), ("ExecuteOperation", &json!("Disable")));
    let on = wish::change("on", Kind::User, "100001", Op::Reactivate, vec![wish::text("active", "true")]);
    let both = steps(&[set("displayName", "X"), on], None);
    assert_eq!(asked(&both[0].write).1["opNumber"], "Enable", "first it is enabled, then written");
    let both = steps(&[set("displayName", "X"), off], None);
    assert_eq!(asked(&both[1].write).1["opNumber"], "Forbid", "nothing is written after it was forbidden");
    let delete = wish::change("x", Kind::User, "100001", Op::Delete, Vec::new());
    assert!(matches!(render(&[], &site, &[delete], None), Err(Refusal::Cannot(why)) if why.contains("forbid")));
}

#[test]
fn what_is_looked_up_is_checked_again() {
    let kingdee = kingdee(&[]);
    let cell = |seen: &Observed, path: &str| {
        let attr = seen.table.schema().find(&AttrPath::new(path)).unwrap();
        seen.table.cell(Row(0), attr).text().to_owned()
    };
    let one = seen(Kind::User, "100001", zhangsan());
    assert_eq!((cell(&one, "displayName"), cell(&one, "emails[work]")), ("张三".into(), "z@x.test".into()));
    let look = |id: &str, reply: Reply| kingdee.observe(&site(), Kind::User, Looked::Id(id), &[reply]);
    assert!(look("7", view(zhangsan())).unwrap_err().contains("answered with 100001"));
    let no =
        |text: &str| reply(200, json!({"Result":{"ResponseStatus":{"IsSuccess":false,"Errors":[{"Message":text}]}}}));
    assert!(look("7", no("内码为7的数据不存在")).unwrap().is_none());
    assert!(look("7", no("您没有用户的查看权限")).unwrap_err().contains("lacks a right"));
    for empty in [reply(200, json!({})), view(json!({})), view(Value::Null), reply(200, json!([]))] {
        assert!(look("7", empty).is_err(), "an empty answer is no absence: so answers a lost session");
    }
    let by =
        [(AttrPath::new("userName"), "ZhangSan".to_owned()), (AttrPath::new("emails[work]"), "other@x".to_owned())];
    let rows = |rows: Value| kingdee.observe(&site(), Kind::User, Looked::By(&by), &[reply(200, rows)]);
    let row = json!([100_001, "zhangsan", "张三", "", "", "A", "", "", null]);
    assert_eq!(rows(json!([row])).unwrap().unwrap().id, "100001");
    let others = rows(json!([[5, "somebody", "x", "", "", "A"]])).unwrap_err();
    assert!(others.contains("answered with 1 others"), "the answer to something else is no absence: {others}");
    assert!(rows(json!([])).unwrap().is_none());
    let key = RecordKey::new(SystemId::new("erp"), Kind::Group, "org/100");
    assert_eq!(asked(&kingdee.read_one(&site(), &key)[0]).1["data"]["Number"], "100");
}

fn judged(step: &Step, said: Reply) -> Verdict {
    kingdee(&[]).classify(&site(), step, &said)
}

fn no(text: &str, code: i64) -> Reply {
    reply(
        200,
        json!({"Result":{"ResponseStatus":{"ErrorCode":500,"IsSuccess":false,"MsgCode":code,"Errors":[{"FieldName":null,"Message":text,"DIndex":0}],"SuccessEntitys":[]}}}),
    )
}

#[test]
fn each_answer_to_a_write_has_its_meaning() {
    let save = steps(&[set("displayName", "X")], None).remove(0);
    let texts = [("userName", "lisi"), ("displayName", "李四")].map(|(path, text)| wish::text(path, text));
    let create = steps(&[wish::create("new", Kind::User, &[("userName", "lisi")], texts.into())], None).remove(0);
    let yes = json!({"Result":{"ResponseStatus":{"IsSuccess":"true","Errors":[],"SuccessEntitys":[{"Id":100_007,"Number":"lisi","DIndex":0}]},"Id":100_007,"Number":"lisi"}});
    assert_eq!(judged(&create, reply(200, yes.clone())), Verdict::Accepted { id: Some("100007".into()), note: None });
    assert_eq!(judged(&save, reply(200, yes)), Verdict::Accepted { id: None, note: None });
    let held = "“demo”使用业务单据：“用户”业务操作-“[用户-zhangsan-修改]”冲突，请稍候再使用。";
    assert!(matches!(judged(&save, no(held, 0)), Verdict::InUse(why) if why.starts_with("in use by demo")));
    assert!(matches!(judged(&save, no("该数据已被其他用户修改", 0)), Verdict::Stale(_)));
    let lost = "会话信息已丢失，请重新登录";
    assert!(matches!(judged(&save, no(lost, 1)), Verdict::Busy(_)), "it is read again, and sent again if it has to be");
    assert!(matches!(judged(&create, no(lost, 1)), Verdict::Unknown(_)), "a create is looked up, never sent again");
    assert!(
        matches!(judged(&create, no("登录账号lisi已存在", 11)), Verdict::Failed(why) if why.contains("there already"))
    );
    for odd in
        [reply(200, json!({})), reply(200, json!([])), reply(504, json!({})), reply(200, json!("response_error: x"))]
    {
        assert!(matches!(judged(&create, odd.clone()), Verdict::Unknown(_)), "{odd:?}");
    }
    assert!(matches!(judged(&save, reply(503, json!({}))), Verdict::Busy(_)));
}

#[test]
fn a_call_that_is_not_honoured_teaches_the_other_spelling_once() {
    let off = wish::change("off", Kind::User, "100001", Op::Deactivate, vec![wish::text("active", "false")]);
    let kingdee = kingdee(&[]);
    let null = reply(200, json!("response_error: 未将对象引用设置到对象的实例。"));
    let step = steps(std::slice::from_ref(&off), None).remove(0);
    assert!(matches!(kingdee.classify(&site(), &step, &null), Verdict::OtherForm(_)));
    let lesson = kingdee.lesson(&site(), &step, &null).unwrap();
    assert_eq!(lesson, "operation:ExecuteOperation");
    let taught = Site { lessons: vec![lesson], ..site() };
    let step = render(&[], &taught, &[off], None).unwrap().remove(0);
    assert_eq!(asked(&step.write).0, "ExecuteOperation");
    assert!(matches!(kingdee.classify(&taught, &step, &null), Verdict::Failed(_)), "both were tried: not again");
    let named = no("业务对象“用户”没有标识为“Forbid”的操作", 0);
    let lesson = kingdee.lesson(&taught, &step, &named).unwrap();
    let taught = Site { lessons: vec!["operation:ExecuteOperation".into(), lesson], ..site() };
    let off = wish::change("off", Kind::User, "100001", Op::Deactivate, vec![wish::text("active", "false")]);
    let step = render(&[], &taught, &[off], None).unwrap().remove(0);
    assert_eq!(asked(&step.write).1["opNumber"], "Disable");
    assert!(matches!(kingdee.classify(&taught, &step, &named), Verdict::Failed(_)));
    let renamed = wish::change("set", Kind::Group, "BM01", Op::Set, vec![wish::text("displayName", "新名")]);
    let mut all = steps(&[renamed], Some(&seen(Kind::Group, "BM01", department("C"))));
    let (back, save) = (all.remove(0), all.remove(0));
    let lesson = |step: &Step, text: &str| kingdee.lesson(&site(), step, &no(text, 11));
    assert_eq!(lesson(&save, "单据已审核，不允许修改").as_deref(), Some("unaudit:BD_Department"));
    assert_eq!(lesson(&back, "您没有“部门”的“反审核”权限").as_deref(), Some("direct:BD_Department"));
    assert_eq!(lesson(&back, "部门BM01不存在"), None, "that teaches nothing");
}
