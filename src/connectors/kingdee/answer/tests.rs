//! Every shape that an answer is known to have, and every other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn reply(body: impl Into<Vec<u8>>) -> Reply {
    Reply { status: 200, headers: Vec::new(), body: body.into().into() }
}

fn no(body: &str) -> Complaint {
    match read(&reply(body)) {
        Answer::No(complaint) => complaint,
        other => panic!("{body}: {other:?}"),
    }
}

const LOST: &str = r#"{"Result":{"ResponseStatus":{"ErrorCode":500,"IsSuccess":false,"Errors":[{"FieldName":null,"Message":"会话信息已丢失，请重新登录","DIndex":0}],"SuccessEntitys":[],"SuccessMessages":[],"MsgCode":1}}}"#;

#[test]
fn rows_are_rows_and_nothing_else_is() {
    for body in [
        "[]",
        " [ ] ",
        "[[1,\"会话信息已丢失\"]]",
        "\u{feff}[[null]]",
        "[[1],[2]]",
        r#"[{"FNumber":"a"},{"FNumber":"b"}]"#,
    ] {
        assert_eq!(read(&reply(body)), Answer::Rows, "{body}");
    }
    for body in [LOST, &format!("[[{LOST}]]"), &format!("[{LOST}]")] {
        assert!(matches!(read(&reply(body)), Answer::No(_)), "{body}");
    }
}

#[test]
fn a_lost_session_is_known_in_every_wrapping_and_never_from_a_word_in_a_row() {
    let bare = r#"[{"FieldName":null,"Message":"会话信息已丢失，请重新登录","DIndex":0}]"#;
    let english = LOST
        .replace("会话信息已丢失，请重新登录", "Session information is lost, please sign in")
        .replace("\"MsgCode\":1", "\"MsgCode\":0");
    for body in [LOST.to_owned(), format!("[[{LOST}]]"), bare.to_owned(), english] {
        assert!(lost(&reply(body.clone())), "{body}");
    }
    for body in [
        r#"[["会话信息已丢失"]]"#,
        "[]",
        r#"{"Result":{"ResponseStatus":{"IsSuccess":true,"Errors":[]},"Id":1,"Note":"会话"}}"#,
        "",
    ] {
        assert!(!lost(&reply(body)), "{body}");
    }
    let unauthorised = Reply { status: 401, ..reply("") };
    assert!(lost(&unauthorised));
}

#[test]
fn success_is_a_flag_or_a_text() {
    for (said, yes) in [("true", true), ("\"true\"", true), ("\"True\"", true), ("false", false), ("\"false\"", false)]
    {
        let body =
            format!(r#"{{"Result":{{"ResponseStatus":{{"IsSuccess":{said},"Errors":[]}},"Id":7,"Number":"N"}}}}"#);
        assert_eq!(matches!(read(&reply(body.clone())), Answer::Yes(_)), yes, "{body}");
    }
    let Answer::Yes(result) = read(&reply(r#"{"Result":{"ResponseStatus":null,"Result":{"Id":7}}}"#)) else { panic!() };
    assert_eq!(result["Result"], json!({"Id": 7}));
}

#[test]
fn shapes_that_are_no_json_or_say_nothing_are_told_apart() {
    assert_eq!(no("response_error: 发生时间 x 错误信息 y").text, "发生时间 x 错误信息 y");
    assert_eq!(no("\"response_error: z\"").text, "z");
    let filter = r#"[{"actionname":"showConfirm","params":[{"title":"","msg":"请求参数存在可疑数据,当前请求caller_in_less_Point_Bracket"}]}]"#;
    assert!(no(filter).suspected());
    for (body, word) in [
        ("", "empty answer"),
        ("{}", "empty object"),
        ("<html>", "web page"),
        ("{\"a\":", "not whole"),
        ("ok", "no JSON"),
        (r#"{"Result":{"Result":{}}}"#, "empty result"),
        ("null", "empty"),
        ("[[[[", "not whole"),
    ] {
        let Answer::Odd(what) = read(&reply(body)) else { panic!("{body}") };
        assert!(what.contains(word), "{body}: {what}");
    }
    let skewed = Reply { status: 519, ..reply(r#"{"errcode":4006,"description":"stale","description_cn":"过期"}"#) };
    let Answer::No(complaint) = read(&skewed) else { panic!() };
    assert!(complaint.text.contains("4006 过期") && complaint.text.contains("clock"), "{complaint:?}");
}

#[test]
fn the_edit_conflict_is_known_in_both_languages_with_its_holder() {
    for (text, holder) in [
        (
            "“Administrator”使用业务单据：“采购入库单”业务操作-“[采购入库单-CGRK00011-修改]”冲突，请稍候再使用。",
            "Administrator",
        ),
        ("“demo”使用业务单据：“用户”业务操作-“[用户-zhangsan-修改]”冲突，请稍后再使用。", "demo"),
        (r#""xxxx" using business document: "User" business operation - "User-xxx-Modify" conflict"#, "xxxx"),
    ] {
        let complaint = Complaint::new(text);
        assert_eq!(complaint.in_use().as_deref(), Some(holder), "{text}");
        assert!(!complaint.moved() && !complaint.lost());
    }
    for text in ["已被其他用户修改", "编码已存在", "版本冲突", "conflict"] {
        assert_eq!(Complaint::new(text).in_use(), None, "{text}");
    }
    assert!(Complaint::new("该数据已被其他用户修改，请重新打开").moved());
}

#[test]
fn a_missing_record_is_not_a_missing_field_or_form() {
    assert!(Complaint::new("内码为7的数据不存在").absent());
    for text in ["元数据中标识为FX的字段不存在", "标识为“X”的业务对象不存在，或者被删除。"]
    {
        assert!(!Complaint::new(text).absent(), "{text}");
    }
    assert!(Complaint::new("元数据中标识为FX的字段不存在").no_field());
    assert!(Complaint::new("您没有用户的查看权限，请联系系统管理员").no_right());
}

fn anything() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec!["会话信息已丢失", "true", "冲突请稍候", "", "“", "response_error:"]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        words.prop_map(Value::from),
        ".{0,8}".prop_map(Value::from)
    ];
    let keys = || {
        prop::sample::select(vec![
            "Result",
            "ResponseStatus",
            "IsSuccess",
            "Errors",
            "Message",
            "MsgCode",
            "params",
            "actionname",
            "msg",
            "SuccessEntitys",
            "FX",
        ])
    };
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys(), inner), 0..5)
                .prop_map(|all| Value::Object(all.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_break_it(body in prop::collection::vec(any::<u8>(), 0..200), status in 100u16..600) {
        let reply = Reply { status, headers: Vec::new(), body: body.into() };
        let _ = (read(&reply), lost(&reply));
    }

    #[test]
    fn no_document_breaks_it_and_a_wrapped_no_stays_a_no(document in anything()) {
        let bare = read(&reply(document.to_string()));
        let wrapped = read(&reply(json!([[document]]).to_string()));
        if let Answer::No(complaint) = &bare && document.is_object() {
            prop_assert_eq!(&wrapped, &bare);
            let _ = (complaint.in_use(), complaint.absent(), complaint.moved());
        }
        prop_assert!(bare != Answer::Rows || !lost(&reply(document.to_string())));
    }

    #[test]
    fn cut_off_answers_are_never_a_yes(at in 1usize..200) {
        let whole = r#"{"Result":{"ResponseStatus":{"IsSuccess":true,"Errors":[],"SuccessEntitys":[{"Id":100001,"Number":"zhangsan","DIndex":0}]},"Id":100001,"Number":"zhangsan","NeedReturnData":[{}]}}"#;
        let at = at.min(whole.len() - 1);
        prop_assert!(matches!(read(&reply(&whole.as_bytes()[..at])), Answer::Odd(_)));
    }
}
