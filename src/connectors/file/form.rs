//! What form an export has: told by the configuration, the file's name, or its first bytes.

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Rows of texts under a header.
    Csv,
    /// One JSON record a line.
    Lines,
    /// One JSON document: a SCIM ListResponse, or a bare list of records.
    Document,
}

impl Form {
    /// By its name in the configuration.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "csv" => Some(Self::Csv),
            "jsonl" => Some(Self::Lines),
            "scim" => Some(Self::Document),
            _ => None,
        }
    }

    /// Its name, as people know it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Lines => "JSON Lines",
            Self::Document => "one JSON document",
        }
    }

    /// By the end of the file's name.
    fn of_name(file: &str) -> Option<Self> {
        let (_, end) = file.rsplit_once('.')?;
        match end.to_ascii_lowercase().as_str() {
            "csv" | "tsv" | "tab" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::Lines),
            "json" => Some(Self::Document),
            _ => None,
        }
    }

    /// By the beginning of its text.
    fn of_head(head: &str) -> Self {
        let head = head.trim_start();
        match head.as_bytes().first() {
            Some(b'[') => Self::Document,
            Some(b'{') => {
                let first = head.lines().next().unwrap_or_default();
                let whole = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(first);
                match whole {
                    // A document that stands in one line has its records inside.
                    Ok(fields) if fields.keys().any(|key| key.eq_ignore_ascii_case("resources")) => Self::Document,
                    Ok(_) => Self::Lines,
                    Err(_) => Self::Document,
                }
            }
            _ => Self::Csv,
        }
    }

    /// The form of a file, as far as it can be told without looking: `set` is what the configuration says.
    pub(super) fn told(set: Option<Self>, file: &str) -> Option<Self> {
        set.or_else(|| Self::of_name(file))
    }

    /// The form of a file that begins so.
    pub(super) fn of(set: Option<Self>, file: &str, head: &str) -> Self {
        Self::told(set, file).unwrap_or_else(|| Self::of_head(head))
    }
}

/// A separator by its name in the configuration.
pub(super) fn separator(name: &str) -> Option<u8> {
    match name {
        "tab" | "\t" => Some(b'\t'),
        "," | ";" | "|" => name.bytes().next(),
        _ => None,
    }
}

/// The separator that a header has most of, outside quotes; a comma where it has none.
pub(super) fn guess_separator(head: &str) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for byte in head.trim_start_matches(['\r', '\n']).bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if quoted => {}
            _ => counts.iter_mut().filter(|(of, _)| *of == byte).for_each(|(_, count)| *count += 1),
        }
    }
    // The first of equals: a comma.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(of, _)| *of)
}

/// How a separator is called.
pub(super) fn separator_name(separator: u8) -> &'static str {
    match separator {
        b';' => "semicolons",
        b'\t' => "tabs",
        b'|' => "bars",
        _ => "commas",
    }
}
