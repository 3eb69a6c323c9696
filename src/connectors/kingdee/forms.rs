//! The forms that are read and written here: what they are called, which fields are asked for, how their states go
//! (targets/kingdee.md 9).

use serde_json::{Value, json};

use super::Kingdee;
use crate::plan::Request;

/// The largest page of every version (targets/kingdee.md 5: 2000 in most, 10000 in some).
pub(super) const LIMIT: u64 = 2000;

/// A form.
#[derive(Debug)]
pub(super) struct Form {
    /// Its id on the wire.
    pub(super) id: &'static str,
    /// What operators call its records.
    pub(super) title: &'static str,
    /// The field of its internal id.
    pub(super) key: &'static str,
    /// The fields that are asked for, in the order in which the mapping reads them.
    pub(super) fields: &'static [&'static str],
    /// Of these, as many as every version is known to have; the rest is asked for where the form has it.
    pub(super) sure: usize,
    /// By what its list is ordered: a total order, as pages are cut by position.
    pub(super) order: &'static str,
    /// Whether a record is submitted and audited after it was saved.
    pub(super) audited: bool,
    /// Whether it holds the records' organisations.
    pub(super) of_organisation: bool,
}

/// Accounts.
pub(super) static USERS: Form = Form {
    id: "SEC_User",
    title: "users",
    key: "FUserID",
    fields: &[
        "FUserID",
        "FUserAccount",
        "FName",
        "FEmail",
        "FPhone",
        "FForbidStatus",
        "FUserType",
        "FDescription",
        "FCreateDate",
    ],
    sure: 6,
    order: "FUserID ASC",
    audited: false,
    of_organisation: false,
};

/// Employees, where the site keeps its people there.
pub(super) static EMPLOYEES: Form = Form {
    id: "BD_Empinfo",
    title: "employees",
    key: "FID",
    fields: &["FID", "FStaffNumber", "FName", "FEmail", "FMobile", "FForbidStatus", "FDocumentStatus"],
    sure: 6,
    order: "FID ASC",
    audited: true,
    of_organisation: true,
};

/// Roles. Its own keys are inferred (targets/kingdee.md 9), so nothing but its number and name is asked for.
pub(super) static ROLES: Form = Form {
    id: "SEC_KDRoles",
    title: "roles",
    key: "FRoleID",
    fields: &["FNumber", "FName", "FForbidStatus"],
    sure: 2,
    order: "FNumber ASC",
    audited: false,
    of_organisation: false,
};

/// Organisations.
pub(super) static ORGANISATIONS: Form = Form {
    id: "ORG_Organizations",
    title: "organisations",
    key: "FOrgID",
    fields: &["FNumber", "FName", "FDocumentStatus", "FForbidStatus"],
    sure: 2,
    order: "FNumber ASC",
    audited: true,
    of_organisation: false,
};

/// Departments.
pub(super) static DEPARTMENTS: Form = Form {
    id: "BD_Department",
    title: "departments",
    key: "FDEPTID",
    fields: &[
        "FDEPTID",
        "FNumber",
        "FName",
        "FParentID.FNumber",
        "FUseOrgId.FNumber",
        "FCreateOrgId.FNumber",
        "FDocumentStatus",
        "FForbidStatus",
    ],
    sure: 6,
    order: "FDEPTID ASC",
    audited: true,
    of_organisation: true,
};

/// The grants query: a row for each role of each organisation of each user.
pub(super) static GRANTS: Form = Form {
    id: "SEC_User",
    title: "grants",
    key: "FUserID",
    fields: &["FUserID", "FOrgOrgId.FNumber", "FRoleId.FNumber"],
    sure: 3,
    // Rows of one user must not change places between two pages.
    order: "FUserID ASC,FOrgOrgId.FNumber ASC,FRoleId.FNumber ASC",
    audited: false,
    of_organisation: false,
};

/// A text in a filter: quotes are doubled (targets/kingdee.md 5).
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// What a body says as its `data`, in whichever form it is.
pub(super) fn data_of(body: &Value) -> Option<Value> {
    match body.get("data")? {
        Value::String(text) => serde_json::from_str(text).ok(),
        data => Some(data.clone()),
    }
}

impl Kingdee {
    /// One page of a form's rows. `lean`: only the fields that every version has.
    pub(super) fn rows(&self, form: &Form, filter: &str, start: u64, limit: u64, lean: bool) -> Request {
        let fields = if lean { &form.fields[..form.sure] } else { form.fields };
        self.query(form, &fields.join(","), filter, start, limit)
    }

    fn query(&self, form: &Form, fields: &str, filter: &str, start: u64, limit: u64) -> Request {
        Request::ask(
            self.path("DynamicFormService.ExecuteBillQuery"),
            self.shaped(json!({ "data": {
                "FormId": form.id,
                "FieldKeys": fields,
                "FilterString": filter,
                "OrderString": form.order,
                // An absolute last row, not a page's size: 0 is no cap (targets/kingdee.md 5).
                "TopRowCount": 0,
                "StartRow": start,
                "Limit": limit,
            }})),
        )
    }

    /// One record whole, by its internal id.
    pub(super) fn view_by_id(&self, form: &Form, id: &str) -> Request {
        self.view(form, "", id)
    }

    /// One record whole, by its number.
    pub(super) fn view_by_number(&self, form: &Form, number: &str) -> Request {
        self.view(form, number, "")
    }

    fn view(&self, form: &Form, number: &str, id: &str) -> Request {
        let data = json!({ "CreateOrgId": 0, "Number": number, "Id": id, "IsSortBySeq": "false" });
        Request::ask(self.path("DynamicFormService.View"), self.shaped(json!({ "formid": form.id, "data": data })))
    }

    /// What a form is: its operations and their numbers.
    pub(super) fn about(&self, form: &Form) -> Request {
        let question: Value = json!({ "data": { "FormId": form.id } });
        Request::ask(self.path("DynamicFormService.QueryBusinessInfo"), self.shaped(question))
    }

    /// A body as the site takes it: with `data` as an object, or as that in a text (targets/kingdee.md 0.3).
    pub(super) fn shaped(&self, mut body: Value) -> Value {
        if self.data_as_text
            && let Some(data) = body.get_mut("data").filter(|data| data.is_object())
        {
            *data = Value::String(data.to_string());
        }
        body
    }
}
