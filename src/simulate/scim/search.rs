//! What a client asks of a list: from the query of a GET or the body of a `/.search` (RFC 7644, sections 3.4.2, 3.4.3).

use serde_json::{Map, Value};

use super::problem::Problem;
use super::render::hash;

/// A search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Who is looked for.
    pub filter: Option<String>,
    /// The attribute that orders the list.
    pub sort_by: Option<String>,
    /// Whether the order is reversed.
    pub descending: bool,
    /// The number of the first one, from 1.
    pub start: Option<i64>,
    /// The size of a page.
    pub count: Option<i64>,
    /// A cursor, or an empty text to begin a walk.
    pub cursor: Option<String>,
    /// The attributes that are wanted.
    pub attributes: Vec<String>,
    /// The attributes that are not.
    pub excluded: Vec<String>,
}

impl Search {
    /// Reads the pairs of a query. Names are taken in any letter case, and what is empty says nothing, but for a cursor.
    ///
    /// # Errors
    /// `invalidValue` or `invalidCount` for a number that is none.
    pub fn of_query(pairs: &[(String, String)]) -> Result<Self, Problem> {
        let mut search = Self::default();
        for (name, value) in pairs {
            search.take(name, &Value::String(value.clone()))?;
        }
        Ok(search)
    }

    /// Reads the body of a `/.search`.
    ///
    /// # Errors
    /// `invalidSyntax` if it is no SearchRequest, else as [`Search::of_query`].
    pub fn of_body(body: &Value) -> Result<Self, Problem> {
        let urn = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
        let empty = Map::new();
        let members = body.as_object().unwrap_or(&empty);
        let said = body.get("schemas").and_then(Value::as_array);
        if !said.is_some_and(|said| said.iter().any(|schema| schema.as_str() == Some(urn))) {
            return Err(Problem::bad("invalidSyntax", format!("schemas must hold {urn}")));
        }
        let mut search = Self::default();
        for (name, value) in members {
            search.take(name, value)?;
        }
        Ok(search)
    }

    fn take(&mut self, name: &str, value: &Value) -> Result<(), Problem> {
        let text = value.as_str().map(str::trim).filter(|text| !text.is_empty());
        match name.to_ascii_lowercase().as_str() {
            "filter" => self.filter = text.map(str::to_owned),
            "sortby" => self.sort_by = text.map(str::to_owned),
            "sortorder" => {
                self.descending = text.is_some_and(|text| text.eq_ignore_ascii_case("descending"));
            }
            "startindex" => self.start = number(value).map_err(|()| wrong(name, "invalidValue"))?,
            "count" => self.count = number(value).map_err(|()| wrong(name, "invalidCount"))?,
            "cursor" => self.cursor = value.as_str().map(str::to_owned),
            "attributes" => self.attributes = names(value),
            "excludedattributes" => self.excluded = names(value),
            _ => {}
        }
        Ok(())
    }

    /// A number for everything but the page: a cursor belongs to one search.
    pub fn fingerprint(&self, over: &[usize]) -> u64 {
        let same = Self { cursor: None, start: None, ..self.clone() };
        hash(&format!("{same:?} {over:?}"))
    }
}

fn wrong(name: &str, keyword: &'static str) -> Problem {
    Problem::bad(keyword, format!("{name} is not a number"))
}

fn number(value: &Value) -> Result<Option<i64>, ()> {
    match value {
        Value::Null => Ok(None),
        Value::Number(number) => number.as_i64().map(Some).ok_or(()),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => text.trim().parse().map(Some).map_err(|_| ()),
        _ => Err(()),
    }
}

/// A list of names, or one text with commas.
fn names(value: &Value) -> Vec<String> {
    let texts: Vec<&str> = match value {
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        Value::String(text) => text.split(',').collect(),
        _ => Vec::new(),
    };
    texts.into_iter().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use serde_json::json;

    #[test]
    fn a_query_and_a_body_say_the_same() {
        let query =
            [("startIndex", "5"), ("COUNT", "7"), ("attributes", "a, b"), ("cursor", ""), ("sortOrder", "descending")];
        let pairs: Vec<(String, String)> = query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            "startIndex": 5, "count": 7, "attributes": ["a", "b"], "cursor": "", "sortOrder": "descending",
        });
        let search = Search::of_query(&pairs).unwrap();
        assert_eq!(search, Search::of_body(&body).unwrap());
        assert_eq!((search.start, search.count, search.cursor.as_deref()), (Some(5), Some(7), Some("")));
        assert!(Search::of_body(&json!({})).is_err());
        assert!(Search::of_query(&[("count".to_owned(), "many".to_owned())]).is_err());
    }

    #[test]
    fn a_cursor_belongs_to_its_count_but_not_to_its_page() {
        let with =
            |count, cursor: &str| Search { count: Some(count), cursor: Some(cursor.to_owned()), ..Search::default() };
        assert_eq!(with(5, "").fingerprint(&[0]), with(5, "x").fingerprint(&[0]));
        assert_ne!(with(5, "").fingerprint(&[0]), with(6, "").fingerprint(&[0]));
        assert_ne!(with(5, "").fingerprint(&[0]), with(5, "").fingerprint(&[1]));
    }
}
