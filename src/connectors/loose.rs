//! Values that services write in more than one way, as what they mean.

use serde_json::Value;

/// A truth value, sent as one, as a text or as a number (targets/kingdee.md 6, targets/litmos.md 3).
pub(super) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "y" => Some(true),
            "false" | "0" | "no" | "n" => Some(false),
            _ => None,
        },
        Value::Number(number) => Some(number.as_f64() != Some(0.0)),
        _ => None,
    }
}

/// An id, sent as text or number; an empty one is none (targets/aha.md 6).
pub(super) fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_truth_value_is_one_however_it_is_written() {
        for (value, means) in [
            (json!(true), Some(true)),
            (json!("True"), Some(true)),
            (json!("Y"), Some(true)),
            (json!(1), Some(true)),
            (json!("0"), Some(false)),
            (json!(0.0), Some(false)),
            (json!(" no "), Some(false)),
            (json!("perhaps"), None),
            (json!(null), None),
        ] {
            assert_eq!(flag(&value), means, "{value}");
        }
    }

    #[test]
    fn an_id_is_a_text_or_a_number() {
        assert_eq!(id(&json!("6774")), Some("6774".to_owned()));
        assert_eq!(id(&json!(u64::MAX)), Some(u64::MAX.to_string()));
        assert_eq!((id(&json!("")), id(&json!(null))), (None, None));
    }
}
