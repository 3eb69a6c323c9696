//! Kingdee's envelopes: what a reply looks like, whatever it is about (targets/kingdee.md 4, 6).

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::simulate::faults::Faults;

/// One thing that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fail {
    /// The field that it is about.
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
    /// The place of the record in the request.
    pub index: usize,
}

/// One record that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its internal id.
    pub id: i64,
    /// Its number.
    pub number: String,
    /// Its place in the request.
    pub index: usize,
}

/// What became of a write.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What was refused.
    pub fails: Vec<Fail>,
    /// What was written.
    pub written: Vec<Written>,
    /// What was asked to be told of each written record.
    pub told: Vec<Value>,
    /// 11 for a value that was not accepted, 0 otherwise (targets/kingdee.md 6).
    pub code: i64,
}

impl Outcome {
    /// Nothing but one refusal.
    pub fn refused(message: String) -> Outcome {
        Outcome { fails: vec![Fail { field: None, message, index: 0 }], ..Outcome::default() }
    }
}

/// A truth value as this site writes it.
fn success(faults: &Faults, is: bool) -> Value {
    if faults.flag("is-success").as_deref() == Some("text") { json!(is.to_string()) } else { json!(is) }
}

/// `ResponseStatus` with these errors.
fn status(faults: &Faults, fails: &[Fail], written: &[Written], code: i64) -> Value {
    // How IsSuccess is set when a batch succeeds in part is not documented (targets/kingdee.md 12).
    let part = !written.is_empty() && faults.flag("batch-success").as_deref() == Some("any");
    let good = fails.is_empty() || part;
    let fail = |f: &Fail| json!({ "FieldName": f.field, "Message": f.message, "DIndex": f.index });
    let entity = |w: &Written| json!({ "Id": w.id, "Number": w.number, "DIndex": w.index });
    let mut status = json!({
        "IsSuccess": success(faults, good),
        "Errors": fails.iter().map(fail).collect::<Vec<_>>(),
        "SuccessEntitys": written.iter().map(entity).collect::<Vec<_>>(),
        "SuccessMessages": [],
        "MsgCode": code,
    });
    if !fails.is_empty() {
        status["ErrorCode"] = json!(500);
    }
    status
}

/// The answer to a write.
pub fn outcome(faults: &Faults, outcome: &Outcome, one: bool) -> Value {
    let status = status(faults, &outcome.fails, &outcome.written, outcome.code);
    let mut result = json!({ "ResponseStatus": status });
    if one && let Some(written) = outcome.written.first() {
        result["Id"] = json!(written.id);
        result["Number"] = json!(written.number);
    }
    if !outcome.told.is_empty() {
        result["NeedReturnData"] = json!(outcome.told);
    }
    json!({ "Result": result })
}

/// The answer to View.
pub fn viewed(faults: &Faults, record: Value) -> Value {
    json!({ "Result": { "ResponseStatus": status(faults, &[], &[], 0), "Result": record } })
}

/// The answer to `QueryBusinessInfo`.
pub fn described(faults: &Faults, form: Value) -> Value {
    json!({ "Result": { "ResponseStatus": status(faults, &[], &[], 0), "NeedReturnData": form } })
}

/// A refusal as an object.
pub fn refusal(faults: &Faults, message: &str, code: i64) -> Value {
    let fails = [Fail { field: None, message: message.to_owned(), index: 0 }];
    json!({ "Result": { "ResponseStatus": status(faults, &fails, &[], code) } })
}

/// The same for a query, which lies in arrays: two for `ExecuteBillQuery`, one or two for `BillQuery`.
pub fn query_refusal(faults: &Faults, service: &str, message: &str, code: i64) -> Value {
    let refusal = refusal(faults, message, code);
    let single = service == "billquery" && faults.flag("billquery-error").as_deref() != Some("double");
    if single { json!([refusal]) } else { json!([[refusal]]) }
}

/// A lost session, as the service that was called says it. MsgCode 1 is its mark.
pub fn lost(faults: &Faults, service: &str, message: &str) -> Response {
    if faults.flag("lost-as-401").is_some() {
        return page(StatusCode::UNAUTHORIZED, "401 - Unauthorized");
    }
    let bare = json!([{ "FieldName": null, "Message": message, "DIndex": 0 }]);
    let document = match (service, faults.flag("lost-shape").as_deref()) {
        // targets/kingdee.md 3.5: an empty object, and no error.
        ("view", _) if faults.flag("view-lost").as_deref() != Some("error") => json!({}),
        ("executebillquery" | "billquery", Some("list")) => bare,
        ("executebillquery" | "billquery", None | Some("double")) => query_refusal(faults, service, message, 1),
        _ => refusal(faults, message, 1),
    };
    document_of(&document)
}

/// A JSON document with status 200: the status says nothing here.
pub fn document_of(document: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (StatusCode::OK, kind, document.to_string()).into_response()
}

/// Plain text.
pub fn plain(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

/// An exception that nobody caught.
pub fn response_error(told: &str) -> Response {
    let text = format!("response_error: 发生时间: 2026-01-01 00:00:00 错误编号: 7c1f 错误信息: {told}");
    plain(StatusCode::OK, text)
}

/// The web server's own page, which is XHTML.
pub fn page(status: StatusCode, title: &str) -> Response {
    let html = format!(
        "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">\n\
         <html xmlns=\"http://www.w3.org/1999/xhtml\">\n<head><title>{title}</title></head>\n\
         <body><div id=\"header\"><h1>Server Error</h1></div><h2>{title}</h2></body>\n</html>\n"
    );
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

/// A refusal by the gateway in front of the site (targets/kingdee.md 6).
pub fn gateway(code: i64) -> Response {
    let (english, chinese) = match code {
        4006 => ("The x-api-timestamp is out of range", "请求时间戳已过期"),
        4002 => ("The request is not authorized", "请求未授权"),
        _ => ("Gateway error", "网关错误"),
    };
    let document = json!({ "errcode": code, "description": english, "description_cn": chinese });
    let status = StatusCode::from_u16(519).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], document.to_string()).into_response()
}

/// What the filter in front of the services answers (targets/kingdee.md 6).
pub fn suspicious() -> Value {
    json!([{ "actionname": "showConfirm", "params": [{
        "title": "",
        "msg": "请求参数存在可疑数据,当前请求已被拦截。规则:caller_in_less_Point_Bracket",
    }] }])
}
