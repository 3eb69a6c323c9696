//! The paths by which mapping files name native fields.
//!
//! ```text
//! name.givenName                       a field of a field
//! emails[type eq "work"].value         of the first element that is so; [primary eq true], [not (type pr)], [0] likewise
//! product_roles[]                      every element (lists), or the first that has a value (texts)
//! urn:…:enterprise:2.0:User:department an extension's attribute: the URN is cut at its last colon
//! urn:*:productRoles[]                 the same in whatever extension has it
//! #3                                   the fourth value of a record that is an array (Kingdee's query rows)
//! 'FOrgOrgId.FNumber'                  a key that holds dots
//! ^Id                                  of the element one `[]` further out (only below a list's `read`)
//! .                                    the record or element itself
//! ```

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Seg {
    /// A member of an object.
    Key(String),
    /// A member whose name is any URN.
    AnyUrn,
    /// An element of an array that stands for a record, by position.
    At(u32),
    /// Elements of an array.
    Elem(Which),
    /// The element one array further out.
    Up,
}

/// Which elements of an array.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Which {
    /// All; for a text the first that has a value.
    Each,
    /// The one at this position.
    Index(u32),
    /// Those whose field has this text, whatever the case.
    Is(String, String),
    /// Those without this field.
    Lacks(String),
}

/// Reads a path as written in a mapping file.
pub(super) fn parse(text: &str) -> Result<Vec<Seg>, String> {
    let mut segs = Vec::new();
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("an empty path; the record itself is `.`".into());
    }
    while let Some(inner) = rest.strip_prefix('^') {
        segs.push(Seg::Up);
        rest = inner.strip_prefix('.').unwrap_or(inner);
    }
    if rest == "." {
        return Ok(segs);
    }
    if rest.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")) {
        let head = rest.find('[').unwrap_or(rest.len());
        // URNs contain dots and colons; no attribute name contains a colon (RFC 7643 2.1).
        let cut = rest[..head].rfind(':').unwrap_or(3);
        let (urn, local) = (&rest[..cut], &rest[cut + 1..]);
        if local.is_empty() {
            return Err(format!("`{text}` names a schema and no attribute"));
        }
        segs.push(if urn.eq_ignore_ascii_case("urn:*") { Seg::AnyUrn } else { Seg::Key(urn.to_owned()) });
        rest = local;
    }
    loop {
        rest = segment(text, rest, &mut segs)?;
        if rest.is_empty() {
            return Ok(segs);
        }
        rest = rest.strip_prefix('.').ok_or_else(|| format!("`{text}`: expected `.` before `{rest}`"))?;
    }
}

fn segment<'t>(whole: &str, text: &'t str, segs: &mut Vec<Seg>) -> Result<&'t str, String> {
    let mut rest = if let Some(quoted) = text.strip_prefix('\'') {
        let end = quoted.find('\'').ok_or_else(|| format!("`{whole}`: a quote is not closed"))?;
        segs.push(Seg::Key(quoted[..end].to_owned()));
        &quoted[end + 1..]
    } else {
        let end = text.find(['.', '[', '\'']).unwrap_or(text.len());
        let name = &text[..end];
        match name.strip_prefix('#') {
            Some(number) => segs.push(Seg::At(position(whole, number)?)),
            None if name.is_empty() && text.starts_with('[') => {}
            None if name.is_empty() || name.contains([']', '"', ' ', '^']) => {
                return Err(format!("`{whole}`: expected a field's name, found `{text}`"));
            }
            None => segs.push(Seg::Key(name.to_owned())),
        }
        &text[end..]
    };
    while let Some(inner) = rest.strip_prefix('[') {
        let end = inner.find(']').ok_or_else(|| format!("`{whole}`: a bracket is not closed"))?;
        segs.push(Seg::Elem(which(whole, inner[..end].trim())?));
        rest = &inner[end + 1..];
    }
    Ok(rest)
}

fn position(whole: &str, number: &str) -> Result<u32, String> {
    number.parse().map_err(|_| format!("`{whole}`: `{number}` is no position, expected a number from 0 on"))
}

fn which(whole: &str, text: &str) -> Result<Which, String> {
    if text.is_empty() {
        return Ok(Which::Each);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Which::Index(position(whole, text)?));
    }
    if let Some(field) = text.strip_prefix("not (").and_then(|rest| rest.strip_suffix(" pr)")) {
        return Ok(Which::Lacks(field.trim().to_owned()));
    }
    if let Some((field, value)) = text.split_once(" eq ") {
        let value = value.trim();
        let value = value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(value);
        return Ok(Which::Is(field.trim().to_owned(), value.to_owned()));
    }
    Err(format!("`{whole}`: expected `[]`, `[0]`, `[field eq \"value\"]` or `[not (field pr)]`, found `[{text}]`"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn key(name: &str) -> Seg {
        Seg::Key(name.to_owned())
    }

    #[test]
    fn a_urn_is_one_step_however_many_dots_it_has() {
        assert_eq!(
            parse("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value").unwrap(),
            [key("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"), key("manager"), key("value")]
        );
        assert_eq!(parse("urn:*:productRoles[]").unwrap(), [Seg::AnyUrn, key("productRoles"), Seg::Elem(Which::Each)]);
    }

    #[test]
    fn elements_are_picked_by_what_they_hold_or_lack_or_where_they_stand() {
        let is = |field: &str, value: &str| Seg::Elem(Which::Is(field.into(), value.into()));
        assert_eq!(parse("emails[type eq \"work\"].value").unwrap(), [key("emails"), is("type", "work"), key("value")]);
        assert_eq!(parse("emails[primary eq true].value").unwrap()[1], is("primary", "true"));
        assert_eq!(parse("emails[not (type pr)].value").unwrap()[1], Seg::Elem(Which::Lacks("type".into())));
        assert_eq!(parse("emails[0]").unwrap()[1], Seg::Elem(Which::Index(0)));
    }

    #[test]
    fn positions_quotes_ups_and_the_record_itself() {
        assert_eq!(parse("#12").unwrap(), [Seg::At(12)]);
        assert_eq!(parse("'FOrgOrgId.FNumber'").unwrap(), [key("FOrgOrgId.FNumber")]);
        assert_eq!(parse("^OrgOrgId.Number").unwrap(), [Seg::Up, key("OrgOrgId"), key("Number")]);
        assert_eq!(parse(".").unwrap(), []);
    }

    #[test]
    fn what_is_no_path_is_said_so() {
        for wrong in ["", "a..b", "a[", "a[type work]", "#x", "urn:a:", "'open", "a b"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
