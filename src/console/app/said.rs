//! Sentences that other rooms say in English, in what is spoken: whole sentences with holes, from `assets/text/said.zh.toml`.
//!
//! What is kept and printed (journal, JSON lines) stays English; only the screen asks here.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{OnceLock, PoisonError, RwLock};

use super::text::{Language, language};
use crate::mapping::Mapping;
use crate::model::AttrPath;

/// A sentence: what stands between its holes, in both languages.
#[derive(Debug)]
struct Sentence {
    /// The English text, cut at its holes.
    literals: Vec<String>,
    /// The translation, with `{1}` for the first hole.
    said: String,
    /// How many characters are no holes.
    weight: usize,
}

const CHINESE: &str = include_str!("../../../assets/text/said.zh.toml");

/// What files of the operator's own say, whole.
static OWN: RwLock<BTreeMap<String, String>> = RwLock::new(BTreeMap::new());

/// What the files of the built-in connectors say, whole.
fn built_in() -> &'static HashMap<String, String> {
    static ALL: OnceLock<HashMap<String, String>> = OnceLock::new();
    ALL.get_or_init(|| Mapping::builtin_names().flat_map(Mapping::builtin_said).collect())
}

/// From now on the texts of this file are said in the words that stand beside them there.
pub fn learn(mapping: &Mapping) {
    OWN.write().unwrap_or_else(PoisonError::into_inner).extend(mapping.said.iter().cloned());
}

/// What stands beside a text in its file.
fn learned(text: &str) -> Option<String> {
    let own = OWN.read().unwrap_or_else(PoisonError::into_inner).get(text).cloned();
    own.or_else(|| built_in().get(text).cloned())
}

/// Sentences within sentences: so deep and no deeper.
const DEPTH: usize = 10;

/// All sentences, the most telling first: those that begin with words of their own, and those that begin with a hole.
fn sentences() -> &'static [Vec<Sentence>; 2] {
    static ALL: OnceLock<[Vec<Sentence>; 2]> = OnceLock::new();
    ALL.get_or_init(|| {
        let table: toml::Table = CHINESE.parse().unwrap_or_default();
        let sentence = |(english, said): (String, toml::Value)| {
            let literals: Vec<String> = english.split("{}").map(str::to_owned).collect();
            let weight = literals.iter().map(|literal| literal.chars().count()).sum();
            Some(Sentence { literals, said: said.as_str()?.to_owned(), weight })
        };
        let mut all: Vec<Sentence> = table.into_iter().filter_map(sentence).collect();
        all.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| a.literals.cmp(&b.literals)));
        let (own, others) =
            all.into_iter().partition(|one: &Sentence| one.literals.first().is_some_and(|text| text.len() > 2));
        [own, others]
    })
}

impl Sentence {
    /// Whether a hole stands between quotes of code: what is in it is a name, in whatever language.
    fn names(&self, hole: usize) -> bool {
        let (before, after) = (self.literals.get(hole), self.literals.get(hole + 1));
        before.is_some_and(|text| text.ends_with('`')) && after.is_some_and(|text| text.starts_with('`'))
    }

    /// What stands in the holes, where a text is this sentence.
    fn holes<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let (first, rest) = self.literals.split_first()?;
        let mut left = text.strip_prefix(first.as_str())?;
        let mut holes = Vec::with_capacity(rest.len());
        for (at, literal) in rest.iter().enumerate() {
            let last = at + 1 == rest.len();
            let end = match (last, literal.is_empty()) {
                (true, _) => left.strip_suffix(literal.as_str())?.len(),
                // Two holes side by side: the first one takes nothing.
                (false, true) => 0,
                (false, false) => left.find(literal.as_str())?,
            };
            holes.push(&left[..end]);
            left = &left[end + literal.len()..];
        }
        // Before a word of the same sentence stands no other one: of several each is said by itself.
        let another = self.literals.first().is_some_and(String::is_empty)
            && self.literals.get(1).is_some_and(|literal| literal.starts_with(' '))
            && holes.first().is_some_and(|hole| hole.contains("; "));
        (left.is_empty() && !another).then_some(holes)
    }
}

/// A sentence in what is spoken, with attributes by their short names; as it is where English is, or where nobody has
/// translated it.
pub fn said(text: &str) -> Cow<'_, str> {
    let short = short(text);
    match language() {
        Language::English => short,
        Language::Chinese => translated(&short, DEPTH).map_or(short, Cow::Owned),
    }
}

/// A text with attributes by their short names: `department` for `urn:ietf:params:...:User:department`.
fn short(text: &str) -> Cow<'_, str> {
    if !text.contains("urn:") {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("urn:") {
        let (before, path) = rest.split_at(at);
        let end = path.find(|c: char| c.is_whitespace() || "[](),;\"'".contains(c)).unwrap_or(path.len());
        let (path, after) = path.split_at(end);
        let colon = path.trim_end_matches(':');
        shown.push_str(before);
        shown.push_str(AttrPath::new(colon).local(&[]));
        shown.push_str(&path[colon.len()..]);
        rest = after;
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

fn translated(text: &str, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    if let Some(said) = learned(text) {
        return Some(said);
    }
    // A sentence that begins with words of its own is the one; what begins with a hole may be but the end of another.
    let [own, others] = sentences();
    let fits = |sentence: &'static Sentence| sentence.holes(text).map(|holes| (sentence, holes));
    let whole = own.iter().find_map(fits);
    // What a system says is one sentence, also where a part of it would be another.
    if let (None, Some((name, rest))) = (&whole, named(text))
        && own.iter().any(|sentence| sentence.holes(rest).is_some())
    {
        return Some(format!("{name}：{}", translated(rest, depth)?));
    }
    let found = whole.or_else(|| others.iter().find_map(fits));
    let Some((sentence, holes)) = found else {
        return parts(text, depth);
    };
    let mut said = String::new();
    let mut left = sentence.said.as_str();
    while let Some((before, after)) = left.split_once('{') {
        said.push_str(before);
        let Some((number, rest)) = after.split_once('}') else { break };
        let at = number.parse::<usize>().ok().and_then(|at| at.checked_sub(1));
        let hole = at.and_then(|at| holes.get(at)).copied().unwrap_or_default();
        match at.filter(|at| !sentence.names(*at)).and_then(|_| translated(hole, depth)) {
            Some(other) => said.push_str(&other),
            None => said.push_str(hole),
        }
        left = rest;
    }
    said.push_str(left);
    Some(said)
}

/// Several sentences in one, as offers are told; or one behind the name of the system that it is about.
fn parts(text: &str, depth: usize) -> Option<String> {
    if let Some((first, rest)) = text.split_once("; ") {
        let (one, other) = (translated(first, depth), translated(rest, depth));
        if one.is_some() || other.is_some() {
            return Some(format!("{}；{}", one.as_deref().unwrap_or(first), other.as_deref().unwrap_or(rest)));
        }
    }
    let (name, rest) = named(text)?;
    Some(format!("{name}：{}", translated(rest, depth)?))
}

/// The name of the system before a sentence, and the sentence.
fn named(text: &str) -> Option<(&str, &str)> {
    text.split_once(": ").filter(|(name, _)| !name.contains(' '))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::text::speak_here;
    use super::*;
    use crate::mapping::Capability;
    use std::path::Path;

    #[test]
    fn a_fault_of_a_system_is_said_to_its_last_word() {
        speak_here(Some(Language::Chinese));
        let fault = "kingdee: the sign-in was refused: it answered with a web page; check server_address. No other log-in \
                     is tried: after a few failures Kingdee locks the account for about 30 minutes. It is not tried again \
                     by itself, since services lock accounts; put it right and test again (T, or trueup test kingdee)";
        let said = said(fault).into_owned();
        for english in ["refused", "web page", "tried", "locks", "again"] {
            assert!(!said.contains(english), "{english}: {said}");
        }
    }

    /// Every text between quotes in these folders, its holes emptied and its broken lines joined.
    fn literals(folder: &Path, ending: &str, into: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                literals(&path, ending, into);
            } else if path.extension().is_some_and(|have| have == ending) {
                into.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }

    /// A text with `{name}` as `{}`, and without the breaks of lines within it.
    fn emptied(text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match c {
                '{' => {
                    let hole = |c: char| c.is_ascii_alphanumeric() || "_:.?".contains(c);
                    match rest.split_once('}').filter(|(name, _)| name.chars().all(hole)) {
                        Some((_, after)) => {
                            out.push_str("{}");
                            rest = after;
                        }
                        None => out.push('{'),
                    }
                }
                '\\' if rest.starts_with('\n') => rest = rest.trim_start(),
                '\\' if rest.starts_with('"') => {}
                c => out.push(c),
            }
        }
        out
    }

    #[test]
    fn every_sentence_is_one_that_the_code_says() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut code = String::new();
        for room in ["src/compare", "src/plan", "src/engine", "src/connectors", "src/model", "src/store"] {
            literals(&root.join(room), "rs", &mut code);
        }
        literals(&root.join("src/cli/init"), "rs", &mut code);
        for file in ["src/cli/setup.rs", "src/cli/help/sheet.rs", "src/config/read.rs", "src/secret.rs"] {
            code.push_str(&std::fs::read_to_string(root.join(file)).unwrap());
        }
        literals(&root.join("src/mapping"), "rs", &mut code);
        literals(&root.join("assets/connectors"), "toml", &mut code);
        let code = emptied(&code);
        let table: toml::Table = CHINESE.parse().unwrap();
        // The plural of a kind is made from its name; some words of a mapping file's errors are its parser's, or begin with
        // the kind that a row is about.
        let parser = [
            "unknown field",
            "unknown variant",
            "missing field",
            "invalid type: ",
            "invalid value: ",
            "User `",
            "Group `",
            "Role `",
            "Product `",
        ];
        let made = |text: &str| {
            ["users", "groups", "roles", "products"].contains(&text)
                || parser.iter().any(|words| text.starts_with(words))
        };
        let lost: Vec<&String> =
            table.keys().filter(|english| !made(english) && !code.contains(english.as_str())).collect();
        assert!(lost.is_empty(), "said nowhere: {lost:#?}");
    }

    #[test]
    fn both_sides_have_the_same_holes_and_no_width_is_the_terminals_choice() {
        use unicode_width::UnicodeWidthChar;
        for (english, said) in CHINESE.parse::<toml::Table>().unwrap() {
            let said = said.as_str().unwrap();
            let holes = english.matches("{}").count();
            for at in 1..=holes {
                assert_eq!(said.matches(&format!("{{{at}}}")).count(), 1, "{english}");
            }
            assert_eq!(said.matches('{').count(), holes, "{english}");
            assert!(said.chars().all(|c| c.width() == c.width_cjk()), "{said}");
        }
    }

    #[test]
    fn every_text_of_a_built_in_connector_stands_in_its_file_in_chinese_too() {
        use unicode_width::UnicodeWidthChar;
        for name in Mapping::builtin_names() {
            let mapping = Mapping::builtin(name).unwrap();
            let limitations = mapping.limitations.iter().flat_map(|one| [&one.sentence, &one.here]);
            let mut texts: Vec<&String> = limitations.collect();
            texts.extend(mapping.settings.iter().map(|setting| &setting.help));
            texts.extend(mapping.side_effects.iter().map(|effect| &effect.text));
            texts.extend(mapping.busy.iter().map(|busy| &busy.text));
            texts.extend(mapping.powerless.iter().map(|rule| &rule.text));
            texts.extend(mapping.mangled.iter().map(|mangled| &mangled.text));
            texts.extend(mapping.alternatives.iter().map(|other| &other.help));
            let others = mapping.alternatives.iter().flat_map(|other| other.rows.iter().map(|(_, row)| row));
            let rows = mapping.kinds.iter().flat_map(|map| &map.rows).chain(others);
            texts.extend(rows.filter_map(|row| row.note.as_ref()));
            texts.extend(mapping.capabilities.iter().filter_map(|(.., capability)| match capability {
                Capability::No(why) => Some(why),
                Capability::Yes => None,
            }));
            for text in texts {
                let said = mapping.said.iter().find(|(english, _)| english == text);
                let (_, said) = said.unwrap_or_else(|| panic!("{name}: no Chinese beside: {text}"));
                assert!(said.chars().any(|c| c.width() == Some(2)), "{name}: {said}");
                assert!(said.chars().all(|c| c.width() == c.width_cjk()), "{name}: {said}");
            }
        }
        speak_here(Some(Language::Chinese));
        assert_eq!(
            said("Kingdee answers HTTP/2 with 502. Here: It is spoken to in HTTP/1.1 alone."),
            "金蝶对 HTTP/2 返回 502。此处：只使用 HTTP/1.1。"
        );
        speak_here(None);
    }

    #[test]
    fn what_is_wrong_in_a_mapping_file_is_said_and_names_stay_as_they_are() {
        speak_here(Some(Language::Chinese));
        for (english, chinese) in [
            (
                "line 51: `kind`: unknown variant `Users`, expected one of `User`, `Group`; did you mean `User`?",
                "第 51 行：`kind`：没有值 `Users`，可用的有 `User`, `Group`；是否想写 `User`？",
            ),
            (
                "`based_on`: there is no connector `skim`, expected one of aha, scim; did you mean `scim`?",
                "`based_on`：没有连接器 `skim`，可选 aha, scim；是否想写 `scim`？",
            ),
            ("line 7: `service`: `max_page` must be above 0", "第 7 行：`service`：`max_page` 必须大于 0"),
            (
                "line 4: User `title`: there is no feed `usres`; did you mean `users`?",
                "第 4 行：用户 `title`：没有 feed `usres`；是否想写 `users`？",
            ),
            (
                "line 9: feed `details`: `path` says where, with {id} in the place of the owner's id: /Groups/{id}/members",
                "第 9 行：feed `details`：`path` 写明地址，其中 {id} 代表所属记录的 id：/Groups/{id}/members",
            ),
        ] {
            assert_eq!(said(english), chinese);
        }
        speak_here(None);
    }

    #[test]
    fn what_a_file_of_the_operators_own_says_is_said_as_it_stands_there() {
        let own = "connector = \"acme\"\ntitle = \"Acme\"\nbased_on = \"scim\"\n[[limitation]]\nid = \"a\"\nvia = \"direct\"\n\
                   sentence = \"Names of Acme are cut.\"\nsentence_zh = \"Acme 的名称会被截断。\"\nhere = \"told\"\ncite = \"c\"\n";
        learn(&Mapping::own(own, "acme.toml").unwrap());
        speak_here(Some(Language::Chinese));
        assert_eq!(said("Names of Acme are cut."), "Acme 的名称会被截断。");
        speak_here(None);
        assert_eq!(said("Names of Acme are cut."), "Names of Acme are cut.");
    }

    #[test]
    fn of_several_sentences_each_is_said_by_itself_and_never_one_within_the_words_of_another() {
        speak_here(Some(Language::Chinese));
        for (english, chinese) in [
            (
                "SAP Litmos states no total here; 1200 distinct ids up to a page that was not full",
                "SAP Litmos 在此不给总数；读到未满的一页为止，共 1200 个不同的编号",
            ),
            ("31 posts, of 12 people", "31 个任岗，共 12 人"),
        ] {
            assert_eq!(said(english), chinese);
        }
        let unheard = said("Acme states no total here; 7 distinct ids up to a page that was not full").into_owned();
        assert!(unheard.starts_with("Acme states no total here；"), "{unheard}");
        speak_here(None);
    }

    #[test]
    fn attributes_are_called_by_their_short_names() {
        let department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
        assert_eq!(said(&format!("{department}: A -> urn:x")), "department: A -> x");
        assert_eq!(said(&format!("{department}[it], {department}")), "department[it], department");
        assert_eq!(said("a return: nothing"), "a return: nothing");
    }

    #[test]
    fn what_a_probe_and_a_fault_say_is_said_too_and_a_vendors_own_words_stay() {
        speak_here(Some(Language::Chinese));
        assert_eq!(
            said("PATCH yes, filter no, ETag yes; pages by index, 1000 at most"),
            "PATCH 支持，筛选 不支持，ETag 支持；分页按序号，每页最多 1000 条"
        );
        assert_eq!(
            said("10 schemas; 2 extension attributes that the mapping does not name"),
            "10 个模式；2 个扩展属性未在映射中"
        );
        assert_eq!(
            said("401 Unauthorized: \"nobody known\": the credentials do not allow it"),
            "401 Unauthorized: \"nobody known\"：凭据无此权限"
        );
        assert_eq!(said("hr: no reply"), "hr：没有回应");
        assert_eq!(
            said(
                "not known whether it is in aha: 127.0.0.1 refuses connections; the service is down, or the port in the url is wrong"
            ),
            "不知 aha 中有没有：127.0.0.1 拒绝连接；服务已停，或 url 中的端口有误"
        );
        speak_here(None);
    }

    #[test]
    fn sentences_within_sentences_are_said_too() {
        speak_here(Some(Language::Chinese));
        assert_eq!(said("not in aha"), "aha 中没有");
        assert_eq!(
            said(
                "11 users of aha would be deactivated; at most 10 at once are allowed. Acknowledge it if that is meant, or \
                  unstage some, or raise limits.deactivate for aha in trueup.toml"
            ),
            "aha 将有 11 个 用户 被停用；每次最多允许 10 个。如属有意，请表示知悉；或撤回部分暂存；或在 trueup.toml 中为 aha \
             调高 limits.deactivate"
        );
        assert_eq!(
            said("create lena@example.com; without manager (nobody can say what manager should be)")
                .chars()
                .take(2)
                .collect::<String>(),
            "新建"
        );
        assert_eq!(said("Lena Fischer"), "Lena Fischer", "what nobody has translated stays");
        speak_here(None);
        speak_here(Some(Language::English));
        assert_eq!(said("not in aha"), "not in aha");
    }
}
