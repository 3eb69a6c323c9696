//! What a call says: its service, and its body in any of the forms that clients send (targets/kingdee.md 2).
//!
//! Owns the reading of bodies. Must not: know what a service does with them.

use serde_json::{Map, Value};

/// A call, read.
#[derive(Debug, Default)]
pub struct Call {
    /// The last word of the service, in small letters, such as `executebillquery`.
    pub service: String,
    named: Map<String, Value>,
    listed: Vec<Value>,
}

/// Why a body is not understood.
#[derive(Debug, PartialEq, Eq)]
pub enum Unread {
    /// A bare list: HTTP 500.
    Bare,
    /// Not JSON, not a form: HTTP 500.
    Broken,
    /// `data` is of a form that this site does not take; its name.
    Form(&'static str),
}

/// The service of a path, in small letters and without `.common.kdsvc`; None for a path that is none.
pub fn service_of(path: &str) -> Option<String> {
    let path = path.to_ascii_lowercase();
    let service = path.strip_prefix("/k3cloud/")?.trim_start_matches('/').strip_suffix(".common.kdsvc")?;
    let known = ["kingdee.bos.webapi.servicesstub.", "kingdee.bos.servicefacade.servicesstub."];
    known.iter().find_map(|prefix| service.strip_prefix(prefix)).map(str::to_owned)
}

/// The value of a key, letter case ignored: clients write them in every way.
pub fn get<'v>(map: &'v Map<String, Value>, key: &str) -> Option<&'v Value> {
    map.get(key).or_else(|| map.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value))
}

/// A value as text: numbers and truth values are written out.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// A truth value, which may be written as text.
pub fn truth(value: Option<&Value>, default: bool) -> bool {
    match value {
        Some(Value::Bool(truth)) => *truth,
        Some(Value::Number(number)) => number.as_i64() != Some(0),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") || text == "1" => true,
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") || text == "0" => false,
        _ => default,
    }
}

impl Call {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Unread`] where it is of no known form.
    pub fn read(service: &str, form_encoded: bool, body: &[u8]) -> Result<Call, Unread> {
        let service = service.rsplit('.').next().unwrap_or_default().to_owned();
        let named = if form_encoded {
            let pairs = url::form_urlencoded::parse(body);
            pairs.map(|(key, value)| (key.into_owned(), Value::String(value.into_owned()))).collect()
        } else if body.iter().all(u8::is_ascii_whitespace) {
            Map::new()
        } else {
            match serde_json::from_slice(body) {
                Ok(Value::Object(named)) => named,
                Ok(Value::Array(_)) => return Err(Unread::Bare),
                _ => return Err(Unread::Broken),
            }
        };
        // Form C: the arguments in order, as a list or as the text of one.
        let listed = match get(&named, "parameters") {
            None => Vec::new(),
            Some(Value::Array(listed)) => listed.clone(),
            Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| Unread::Broken)?,
            Some(_) => return Err(Unread::Broken),
        };
        Ok(Call { service, named, listed })
    }

    /// An argument by name, or by its place where they come in order.
    pub fn argument(&self, name: &str, place: usize) -> Option<&Value> {
        get(&self.named, name).or_else(|| self.listed.get(place))
    }

    /// The same, as text.
    pub fn text(&self, name: &str, place: usize) -> String {
        self.argument(name, place).and_then(text).unwrap_or_default()
    }

    /// The `data` argument: an object, or the text of one.
    ///
    /// # Errors
    /// [`Unread`] where it is neither, or not of the one form that `only` allows (`object` or `text`).
    pub fn data(&self, place: usize, only: Option<&str>) -> Result<Map<String, Value>, Unread> {
        match self.argument("data", place) {
            None => Ok(Map::new()),
            // Without a name, in a list, an argument is always text.
            Some(Value::Object(_)) if only == Some("text") => Err(Unread::Form("object")),
            Some(Value::Object(data)) => Ok(data.clone()),
            Some(Value::String(_)) if only == Some("object") && self.listed.is_empty() => Err(Unread::Form("text")),
            Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| Unread::Broken),
            Some(_) => Err(Unread::Broken),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use serde_json::json;

    fn read(form: bool, body: &str) -> Result<Call, Unread> {
        Call::read("dynamicformservice.view", form, body.as_bytes())
    }

    #[test]
    fn a_service_is_found_in_any_letter_case() {
        let path = "/K3Cloud/kingdee.bos.WebApi.ServicesStub.DynamicFormService.save.common.KDSVC";
        assert_eq!(service_of(path).unwrap(), "dynamicformservice.save");
        assert_eq!(service_of("/k3cloud/html5/index.aspx"), None);
        assert_eq!(service_of("/Kingdee.BOS.WebApi.ServicesStub.AuthService.Logout.common.kdsvc"), None);
    }

    #[test]
    fn the_four_forms_of_a_body_say_the_same() {
        let wanted = json!({ "Number": "100", "CreateOrgId": 0 });
        let text = wanted.to_string();
        let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let listed = json!(["SEC_User", text]);
        for (form, body) in [
            (false, json!({ "formid": "SEC_User", "data": wanted }).to_string()),
            (false, json!({ "FormId": "SEC_User", "DATA": text }).to_string()),
            (false, json!({ "format": 1, "parameters": listed, "v": "1.0" }).to_string()),
            (false, json!({ "format": 1, "Parameters": listed.to_string() }).to_string()),
            (true, format!("formid=SEC_User&data={encoded}")),
        ] {
            let call = read(form, &body).unwrap();
            assert_eq!(call.text("formid", 0), "SEC_User", "{body}");
            assert_eq!(Value::Object(call.data(1, None).unwrap()), wanted, "{body}");
            assert_eq!(call.service, "view");
        }
    }

    #[test]
    fn escaped_letters_in_parameters_are_letters() {
        let call = read(false, r#"{"parameters":"[\"SEC_User\",\"{\\\"Number\\\":\\\"\\u5f20\\\"}\"]"}"#).unwrap();
        assert_eq!(call.data(1, None).unwrap()["Number"], "张");
    }

    #[test]
    fn what_is_no_body_is_refused() {
        assert_eq!(read(false, r#"["SEC_User","{}"]"#).unwrap_err(), Unread::Bare);
        assert_eq!(read(false, "data={}").unwrap_err(), Unread::Broken);
        assert_eq!(read(false, r#"{"parameters":"[1"}"#).unwrap_err(), Unread::Broken);
        assert_eq!(read(false, r#"{"data":"{1"}"#).unwrap().data(1, None), Err(Unread::Broken));
        assert_eq!(read(false, r#"{"data":"{}"}"#).unwrap().data(1, Some("object")), Err(Unread::Form("text")));
        assert_eq!(read(false, r#"{"data":{}}"#).unwrap().data(1, Some("text")), Err(Unread::Form("object")));
        assert!(read(false, " ").unwrap().data(1, None).unwrap().is_empty());
    }

    #[test]
    fn truth_is_read_from_text_too() {
        assert!(truth(Some(&json!("TRUE")), false) && !truth(Some(&json!("false")), true));
        assert!(truth(Some(&json!(true)), false) && truth(None, true) && truth(Some(&json!("")), true));
    }
}
