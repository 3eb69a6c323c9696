//! What the company keeps at Kingdee beside people: organisations, departments as a tree, roles.

use crate::simulate::world::catalog::{DEPARTMENTS, SITES};

/// A name in Chinese and English.
pub type Names = (&'static str, &'static str);

/// An organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Organisation {
    /// Its internal id.
    pub id: i64,
    /// Its number, such as `105`.
    pub number: &'static str,
    /// Its name.
    pub names: Names,
}

/// All organisations: the company, then one for each site, in the sites' order.
pub const ORGANISATIONS: [Organisation; 7] = [
    Organisation { id: 1, number: "100", names: ("艾克美集团", "Acme Group") },
    Organisation { id: 100_101, number: "101", names: ("柏林公司", "Acme Berlin") },
    Organisation { id: 100_102, number: "102", names: ("里斯本公司", "Acme Lisboa") },
    Organisation { id: 100_103, number: "103", names: ("都柏林公司", "Acme Dublin") },
    Organisation { id: 100_104, number: "104", names: ("圣保罗公司", "Acme São Paulo") },
    Organisation { id: 100_105, number: "105", names: ("上海公司", "Acme Shanghai") },
    Organisation { id: 100_106, number: "106", names: ("利雅得公司", "Acme Riyadh") },
];

/// The number of the organisation of a site.
pub fn of_site(site: u8) -> u8 {
    site.min(SITES.len() as u8 - 1) + 1
}

/// A department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    /// Its internal id.
    pub id: i64,
    /// Its number, such as `BM0105`.
    pub number: String,
    /// Its name.
    pub names: (String, String),
    /// The id of the department above it.
    pub parent: Option<i64>,
    /// Its state: `C` is audited.
    pub state: &'static str,
    /// Whether it is in use.
    pub active: bool,
}

/// The divisions, as the source calls them and as Kingdee does.
const DIVISIONS: [(&str, &str); 4] =
    [("Technology", "技术中心"), ("Product", "产品中心"), ("Commercial", "营销中心"), ("Corporate", "职能中心")];

/// Departments of the source have ids from here on.
const FIRST_DEPARTMENT: i64 = 100_301;

/// All departments: the divisions, below them the source's departments under the source's names, and one that is only being
/// set up.
pub fn departments() -> Vec<Department> {
    let division = |name: &str| (0_i64..).zip(DIVISIONS).find(|(_, (source, _))| *source == name).map_or(0, |(i, _)| i);
    let mut all: Vec<Department> = (1_i64..)
        .zip(DIVISIONS)
        .map(|(i, (english, chinese))| Department {
            id: 100_200 + i,
            number: format!("BM{i:02}"),
            names: (chinese.to_owned(), english.to_owned()),
            parent: None,
            state: "C",
            active: true,
        })
        .collect();
    all.extend((1_i64..).zip(DEPARTMENTS).map(|(i, department)| {
        let above = division(department.division);
        Department {
            id: FIRST_DEPARTMENT + i - 1,
            number: format!("BM{:02}{i:02}", above + 1),
            names: (department.name.to_owned(), department.name.to_owned()),
            parent: Some(100_201 + above),
            state: "C",
            active: true,
        }
    }));
    all.push(Department {
        id: 100_400,
        number: "BM0499".to_owned(),
        names: ("海外筹备组".to_owned(), "Overseas Task Force".to_owned()),
        parent: Some(100_204),
        state: "A",
        active: true,
    });
    all
}

/// The internal id of a department of the source, by its place there.
pub fn department_id(department: u8) -> i64 {
    FIRST_DEPARTMENT + i64::from(department)
}

/// A role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    /// Its number, such as `FIN01_SYS`.
    pub number: &'static str,
    /// Its name.
    pub names: Names,
}

const fn role(number: &'static str, chinese: &'static str, english: &'static str) -> Role {
    Role { number, names: (chinese, english) }
}

/// The roles that people hold; a number that begins like these is built in (targets/kingdee.md 9).
pub const ROLES: [Role; 14] = [
    role("BD01_SYS", "基础资料管理员", "Master data administrator"),
    role("BOS01_SYS", "系统管理员", "System administrator"),
    role("BOS02_SYS", "业务管理员", "Business administrator"),
    role("FIN01_SYS", "总账会计", "General ledger accountant"),
    role("FIN02_SYS", "应收会计", "Receivables accountant"),
    role("FIN03_SYS", "应付会计", "Payables accountant"),
    role("FIN04_SYS", "出纳", "Cashier"),
    role("SCM01_SYS", "采购员", "Buyer"),
    role("SCM02_SYS", "销售员", "Salesperson"),
    role("SCM03_SYS", "仓管员", "Warehouse keeper"),
    role("MFG01_SYS", "生产计划员", "Production planner"),
    role("MFG02_SYS", "车间主任", "Shop floor manager"),
    role("B2C01_SYS", "电商运营", "E-commerce operator"),
    role("ZDY001", "合同审阅", "Contract reviewer"),
];

/// The internal id of a role.
pub fn role_id(role: u8) -> i64 {
    10_001 + i64::from(role)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn numbers_and_ids_are_told_apart_and_every_parent_is_there() {
        let all = departments();
        assert_eq!(all.iter().map(|d| &d.number).collect::<BTreeSet<_>>().len(), all.len());
        assert_eq!(all.iter().map(|d| d.id).collect::<BTreeSet<_>>().len(), all.len());
        assert!(all.iter().all(|d| d.parent.is_none_or(|parent| all.iter().any(|other| other.id == parent))));
        assert_eq!(ROLES.iter().map(|r| r.number).collect::<BTreeSet<_>>().len(), ROLES.len());
        assert_eq!(ORGANISATIONS.len(), SITES.len() + 1);
        for (place, department) in (0_u8..).zip(DEPARTMENTS) {
            assert!(all.iter().any(|d| d.id == department_id(place) && d.names.0 == department.name));
        }
    }
}
