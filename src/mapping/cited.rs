//! Where a row says that it is from, in words that an operator can follow.
//!
//! Rows cite the papers that this program was written from. Those are not published with it: what is printed names the guides
//! and services that they stand for, and says no more than is known.

/// What the papers on a product's interface were put together from: the vendor's pages, its official clients, and what others
/// recorded. Nobody has tried them on a live service.
const PUBLIC: [(&str, &str); 4] = [
    ("targets/aha.md", "public sources on the API of Aha! (www.aha.io/api)"),
    ("targets/litmos.md", "public sources on the API of SAP Litmos (support.litmos.com)"),
    ("targets/kingdee.md", "public sources on the WebAPI of Kingdee (openapi.open.kingdee.com)"),
    ("targets/scim.md", "public sources on SCIM services"),
];

/// The guide that the tables of operations, attributes and limitations are from.
const GUIDE: &str = "Starling Connect guide";

/// What is meant by the sources, to be said once where they are named.
pub const LEGEND: &str = "In brackets is where it is from. Starling Connect guide: One Identity's \"Starling Connect Hosted - One \
                          Identity Manager Administration Guide\". Public sources: the vendor's own pages and clients, and what \
                          others have recorded; this was not tried on a live service, and what is called assumed nobody has \
                          confirmed. `trueup test` says what yours does.";

/// A citation as an operator is told it.
pub fn cited(cite: &str) -> String {
    let parts: Vec<String> = cite.split("; ").map(part).collect();
    parts.join("; ")
}

fn part(cite: &str) -> String {
    let cite = cite.replace("not in the seeds", "not in the guide");
    if let Some(rest) = cite.strip_prefix("seeds") {
        let rest = rest.trim_start_matches(',');
        return format!("{GUIDE},{rest}");
    }
    if cite.starts_with("DESIGN.md") {
        return "a rule of this program".to_owned();
    }
    for (paper, source) in PUBLIC {
        if let Some(rest) = cite.strip_prefix(paper) {
            // Which section of the paper it is says nothing to anybody who does not have it.
            let words = rest.split_once(": ").map_or("", |(_, words)| words);
            return if words.is_empty() { source.to_owned() } else { format!("{source}: {words}") };
        }
    }
    cite
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Mapping;

    #[test]
    fn a_paper_that_nobody_has_is_told_by_what_it_stands_for() {
        for (cite, told) in [
            ("seeds table 289: name", "Starling Connect guide, table 289: name"),
            ("seeds, Aha! limitation 5", "Starling Connect guide, Aha! limitation 5"),
            ("RFC 7643 4.1.1; seeds table 290", "RFC 7643 4.1.1; Starling Connect guide, table 290"),
            (
                "targets/kingdee.md 9, 10: FName",
                "public sources on the WebAPI of Kingdee (openapi.open.kingdee.com): FName",
            ),
            (
                "targets/aha.md 8: not in the seeds",
                "public sources on the API of Aha! (www.aha.io/api): not in the guide",
            ),
            ("DESIGN.md section 1", "a rule of this program"),
            ("our own guide, page 2", "our own guide, page 2"),
        ] {
            assert_eq!(cited(cite), told);
        }
    }

    #[test]
    fn no_text_for_operators_names_a_paper_that_they_do_not_have() {
        for name in Mapping::builtin_names() {
            let text = Mapping::builtin_text(name).unwrap_or_default();
            for (at, line) in text.lines().enumerate() {
                let line = line.trim();
                let told = if line.starts_with('#') { "" } else { line.split("cite = ").next().unwrap_or_default() };
                let paper = ["seeds", "targets/", "DESIGN.md"].into_iter().find(|paper| told.contains(paper));
                assert_eq!(paper, None, "{name}:{}: {line}", at + 1);
            }
            for cite in text.lines().filter_map(|line| line.split_once("cite = \"")?.1.split('"').next()) {
                let told = cited(cite);
                assert!(
                    !told.contains("seeds") && !told.contains("targets/") && !told.contains(".md"),
                    "{name}: {told}"
                );
            }
        }
    }
}
