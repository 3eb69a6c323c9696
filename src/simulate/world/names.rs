//! What people are called.
//!
//! Owns the tables of names and the numbering of their pairs: every pair of a given and a family name has a number, and
//! the e-mail's local part leads back to it, so that a person can be found by e-mail without a table of a million.

use std::collections::HashMap;
use std::sync::OnceLock;

/// Where a name comes from; it decides script, order and locale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Culture {
    /// Latin letters, many with marks; family names with hyphens among them.
    Latin,
    /// Chinese: family name first, no space.
    Chinese,
    /// Arabic.
    Arabic,
}

/// One pair of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Script and order.
    pub culture: Culture,
    /// The given name, as its bearer writes it.
    pub given: &'static str,
    /// The family name, as its bearer writes it.
    pub family: &'static str,
    /// `given.family` in small Latin letters (`family.given` for Chinese).
    pub local: String,
}

impl Name {
    /// The name as it is shown.
    pub fn display(&self) -> String {
        match self.culture {
            Culture::Chinese => format!("{}{}", self.family, self.given),
            Culture::Latin | Culture::Arabic => format!("{} {}", self.given, self.family),
        }
    }
}

/// All pairs of names, numbered, and found again by their local part.
pub struct Names {
    all: Vec<Name>,
    by_local: HashMap<String, u32>,
}

impl Names {
    /// The one set of names.
    pub fn get() -> &'static Names {
        static NAMES: OnceLock<Names> = OnceLock::new();
        NAMES.get_or_init(Names::build)
    }

    /// How many pairs there are.
    pub fn count(&self) -> u32 {
        self.all.len() as u32
    }

    /// The pair of that number, counted round.
    pub fn at(&self, number: u32) -> &Name {
        &self.all[(number % self.count()) as usize]
    }

    /// The number of the pair with that local part.
    pub fn find(&self, local: &str) -> Option<u32> {
        self.by_local.get(local).copied()
    }

    fn build() -> Names {
        let mut names = Names { all: Vec::new(), by_local: HashMap::new() };
        for family in LATIN_FAMILY {
            for given in LATIN_GIVEN {
                names.add(Culture::Latin, given, family, format!("{}.{}", fold(given), fold(family)));
            }
        }
        for (family, family_latin) in CHINESE_FAMILY {
            for (given, given_latin) in CHINESE_GIVEN {
                names.add(Culture::Chinese, given, family, format!("{family_latin}.{given_latin}"));
            }
        }
        for (family, family_latin) in ARABIC_FAMILY {
            for (given, given_latin) in ARABIC_GIVEN {
                names.add(Culture::Arabic, given, family, format!("{given_latin}.{family_latin}"));
            }
        }
        names
    }

    /// Two pairs that look alike in Latin letters would share an e-mail; the later one is left out.
    fn add(&mut self, culture: Culture, given: &'static str, family: &'static str, local: String) {
        let number = self.all.len() as u32;
        if let std::collections::hash_map::Entry::Vacant(free) = self.by_local.entry(local.clone()) {
            free.insert(number);
            self.all.push(Name { culture, given, family, local });
        }
    }
}

/// A Latin name in small letters without marks, as it stands in an e-mail.
pub fn fold(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '-' => out.push(c),
            'ä' | 'æ' => out.push_str("ae"),
            'ö' | 'ø' | 'œ' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            'å' => out.push_str("aa"),
            'á' | 'à' | 'â' | 'ã' | 'ą' => out.push('a'),
            'é' | 'è' | 'ê' | 'ë' | 'ę' | 'ě' => out.push('e'),
            'í' | 'ì' | 'î' | 'ï' | 'ı' => out.push('i'),
            'ó' | 'ò' | 'ô' | 'õ' => out.push('o'),
            'ú' | 'ù' | 'û' | 'ů' => out.push('u'),
            'ñ' | 'ń' => out.push('n'),
            'ç' | 'č' | 'ć' => out.push('c'),
            'š' | 'ś' | 'ş' => out.push('s'),
            'ž' | 'ź' | 'ż' => out.push('z'),
            'ł' => out.push('l'),
            'ř' => out.push('r'),
            'ý' => out.push('y'),
            'ğ' => out.push('g'),
            'ð' => out.push('d'),
            'þ' => out.push_str("th"),
            _ => {}
        }
    }
    out
}

#[rustfmt::skip]
const LATIN_GIVEN: &[&str] = &[
    "Lena", "Omar", "Nia", "Ravi", "Mara", "Tara", "Jürgen", "Zoë", "Søren", "François", "Núria",
    "Łukasz", "Chloé", "Björn", "Åsa", "Renée", "João", "Inês", "Siân", "Jiří", "Ağrı", "Ewa",
    "Paweł", "Márta", "György", "Þóra", "Ingrid", "Anna-Lena", "Jean-Luc", "Marie-Claire",
    "Karl-Heinz", "Emma", "Noah", "Olivia", "Liam", "Amelia", "Ethan", "Sofia", "Lucas", "Mia",
    "Hugo", "Clara", "Felix", "Ida", "Oscar", "Elsa", "Victor", "Alice", "Simon", "Julia", "Marco",
    "Giulia", "Pietro", "Elena", "Diego", "Lucía", "Mateo", "Valentina", "Pedro", "Beatriz",
    "Tiago", "Carmen", "Pablo", "Irene", "Andrés", "Laura", "Thomas", "Katrin", "Stefan", "Birgit",
    "Matthias", "Heike", "Tobias", "Anke", "Daniel", "Priya", "Arjun", "Ananya", "Vikram", "Kavya",
    "Rohan", "Deepa", "Sanjay", "Meera", "Nikhil", "Yuki", "Kenji", "Aiko", "Haruto", "Sakura",
    "Minh", "Linh", "Thuy", "Duc", "Ngozi", "Chidi", "Amara", "Kwame", "Ama", "Kofi",
    "Lars \"Lasse\"", "Maeve", "Declan", "Niamh", "Sean", "Piotr", "Zofia", "Milan", "Petra",
    "Tomáš",
];

#[rustfmt::skip]
const LATIN_FAMILY: &[&str] = &[
    "Fischer", "Haddad", "Bello", "Iyer", "Keller", "Müller", "Groß", "Østergård", "Lefèvre",
    "García", "Nuñez", "Wójcik", "Dvořák", "Öberg", "Åkesson", "Bjørnsson", "Şahin", "Çelik",
    "Šimić", "O'Neill", "O'Brien", "D'Angelo", "Smith-Jones", "Müller-Lüdenscheidt",
    "García-Márquez", "Saint-Exupéry", "Castro-Gómez", "Lloyd-Webber", "Ekström-Lindqvist",
    "Nowak-Kowalska", "Abbott", "Baker", "Carter", "Dixon", "Ellis", "Foster", "Grant", "Hughes",
    "Irving", "Jensen", "Kovács", "Larsson", "Moreau", "Novak", "Okafor", "Petrov", "Quinn",
    "Rossi", "Schmidt", "Tanaka", "Ueda", "Vargas", "Weber", "Xavier", "Young", "Zimmermann",
    "Andersson", "Bauer", "Costa", "Dubois", "Eriksen", "Ferrari", "Gonzalez", "Hoffmann", "Ibarra",
    "Johansson", "Klein", "Lopez", "Martin", "Nielsen", "Oliveira", "Pereira", "Richter", "Silva",
    "Torres", "Ulrich", "Vogel", "Wagner", "Yamamoto", "Ziegler", "Sharma", "Patel", "Reddy",
    "Kapoor", "Nair", "Nguyen", "Tran", "Mensah", "Adeyemi", "Diallo", "Murphy", "Walsh", "Byrne",
    "Kowalski", "Zieliński", "Horvat", "Novotný", "Svobodová", "Papadopoulos", "Ionescu",
];

#[rustfmt::skip]
const CHINESE_FAMILY: &[(&str, &str)] = &[
    ("王", "wang"), ("李", "li"), ("张", "zhang"), ("刘", "liu"), ("陈", "chen"), ("杨", "yang"),
    ("赵", "zhao"), ("黄", "huang"), ("周", "zhou"), ("吴", "wu"), ("徐", "xu"), ("孙", "sun"),
    ("胡", "hu"), ("朱", "zhu"), ("高", "gao"), ("林", "lin"), ("何", "he"), ("郭", "guo"), ("马", "ma"),
    ("罗", "luo"), ("梁", "liang"), ("宋", "song"), ("郑", "zheng"), ("谢", "xie"), ("韩", "han"),
    ("唐", "tang"), ("冯", "feng"), ("董", "dong"), ("萧", "xiao"), ("曹", "cao"), ("袁", "yuan"),
    ("邓", "deng"), ("许", "hsu"), ("傅", "fu"), ("沈", "shen"), ("曾", "zeng"), ("彭", "peng"),
    ("吕", "lyu"), ("苏", "su"), ("欧阳", "ouyang"), ("司马", "sima"), ("诸葛", "zhuge"),
];

#[rustfmt::skip]
const CHINESE_GIVEN: &[(&str, &str)] = &[
    ("小明", "xiaoming"), ("伟", "wei"), ("芳", "fang"), ("娜", "na"), ("敏", "min"), ("静", "jing"),
    ("丽", "liya"), ("强", "qiang"), ("磊", "lei"), ("军", "jun"), ("洋", "yang"), ("勇", "yong"),
    ("艳", "yan"), ("杰", "jie"), ("娟", "juan"), ("涛", "tao"), ("明", "ming"), ("超", "chao"),
    ("秀英", "xiuying"), ("霞", "xia"), ("平", "ping"), ("刚", "gang"), ("桂英", "guiying"),
    ("文博", "wenbo"), ("子涵", "zihan"), ("宇轩", "yuxuan"), ("欣怡", "xinyi"), ("浩然", "haoran"),
    ("诗涵", "shihan"), ("梓萱", "zixuan"), ("建国", "jianguo"), ("志强", "zhiqiang"), ("海燕", "haiyan"),
    ("晓东", "xiaodong"), ("雪梅", "xuemei"), ("国庆", "guoqing"), ("丹丹", "dandan"), ("思远", "siyuan"),
    ("若曦", "ruoxi"), ("天佑", "tianyou"),
];

#[rustfmt::skip]
const ARABIC_GIVEN: &[(&str, &str)] = &[
    ("محمد", "mohammed"), ("أحمد", "ahmed"), ("فاطمة", "fatima"), ("عائشة", "aisha"),
    ("علي", "ali"), ("عمر", "umar"), ("خالد", "khalid"), ("يوسف", "yousef"), ("مريم", "maryam"),
    ("نورة", "noura"), ("سارة", "sarah"), ("حسن", "hassan"), ("حسين", "hussein"), ("ليلى", "layla"),
    ("زينب", "zainab"), ("إبراهيم", "ibrahim"), ("سلمى", "salma"), ("طارق", "tariq"),
    ("هند", "hind"), ("ريم", "reem"), ("فيصل", "faisal"), ("سعود", "saud"), ("منى", "muna"),
    ("ياسر", "yasser"), ("رانيا", "rania"), ("بدر", "badr"), ("دانة", "dana"), ("ماجد", "majed"),
];

#[rustfmt::skip]
const ARABIC_FAMILY: &[(&str, &str)] = &[
    ("الحربي", "alharbi"), ("القحطاني", "alqahtani"), ("الغامدي", "alghamdi"),
    ("العتيبي", "alotaibi"), ("الشمري", "alshammari"), ("الزهراني", "alzahrani"),
    ("الدوسري", "aldosari"), ("المطيري", "almutairi"), ("السبيعي", "alsubaie"),
    ("العنزي", "alanazi"), ("الشهري", "alshehri"), ("حداد", "haddad"), ("خوري", "khoury"),
    ("نصر", "nasr"), ("منصور", "mansour"), ("سالم", "salem"), ("الفارسي", "alfarsi"),
    ("البلوشي", "albalushi"), ("المنصوري", "almansoori"), ("الكعبي", "alkaabi"), ("صالح", "saleh"),
    ("عبد الله", "abdullah"), ("عبد الرحمن", "abdulrahman"), ("الحسن", "alhassan"),
    ("بركات", "barakat"), ("درويش", "darwish"),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn every_pair_is_found_by_its_local_part_and_there_are_many() {
        let names = Names::get();
        assert!(names.count() > 12_000, "{}", names.count());
        for number in 0..names.count() {
            let name = names.at(number);
            assert_eq!(names.find(&name.local), Some(number), "{}", name.local);
            assert!(name.local.bytes().all(|b| b.is_ascii_lowercase() || b == b'.' || b == b'-'), "{}", name.local);
            assert!(!name.local.starts_with('.') && !name.local.ends_with('.'), "{}", name.local);
        }
    }

    #[test]
    fn chinese_names_have_the_family_first_and_no_space() {
        let names = Names::get();
        let name = names.at(names.find("wang.xiaoming").unwrap());
        assert_eq!(name.display(), "王小明");
    }

    #[test]
    fn marks_are_folded_for_the_mail() {
        assert_eq!(fold("Müller-Lüdenscheidt"), "mueller-luedenscheidt");
        assert_eq!(fold("O'Neill"), "oneill");
        assert_eq!(fold("Lars \"Lasse\""), "larslasse");
    }
}
