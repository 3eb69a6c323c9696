//! Submit, Audit, `UnAudit`, Delete, Forbid, Enable: what changes the state of records (targets/kingdee.md 7).

use serde_json::{Map, Value, json};

use super::call::{get, text};
use super::conflict;
use super::forms::Form;
use super::ledger::{Ledger, Record, id_of, number_of};
use super::reply::{Fail, Outcome, Written};
use super::words::Tongue;
use crate::simulate::faults::Faults;

/// An operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// 提交
    Submit,
    /// 审核
    Audit,
    /// 反审核
    UnAudit,
    /// 撤销
    Cancel,
    /// 删除
    Delete,
    /// 禁用
    Forbid,
    /// 反禁用
    Enable,
}

impl Operation {
    /// The operation of a number, letter case ignored; what forbids is called as the site wants it.
    pub fn of(number: &str, faults: &Faults) -> Option<Operation> {
        let wanted = faults.flag("forbid");
        let forbids = match wanted.as_deref() {
            Some("Disable") => &["disable"][..],
            Some("both") => &["disable", "forbid"],
            _ => &["forbid"],
        };
        let number = number.to_ascii_lowercase();
        match number.as_str() {
            "submit" => Some(Operation::Submit),
            "audit" => Some(Operation::Audit),
            "unaudit" => Some(Operation::UnAudit),
            "cancelassign" => Some(Operation::Cancel),
            "delete" => Some(Operation::Delete),
            "enable" => Some(Operation::Enable),
            number if forbids.contains(&number) => Some(Operation::Forbid),
            _ => None,
        }
    }

    fn name(self) -> (&'static str, &'static str) {
        match self {
            Operation::Submit => ("提交", "submitting it"),
            Operation::Audit => ("审核", "auditing it"),
            Operation::UnAudit => ("反审核", "unauditing it"),
            Operation::Cancel => ("撤销", "cancelling it"),
            Operation::Delete => ("删除", "deleting it"),
            Operation::Forbid => ("禁用", "forbidding it"),
            Operation::Enable => ("反禁用", "enabling it"),
        }
    }

    /// The state that a record in this one comes to; None where it may not.
    fn after(self, state: &str) -> Option<&'static str> {
        match (self, state) {
            (Operation::Submit, "Z" | "A" | "D") => Some("B"),
            (Operation::Audit, "B") => Some("C"),
            (Operation::UnAudit, "C") => Some("D"),
            (Operation::Cancel, "B") => Some("D"),
            (Operation::Delete, "Z" | "A" | "D") => Some("gone"),
            _ => None,
        }
    }
}

/// Carries an operation out on the records that `data` names by `Ids` (a text with commas) or `Numbers` (a list).
pub fn operate(
    ledger: &mut Ledger,
    faults: &Faults,
    tongue: Tongue,
    form: &'static Form,
    operation: Operation,
    data: &Map<String, Value>,
) -> Outcome {
    let is_state = !matches!(operation, Operation::Forbid | Operation::Enable);
    let exists = if operation == Operation::Delete { form.delete } else { !is_state || form.states };
    if !exists {
        return Outcome::refused(tongue.no_operation(form, operation.name().0));
    }
    let mut outcome = Outcome::default();
    for (index, (key, record)) in named(ledger, form, data).into_iter().enumerate() {
        let done = match record {
            None => Err(tongue.no_record(&key)),
            Some(record) => one(ledger, faults, tongue, form, operation, record),
        };
        match done {
            Ok((id, number)) => outcome.written.push(Written { id, number, index }),
            Err(message) => outcome.fails.push(Fail { field: None, message, index }),
        }
    }
    if outcome.fails.is_empty() && outcome.written.is_empty() {
        return Outcome::refused(tongue.missing("Numbers/Ids"));
    }
    outcome
}

fn named(ledger: &Ledger, form: &Form, data: &Map<String, Value>) -> Vec<(String, Option<Record>)> {
    let list = |key: &str| -> Vec<String> {
        match get(data, key) {
            Some(Value::Array(list)) => list.iter().filter_map(text).collect(),
            Some(other) => {
                let joined = text(other).unwrap_or_default();
                joined.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
            }
            None => Vec::new(),
        }
    };
    let by_id = list("Ids").into_iter().map(|id| {
        let record = id.parse().ok().and_then(|id| ledger.get(form, id));
        (id, record)
    });
    let by_number = list("Numbers").into_iter().map(|number| {
        let record = ledger.by_number(form, &number);
        (number, record)
    });
    by_id.chain(by_number).collect()
}

fn one(
    ledger: &mut Ledger,
    faults: &Faults,
    tongue: Tongue,
    form: &'static Form,
    operation: Operation,
    mut record: Record,
) -> Result<(i64, String), String> {
    let (id, number) = (id_of(form, &record), number_of(form, &record));
    if let Some(holder) = conflict::holder(ledger, faults, form, &record) {
        return Err(tongue.conflict(form, &holder, &number));
    }
    if faults.spend("optimistic-lock") {
        return Err(tongue.changed(&number));
    }
    match operation {
        // Doing it again changes nothing, and is no error (targets/kingdee.md 4: idempotent).
        Operation::Forbid | Operation::Enable => {
            let status = if operation == Operation::Forbid { "B" } else { "A" };
            record.insert("FForbidStatus".to_owned(), json!(status));
            ledger.put(form, record);
        }
        Operation::UnAudit if faults.flag("unaudit").as_deref() == Some("refuse") => {
            return Err(tongue.no_right(form, operation.name()));
        }
        _ => {
            let state = record.get("FDocumentStatus").and_then(Value::as_str).unwrap_or("C").to_owned();
            match operation.after(&state) {
                None => return Err(tongue.wrong_state(&number, &state, operation.name())),
                Some("gone") => ledger.remove(form, id),
                Some(state) => {
                    record.insert("FDocumentStatus".to_owned(), json!(state));
                    ledger.put(form, record);
                }
            }
        }
    }
    Ok((id, number))
}
