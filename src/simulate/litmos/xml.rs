//! Just enough XML: what clients send, and what the service sends to those who do not ask for JSON.
//!
//! Must not: know users or teams.

use std::fmt::Write as _;

use serde_json::Value;

/// A document, and what it is called in XML.
pub struct Document {
    /// The outermost element.
    pub root: &'static str,
    /// The element of each row, where there are rows.
    pub item: &'static str,
    /// The document.
    pub value: Value,
    /// Where it has a form of its own in XML.
    pub xml: Option<String>,
}

/// One element of a request's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Its name, without a prefix.
    pub name: String,
    /// Its attributes, names without a prefix.
    pub attributes: Vec<(String, String)>,
    /// The elements in it.
    pub children: Vec<Element>,
    /// The text in it.
    pub text: String,
}

impl Element {
    /// An attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Its text as JSON would have it: null where `i:nil` says so.
    pub fn value(&self) -> Value {
        if self.attribute("nil") == Some("true") { Value::Null } else { Value::String(self.text.clone()) }
    }
}

/// Reads a document.
///
/// # Errors
/// None where it is not well-formed.
pub fn parse(text: &str) -> Option<Element> {
    let mut rest = text.trim_start_matches('\u{feff}');
    let root = element(&mut rest, 0)?;
    blank(&mut rest);
    rest.is_empty().then_some(root)
}

/// Steps over white space, comments and instructions.
fn blank(rest: &mut &str) {
    loop {
        *rest = rest.trim_start();
        let end = match () {
            () if rest.starts_with("<?") => "?>",
            () if rest.starts_with("<!--") => "-->",
            () => return,
        };
        match rest.find(end) {
            Some(at) => *rest = &rest[at + end.len()..],
            None => return,
        }
    }
}

fn element(rest: &mut &str, depth: usize) -> Option<Element> {
    blank(rest);
    *rest = rest.strip_prefix('<')?;
    let name = word(rest)?;
    let mut element =
        Element { name: local(name).to_owned(), attributes: vec![], children: vec![], text: String::new() };
    loop {
        *rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("/>") {
            *rest = after;
            return Some(element);
        }
        if let Some(after) = rest.strip_prefix('>') {
            *rest = after;
            break;
        }
        let key = word(rest)?;
        *rest = rest.trim_start().strip_prefix('=')?.trim_start();
        let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, after) = rest[1..].split_once(quote)?;
        element.attributes.push((local(key).to_owned(), plain(value)));
        *rest = after;
    }
    loop {
        let (text, _) = rest.split_at(rest.find('<')?);
        element.text.push_str(&plain(text));
        *rest = &rest[text.len()..];
        if let Some(after) = rest.strip_prefix("<![CDATA[") {
            let (text, after) = after.split_once("]]>")?;
            element.text.push_str(text);
            *rest = after;
        } else if let Some(after) = rest.strip_prefix("</") {
            *rest = after;
            let closes = word(rest)? == name;
            *rest = rest.trim_start().strip_prefix('>')?;
            if !element.children.is_empty() {
                element.text.clear();
            }
            return closes.then_some(element);
        } else if rest.starts_with("<!--") || rest.starts_with("<?") {
            let before = rest.len();
            blank(rest);
            if rest.len() == before {
                return None;
            }
        } else if depth > 20 {
            return None;
        } else {
            element.children.push(self::element(rest, depth + 1)?);
        }
    }
}

fn word<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '/' | '>' | '<')).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    *rest = after;
    (!word.is_empty()).then_some(word)
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// A text without entities.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let found = after.split_once(';').and_then(|(entity, after)| Some((character(entity)?, after)));
        let (character, after) = found.unwrap_or(('&', after));
        out.push(character);
        rest = after;
    }
    out.push_str(rest);
    out
}

fn character(entity: &str) -> Option<char> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match entity.strip_prefix("#x") {
            Some(hex) => number(hex, 16),
            None => number(entity.strip_prefix('#')?, 10),
        },
    }
}

/// A reply in XML: rows as elements, null as `i:nil`, booleans in small letters (targets/litmos.md 1).
pub fn document(document: &Document) -> String {
    if let Some(xml) = &document.xml {
        return xml.clone();
    }
    let mut out = String::new();
    let name = format!("{} xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\"", document.root);
    write(&mut out, &name, document.root, document.item, &document.value);
    out
}

fn write(out: &mut String, opening: &str, closing: &str, item: &str, value: &Value) {
    let inside = match value {
        Value::Null => {
            let _ = write!(out, "<{opening} i:nil=\"true\"/>");
            return;
        }
        Value::String(text) => escaped(text),
        Value::Array(rows) => {
            let mut inside = String::new();
            for row in rows {
                write(&mut inside, item, item, item, row);
            }
            inside
        }
        Value::Object(fields) => {
            let mut inside = String::new();
            for (key, value) in fields {
                write(&mut inside, key, key, item, value);
            }
            inside
        }
        other => other.to_string(),
    };
    if inside.is_empty() {
        let _ = write!(out, "<{opening}/>");
    } else {
        let _ = write!(out, "<{opening}>{inside}</{closing}>");
    }
}

/// A text for XML; control characters as .NET writes them.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && !matches!(c, '\t' | '\n') => {
                let _ = write!(out, "&#x{:X};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_body_is_read_with_its_entities_attributes_and_nulls() {
        let text = "<?xml version=\"1.0\"?>\n<!-- a -->\n<Users xmlns:i='x'><User><Id>-a1</Id><FirstName>A&amp;B \
                    &#x5170;</FirstName><Skype i:nil=\"true\"/><Note><![CDATA[<b>]]></Note></User><User/></Users>";
        let root = parse(text).unwrap();
        assert_eq!((root.name.as_str(), root.children.len()), ("Users", 2));
        let user = &root.children[0];
        let values: Vec<Value> = user.children.iter().map(Element::value).collect();
        assert_eq!(
            values,
            ["-a1", "A&B 兰", "null", "<b>"].map(|text| match text {
                "null" => Value::Null,
                text => Value::from(text),
            })
        );
        for broken in ["", "<a>", "<a></b>", "<a", "a", "<a></a><b/>", "<a b></a>", "<a><!-- </a>"] {
            assert_eq!(parse(broken), None, "{broken}");
        }
        assert_eq!(parse(&"<a>".repeat(100_000)), None);
    }
}
