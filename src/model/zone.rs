//! Time zones as Windows names them, and as the rest of the world does (`W. Europe Standard Time`, `Europe/Vienna`).
//!
//! The table is Unicode CLDR's: many IANA zones are one Windows zone, which is shown as one of them.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Windows name, the IANA zone that it is shown as, and all others.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    for line in include_str!("../../assets/zones.txt").lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.split('\t');
        let (Some(windows), Some(shown)) = (fields.next(), fields.next()) else { continue };
        table.shown.insert(windows.to_ascii_lowercase(), shown);
        for zone in std::iter::once(shown).chain(fields.flat_map(str::split_ascii_whitespace)) {
            table.windows.insert(zone.to_ascii_lowercase(), windows);
        }
    }
    table
});

#[derive(Default)]
struct Table {
    /// By the Windows name in lower case.
    shown: HashMap<String, &'static str>,
    /// By the IANA name in lower case.
    windows: HashMap<String, &'static str>,
}

/// The IANA zone that a Windows zone is shown as.
pub fn iana(windows: &str) -> Option<&'static str> {
    TABLE.shown.get(&windows.trim().to_ascii_lowercase()).copied()
}

/// The Windows zone that an IANA zone belongs to.
pub fn windows(iana: &str) -> Option<&'static str> {
    TABLE.windows.get(&iana.trim().to_ascii_lowercase()).copied()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn every_windows_zone_is_shown_as_a_zone_of_its_own() {
        assert_eq!((TABLE.shown.len(), TABLE.windows.len()), (139, 584));
        for (name, shown) in &TABLE.shown {
            assert!(windows(shown).unwrap().eq_ignore_ascii_case(name), "{name}");
        }
    }

    #[test]
    fn every_zone_of_the_table_is_one_that_is_known_everywhere() {
        for name in TABLE.windows.keys() {
            assert!(jiff::tz::TimeZone::get(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn zones_meet_whatever_their_names() {
        assert_eq!(windows("Europe/Vienna"), Some("W. Europe Standard Time"));
        assert_eq!(windows("asia/calcutta"), windows("Asia/Kolkata"));
        assert_eq!(iana("pacific standard time"), Some("America/Los_Angeles"));
        assert_eq!(iana("UTC"), Some("Etc/UTC"));
        assert_eq!((iana("Mars"), windows("Mars/Olympus")), (None, None));
    }
}
