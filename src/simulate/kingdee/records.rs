//! The world's facts as records of forms.

use serde_json::{Value, json};

use super::forms::{self, Form, Sort};
use super::ledger::Record;
use crate::simulate::clock::civil;
use crate::simulate::shelf::{Base, Held, Shelf};
use crate::simulate::world::World;
use crate::simulate::world::kingdee::{Account, catalog};

/// The shelf that a form starts with.
pub fn shelf(form: &'static Form, world: &World) -> Shelf {
    match form.id {
        forms::ROLE => Shelf::new(Held::from(roles(form))),
        forms::ORGANISATION => Shelf::new(Held::from(organisations(form))),
        forms::DEPARTMENT => Shelf::new(Held::from(departments(form))),
        _ => Shelf::new(People { form, world: world.clone() }),
    }
}

/// A record with nothing in it but what every new one has.
pub fn blank(form: &Form) -> Record {
    let mut record = Record::new();
    for field in form.fields.iter().filter(|field| field.kept == field.key) {
        let value = match (field.key, field.sort) {
            ("FForbidStatus", _) => json!("A"),
            ("FDocumentStatus", _) => json!("Z"),
            (_, Sort::Text) => json!(""),
            (_, Sort::Multi) => json!({}),
            (_, Sort::Flag) => json!(false),
            _ => Value::Null,
        };
        record.insert(field.key.to_owned(), value);
    }
    if let Some(entry) = form.entry {
        record.insert(entry.key.to_owned(), json!([]));
    }
    record
}

/// A record with these values.
fn record(form: &Form, values: Value) -> Value {
    let mut record = blank(form);
    if let Value::Object(values) = values {
        if let Some(id) = values.get(form.key) {
            record.insert("id".to_owned(), json!(id.to_string()));
        }
        record.extend(values);
    }
    Value::Object(record)
}

fn both(chinese: &str, english: &str) -> Value {
    json!({ "2052": chinese, "1033": english })
}

fn roles(form: &Form) -> Vec<Value> {
    let roles = (0_u8..).zip(catalog::ROLES);
    roles
        .map(|(place, role)| {
            let values = json!({
                "FRoleID": catalog::role_id(place),
                "FNumber": role.number,
                "FName": both(role.names.0, role.names.1),
            });
            record(form, values)
        })
        .collect()
}

fn organisations(form: &Form) -> Vec<Value> {
    let all = catalog::ORGANISATIONS.iter();
    all.map(|organisation| {
        let values = json!({
            "FOrgID": organisation.id,
            "FNumber": organisation.number,
            "FName": both(organisation.names.0, organisation.names.1),
            "FAcctOrgType": "1",
            "FOrgFunctions": "101,102,103",
            "FDocumentStatus": "C",
        });
        record(form, values)
    })
    .collect()
}

fn departments(form: &Form) -> Vec<Value> {
    let all = catalog::departments();
    let above = |parent: Option<i64>| {
        let parent = all.iter().find(|department| Some(department.id) == parent);
        parent.map_or_else(String::new, |parent| format!("{}_", parent.names.0))
    };
    all.iter()
        .map(|department| {
            let values = json!({
                "FDEPTID": department.id,
                "FNumber": department.number,
                "FName": both(&department.names.0, &department.names.1),
                "FFullName": both(&format!("{}{}", above(department.parent), department.names.0), &department.names.1),
                "FParentID": department.parent,
                "FCreateOrgId": catalog::ORGANISATIONS[0].id,
                "FUseOrgId": catalog::ORGANISATIONS[0].id,
                "FEffectDate": "2019-01-01T00:00:00",
                "FLapseDate": "9999-12-31T00:00:00",
                "FDocumentStatus": department.state,
                "FForbidStatus": if department.active { "A" } else { "B" },
            });
            record(form, values)
        })
        .collect()
}

/// Users, employees and postings, made when asked for.
struct People {
    form: &'static Form,
    world: World,
}

impl Base for People {
    fn len(&self) -> usize {
        self.world.kingdee_accounts() as usize
    }

    fn at(&self, index: usize) -> Value {
        let Some(account) = self.world.kingdee_account(self.world.kingdee_at(index as u32)) else {
            return Value::Null;
        };
        match self.form.id {
            forms::USER => user(self.form, &account),
            forms::EMPLOYEE => employee(self.form, &account),
            _ => posting(self.form, &account),
        }
    }

    fn position(&self, id: &str) -> Option<usize> {
        let employee = self.form.id != forms::USER;
        Some(self.world.kingdee_place(id.parse().ok()?, employee)? as usize)
    }

    fn find(&self, attribute: &str, value: &str) -> Option<Vec<usize>> {
        (self.form.id == forms::USER && attribute == self.form.number)
            .then(|| self.world.find_kingdee(value).into_iter().map(|place| place as usize).collect())
    }
}

fn day(epoch: u64) -> String {
    let (year, month, day) = civil(epoch / 86_400);
    format!("{year:04}-{month:02}-{day:02}T00:00:00")
}

fn user(form: &Form, account: &Account) -> Value {
    let mut organisations: Vec<u8> = Vec::new();
    for (organisation, _) in &account.grants {
        if !organisations.contains(organisation) {
            organisations.push(*organisation);
        }
    }
    let entries = (0_i64..).zip(organisations).map(|(place, organisation)| {
        let roles = account.grants.iter().filter(|grant| grant.0 == organisation);
        let roles = (0_i64..).zip(roles).map(|(below, grant)| {
            json!({ "FEntryId": account.id * 100 + place * 10 + below, "FRoleId": catalog::role_id(grant.1) })
        });
        json!({
            "FEntryId": account.id * 10 + place,
            "FOrgOrgId": catalog::ORGANISATIONS[usize::from(organisation)].id,
            "FRoleInfo": roles.collect::<Vec<_>>(),
        })
    });
    let values = json!({
        "FUserID": account.id,
        "FUserAccount": account.account,
        "FName": account.name,
        "FPhone": account.phone,
        "FEmail": account.email,
        "FForbidStatus": if account.active { "A" } else { "B" },
        "FOrgId": catalog::ORGANISATIONS[usize::from(account.organisation)].id,
        "FUserType": "1",
        "FLinkObject": person_id(account),
        "FCreateDate": day(account.created),
        "FOrgInfo": entries.collect::<Vec<_>>(),
    });
    record(form, values)
}

/// The id of the person behind an account, which is not the employee's.
fn person_id(account: &Account) -> i64 {
    account.employee_id + 5_000_000
}

fn employee(form: &Form, account: &Account) -> Value {
    let organisation = catalog::ORGANISATIONS[usize::from(account.organisation)].id;
    let values = json!({
        "FID": account.employee_id,
        "FName": { "2052": account.name },
        "FStaffNumber": account.employee,
        "FMobile": account.phone,
        "FEmail": account.email,
        "FCreateOrgId": catalog::ORGANISATIONS[0].id,
        "FUseOrgId": organisation,
        "FJoinDate": day(account.created),
        "FCreateUser": true,
        "FUserId": account.id,
        "FPersonId": person_id(account),
        "FForbidStatus": if account.active { "A" } else { "B" },
        "FDocumentStatus": "C",
        "FPostEntity": [{
            "FEntryId": account.employee_id * 10,
            "FWorkOrgId": organisation,
            "FPostDept": account.department,
            "FPost": account.position,
            "FStaffStartDate": day(account.created),
            "FIsFirstPost": true,
        }],
    });
    record(form, values)
}

fn posting(form: &Form, account: &Account) -> Value {
    let organisation = catalog::ORGANISATIONS[usize::from(account.organisation)].id;
    let values = json!({
        "FSTAFFID": account.employee_id,
        "FNumber": format!("GW{}", account.employee),
        "FStaffNumber": account.employee,
        "FPerson": person_id(account),
        "FEmpInfoId": account.employee_id,
        "FCreateOrgId": organisation,
        "FUseOrgId": organisation,
        "FDept": account.department,
        "FPosition": account.position,
        "FStartDate": day(account.created),
        "FForbidStatus": if account.active { "A" } else { "B" },
        "FDocumentStatus": "C",
        "FPOSTBILLEntity": [{ "FEntryId": account.employee_id * 10 + 1, "FIsFirstPost": true }],
    });
    record(form, values)
}
