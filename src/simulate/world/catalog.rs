//! What there is beside people: departments, sites, groups, products, roles.
//!
//! Owns the lists and the product tree. Must not: know which view shows what differently; that is planted elsewhere.

use std::sync::OnceLock;

/// A department, what people there are called, and the division it belongs to.
pub struct Department {
    /// Its name.
    pub name: &'static str,
    /// The division above it.
    pub division: &'static str,
    /// The titles that its people have.
    pub titles: &'static [&'static str],
}

const fn department(name: &'static str, division: &'static str, titles: &'static [&'static str]) -> Department {
    Department { name, division, titles }
}

/// All departments; each is also a group of that name.
pub const DEPARTMENTS: [Department; 16] = [
    department(
        "Engineering",
        "Technology",
        &["Software Engineer", "Senior Engineer", "Principal Engineer", "Architect"],
    ),
    department("研发部", "Technology", &["软件工程师", "高级工程师", "架构师"]),
    department("Product Management", "Product", &["Product Manager", "Senior Product Manager", "Product Analyst"]),
    department("产品部", "Product", &["产品经理", "高级产品经理"]),
    department("Sales", "Commercial", &["Account Executive", "Sales Engineer", "Account Manager"]),
    department("销售部", "Commercial", &["客户经理", "销售代表"]),
    department("Finance", "Corporate", &["Accountant", "Controller", "Financial Analyst"]),
    department("财务部", "Corporate", &["会计", "财务分析师"]),
    department("Human Resources", "Corporate", &["Recruiter", "HR Partner"]),
    department("人力资源部", "Corporate", &["招聘专员", "人事专员"]),
    department("Marketing", "Commercial", &["Campaign Manager", "Content Editor", "Designer"]),
    department("Operations", "Technology", &["Site Reliability Engineer", "Operations Analyst"]),
    department("Legal", "Corporate", &["Counsel", "Paralegal"]),
    department("IT", "Technology", &["Systems Administrator", "Service Desk Agent"]),
    department("Customer Success", "Commercial", &["Success Manager", "Support Engineer"]),
    department("Quality", "Technology", &["Test Engineer", "Auditor"]),
];

/// A place of work.
pub struct Site {
    /// The town; also a group of that name.
    pub town: &'static str,
    /// The region within the country.
    pub region: &'static str,
    /// ISO 3166 alpha-2.
    pub country: &'static str,
    /// The street.
    pub street: &'static str,
    /// The postal code.
    pub post: &'static str,
    /// IANA.
    pub timezone: &'static str,
    /// BCP 47.
    pub locale: &'static str,
    /// The beginning of telephone numbers there.
    pub dial: &'static str,
}

/// All places of work.
pub const SITES: [Site; 6] = [
    Site {
        town: "Berlin",
        region: "Berlin",
        country: "DE",
        street: "Torstraße 42",
        post: "10119",
        timezone: "Europe/Berlin",
        locale: "de-DE",
        dial: "+49 30 555",
    },
    Site {
        town: "Lisboa",
        region: "Lisboa",
        country: "PT",
        street: "Rua Áurea 7",
        post: "1100-060",
        timezone: "Europe/Lisbon",
        locale: "pt-PT",
        dial: "+351 21 555",
    },
    Site {
        town: "Dublin",
        region: "Leinster",
        country: "IE",
        street: "Dame Street 12",
        post: "D02 X285",
        timezone: "Europe/Dublin",
        locale: "en-IE",
        dial: "+353 1 555",
    },
    Site {
        town: "São Paulo",
        region: "SP",
        country: "BR",
        street: "Avenida Paulista 1000",
        post: "01310-100",
        timezone: "America/Sao_Paulo",
        locale: "pt-BR",
        dial: "+55 11 5555",
    },
    Site {
        town: "上海",
        region: "上海市",
        country: "CN",
        street: "南京西路 1266 号",
        post: "200040",
        timezone: "Asia/Shanghai",
        locale: "zh-CN",
        dial: "+86 21 5555",
    },
    Site {
        town: "الرياض",
        region: "الرياض",
        country: "SA",
        street: "طريق الملك فهد 7",
        post: "12212",
        timezone: "Asia/Riyadh",
        locale: "ar-SA",
        dial: "+966 11 555",
    },
];

/// What a group is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Circle {
    /// Seven of ten people.
    Product,
    /// Heads of departments.
    Managers,
    /// Everybody in a department.
    Department(u8),
    /// Everybody at a site.
    Site(u8),
    /// One of forty people.
    Project(u8),
}

/// Names of the groups that cut across departments.
pub const PROJECTS: [&str; 7] = ["Atlas", "Borealis", "嫦娥", "Dunes", "Everest", "Fjord", "Galileo"];

/// All groups, 31, in the order of their numbers.
pub fn groups() -> Vec<(String, Circle)> {
    let mut groups = vec![("Product".to_owned(), Circle::Product), ("Managers".to_owned(), Circle::Managers)];
    groups.extend(DEPARTMENTS.iter().enumerate().map(|(i, d)| (d.name.to_owned(), Circle::Department(i as u8))));
    groups.extend(SITES.iter().enumerate().map(|(i, s)| (format!("Site {}", s.town), Circle::Site(i as u8))));
    groups.extend(PROJECTS.iter().enumerate().map(|(i, p)| (format!("Project {p}"), Circle::Project(i as u8))));
    groups
}

/// A role on a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Role {
    /// How it is written: the name a request carries, which is also the source's id for it.
    pub token: &'static str,
    /// How it is read as a number.
    pub code: u16,
    /// How it is read as text.
    pub label: &'static str,
}

/// Owner.
pub const OWNER: Role = Role { token: "product_owner", code: 20, label: "Owner" };
/// Contributor.
pub const CONTRIBUTOR: Role = Role { token: "contributor", code: 30, label: "Contributor" };
/// Developer: seen in replies, but no request can name it.
pub const DEVELOPER: Role = Role { token: "developer", code: 35, label: "Developer" };
/// Reviewer.
pub const REVIEWER: Role = Role { token: "reviewer", code: 40, label: "Reviewer" };
/// Viewer.
pub const VIEWER: Role = Role { token: "viewer", code: 50, label: "Viewer" };
/// None: the same as no entry at all.
pub const NONE: Role = Role { token: "none", code: 0, label: "None" };

/// The five roles that a request can name (targets/aha.md 10.1).
pub const WRITABLE: [Role; 5] = [OWNER, CONTRIBUTOR, REVIEWER, VIEWER, NONE];

/// Custom roles; the last three are held by nobody.
pub const CUSTOM_ROLES: [&str; 18] = [
    "Integration manager",
    "Release captain",
    "Ideas moderator",
    "Capacity planner",
    "Roadmap publisher",
    "Field editor",
    "Report author",
    "Automation owner",
    "Portal administrator",
    "Strategy lead",
    "Workflow designer",
    "产品负责人助理",
    "合规审核员",
    "Security reviewer",
    "Template keeper",
    "Archive keeper",
    "Import operator",
    "Guest curator",
];

/// The number of the first custom role at Aha!; the others follow.
pub const CUSTOM_ROLE_BASE: u64 = 409_541_421;

/// What a product is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// A product line: other products hang below it.
    Line,
    /// A workspace.
    Workspace,
    /// A team, which a listing shows only on request.
    Team,
    /// A workspace that the key may not see.
    Hidden,
}

/// One product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its key, such as `PRJ7`.
    pub prefix: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub sort: Sort,
    /// The number of the line that it hangs below.
    pub parent: Option<u16>,
}

/// All products, 88: four lines (two of them below the others), 82 workspaces, one team, one that the key may not see.
pub fn products() -> &'static [Product] {
    static PRODUCTS: OnceLock<Vec<Product>> = OnceLock::new();
    PRODUCTS.get_or_init(|| {
        let line = |prefix: &str, name: &str, parent| Product {
            prefix: prefix.to_owned(),
            name: name.to_owned(),
            sort: Sort::Line,
            parent,
        };
        let mut all = vec![
            line("PL1", "Consumer Line", None),
            line("PL2", "企业产品线", None),
            line("PL3", "Consumer Payments", Some(0)),
            line("PL4", "Enterprise Cloud", Some(1)),
        ];
        let areas = [
            "Mobile", "Web", "Cloud", "Data", "Smart", "Retail", "Factory", "Fleet", "Energy", "Care", "Campus",
            "Trade",
        ];
        let things = ["App", "Shop", "Hub", "Console", "Gateway", "Insight", "Studio"];
        let chinese = ["移动支付", "云控制台", "数据中台", "智能工厂", "零售终端", "车队管理", "能源看板", "校园卡"];
        for number in 0..83_u16 {
            let name = if number % 11 == 5 {
                chinese[usize::from(number / 11) % chinese.len()].to_owned()
            } else {
                format!("{} {}", areas[usize::from(number) % areas.len()], things[usize::from(number) / areas.len()])
            };
            all.push(Product {
                prefix: format!("PRJ{}", number + 1),
                name,
                sort: if number == 82 { Sort::Hidden } else { Sort::Workspace },
                parent: [Some(0), Some(1), Some(2), Some(3), None][usize::from(number % 5)],
            });
        }
        all.push(Product {
            prefix: "TEAM1".to_owned(),
            name: "Development Team".to_owned(),
            sort: Sort::Team,
            parent: None,
        });
        all
    })
}

/// Numbers of the products on which people hold roles: the workspaces and the team that the key may see.
pub fn staffed() -> &'static [u16] {
    static STAFFED: OnceLock<Vec<u16>> = OnceLock::new();
    STAFFED.get_or_init(|| {
        (0..).zip(products()).filter(|(_, p)| matches!(p.sort, Sort::Workspace | Sort::Team)).map(|(i, _)| i).collect()
    })
}

/// The number of the product that the key may not see.
pub fn hidden() -> u16 {
    (0..).zip(products()).find(|(_, p)| p.sort == Sort::Hidden).map_or(0, |(i, _)| i)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn there_are_88_products_with_distinct_names_and_keys_and_31_groups() {
        assert_eq!(products().len(), 88);
        assert_eq!(products().iter().map(|p| &p.name).collect::<BTreeSet<_>>().len(), 88);
        assert_eq!(products().iter().map(|p| &p.prefix).collect::<BTreeSet<_>>().len(), 88);
        assert_eq!(products()[usize::from(hidden())].sort, Sort::Hidden);
        assert_eq!(staffed().len(), 83);
        assert_eq!(groups().iter().map(|(name, _)| name).collect::<BTreeSet<_>>().len(), 31);
        assert_eq!(WRITABLE.len() + CUSTOM_ROLES.len(), 23);
    }

    #[test]
    fn lines_hang_below_lines() {
        for product in products() {
            if let Some(parent) = product.parent {
                assert_eq!(products()[usize::from(parent)].sort, Sort::Line);
            }
        }
        assert!(products().iter().any(|p| p.sort == Sort::Line && p.parent.is_some()));
    }
}
