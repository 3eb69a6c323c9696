//! Rows under columns as a file for other programs: CSV with cells that no spreadsheet takes for a formula, or JSON Lines.
//!
//! Pure: it makes the text; who writes it to a file is not known here.

use super::mask;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    /// Comma-separated values (RFC 4180).
    Csv,
    /// One JSON object a line.
    JsonLines,
}

impl As {
    /// The form that a file's name asks for; CSV where it ends in neither.
    pub fn of(name: &str) -> Self {
        let ends = |ending: &str| name.to_ascii_lowercase().ends_with(ending);
        if ends(".jsonl") || ends(".json") || ends(".ndjson") { Self::JsonLines } else { Self::Csv }
    }
}

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// One text; of a list each entry.
    texts: Texts,
    /// Whether it says something of a person: the privacy mask hides it.
    private: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Texts {
    One(String),
    Each(Vec<String>),
}

impl Cell {
    /// A text that says nothing of a person.
    pub fn open(text: impl Into<String>) -> Self {
        Self { texts: Texts::One(text.into()), private: false }
    }

    /// A name, a login, an id or what else says who somebody is.
    pub fn private(text: impl Into<String>) -> Self {
        Self { private: true, ..Self::open(text) }
    }

    /// One or the other.
    pub fn of(text: impl Into<String>, private: bool) -> Self {
        Self { private, ..Self::open(text) }
    }

    /// The entries of a list.
    pub fn each(texts: Vec<String>, private: bool) -> Self {
        Self { texts: Texts::Each(texts), private }
    }

    /// As one text: the entries of a list side by side.
    fn joined(&self) -> std::borrow::Cow<'_, str> {
        match &self.texts {
            Texts::One(text) => text.as_str().into(),
            Texts::Each(texts) => texts.join("; ").into(),
        }
    }

    fn json(&self) -> serde_json::Value {
        match &self.texts {
            Texts::One(text) => text.clone().into(),
            Texts::Each(texts) => texts.clone().into(),
        }
    }

    fn hide(&mut self, salt: u64) {
        let hide = |text: &mut String| *text = mask::masked(&mask::private(text), salt);
        match &mut self.texts {
            Texts::One(text) => hide(text),
            Texts::Each(texts) => texts.iter_mut().for_each(hide),
        }
    }
}

/// Rows under columns; a cell without a value is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// What the columns are called.
    pub columns: Vec<String>,
    /// The rows, as many cells as columns.
    pub rows: Vec<Vec<Option<Cell>>>,
}

impl Sheet {
    /// A sheet without rows.
    pub fn new(columns: &[&str]) -> Self {
        Self { columns: columns.iter().map(|name| (*name).to_owned()).collect(), rows: Vec::new() }
    }

    /// Only these columns, in this order.
    ///
    /// # Errors
    /// In words, when there is no such column.
    pub fn only(mut self, names: &[String]) -> Result<Self, String> {
        let mut places = Vec::new();
        for name in names {
            let exact = self.columns.iter().position(|column| column == name);
            let at = exact.or_else(|| self.columns.iter().position(|column| column.eq_ignore_ascii_case(name)));
            // An attribute of an extension by its short name.
            let short =
                |column: &String| column.rsplit_once(':').is_some_and(|(_, local)| local.eq_ignore_ascii_case(name));
            let at = at.or_else(|| self.columns.iter().position(short));
            let known = || self.columns.join(", ");
            places.push(at.ok_or_else(|| format!("there is no column `{name}`; there are: {}", known()))?);
        }
        self.columns = places.iter().map(|at| self.columns[*at].clone()).collect();
        self.rows = self.rows.iter().map(|row| places.iter().map(|at| row[*at].clone()).collect()).collect();
        Ok(self)
    }

    /// With personal data hidden, as on a masked screen of the session with this salt.
    pub fn masked(mut self, salt: u64) -> Self {
        let cells = self.rows.iter_mut().flatten().flatten();
        cells.filter(|cell| cell.private).for_each(|cell| cell.hide(salt));
        self
    }

    /// The file's text.
    pub fn text(&self, form: As) -> String {
        match form {
            As::Csv => self.csv(),
            As::JsonLines => self.json_lines(),
        }
    }

    fn csv(&self) -> String {
        let mut text = String::new();
        let mut line = |cells: &mut dyn Iterator<Item = std::borrow::Cow<'_, str>>| {
            for (at, cell) in cells.enumerate() {
                if at > 0 {
                    text.push(',');
                }
                text.push_str(&csv_cell(&cell));
            }
            // RFC 4180 2: lines end in CRLF.
            text.push_str("\r\n");
        };
        line(&mut self.columns.iter().map(|name| name.as_str().into()));
        for row in &self.rows {
            line(&mut row.iter().map(|cell| cell.as_ref().map(Cell::joined).unwrap_or_default()));
        }
        text
    }

    fn json_lines(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let cells = self.columns.iter().zip(row);
            let object: serde_json::Map<String, serde_json::Value> =
                cells.map(|(name, cell)| (name.clone(), cell.as_ref().map(Cell::json).into())).collect();
            text.push_str(&serde_json::Value::Object(object).to_string());
            text.push('\n');
        }
        text
    }
}

/// A cell that no spreadsheet takes for a formula: one that begins like one gets an apostrophe before it, which they do not
/// show (OWASP, CSV injection).
fn csv_cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let quoted =
        formula || text.contains(['"', ',', '\n', '\r', ';', '\t']) || text.starts_with(' ') || text.ends_with(' ');
    match (formula, quoted) {
        (true, _) => format!("\"'{}\"", text.replace('"', "\"\"")),
        (false, true) => format!("\"{}\"", text.replace('"', "\"\"")),
        (false, false) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_cell_that_begins_like_a_formula_is_defused_and_the_rest_stays() {
        for (text, cell) in [
            ("=1+1", "\"'=1+1\""),
            ("+49 30", "\"'+49 30\""),
            ("-5", "\"'-5\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("＝1", "\"'＝1\""),
            ("a=1", "a=1"),
            ("say \"hi\", Lena", "\"say \"\"hi\"\", Lena\""),
            ("王小明", "王小明"),
            ("", ""),
        ] {
            assert_eq!(csv_cell(text), cell, "{text:?}");
        }
    }

    fn sheet() -> Sheet {
        let mut sheet = Sheet::new(&["name", "state"]);
        sheet.rows.push(vec![Some(Cell::private("=Lena Fischer")), Some(Cell::open("missing"))]);
        sheet.rows.push(vec![None, Some(Cell::open("extra"))]);
        sheet
    }

    #[test]
    fn a_file_holds_the_columns_that_were_asked_for_masked_where_the_screen_is() {
        assert_eq!(sheet().text(As::Csv), "name,state\r\n\"'=Lena Fischer\",missing\r\n,extra\r\n");
        let shown = mask::masked(&mask::private("=Lena Fischer"), 7);
        assert!(!shown.contains("ena") && !shown.contains("ischer"), "{shown}");
        let masked = sheet().masked(7).text(As::JsonLines);
        let rows = format!("{{\"name\":\"{shown}\",\"state\":\"missing\"}}\n{{\"name\":null,\"state\":\"extra\"}}\n");
        assert_eq!(masked, rows, "as on the screen");
        let turned = sheet().only(&["state".into(), "NAME".into()]).unwrap();
        assert_eq!(turned.text(As::Csv).lines().next(), Some("state,name"));
        let wrong = sheet().only(&["nam".into()]).unwrap_err();
        assert!(wrong.contains("`nam`") && wrong.contains("name, state"), "{wrong}");
    }

    #[test]
    fn a_list_is_one_cell_for_spreadsheets_and_an_array_for_programs() {
        let mut sheet = Sheet::new(&["roles", "members"]);
        let two = |private| Some(Cell::each(vec!["Lena; a".into(), "Omar".into()], private));
        sheet.rows.push(vec![two(false), two(true)]);
        assert!(sheet.text(As::Csv).contains("\"Lena; a; Omar\",\"Lena; a; Omar\""), "{}", sheet.text(As::Csv));
        let masked = sheet.masked(7).text(As::JsonLines);
        assert!(
            masked.contains("\"roles\":[\"Lena; a\",\"Omar\"]") && !masked.contains("members\":[\"Lena"),
            "{masked}"
        );
    }

    #[test]
    fn the_name_of_a_file_says_its_form() {
        assert_eq!([As::of("a.csv"), As::of("a.JSONL"), As::of("a")], [As::Csv, As::JsonLines, As::Csv]);
    }
}
