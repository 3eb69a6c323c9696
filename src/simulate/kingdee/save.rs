//! `Save`, `BatchSave` and `Draft` (targets/kingdee.md 7, 9).
//!
//! Owns what a Model does to a record. The default of `IsDeleteEntry` is true: entries that were not sent are gone.

use serde_json::{Map, Value, json};

use super::call::{get, text, truth};
use super::conflict;
use super::forms::{self, Entry, Field, Form, Sort, USER};
use super::ledger::{Ledger, Record, id_of, is_blank, number_of, referred};
use super::records;
use super::reply::{Fail, Outcome, Written};
use super::words::Tongue;
use crate::simulate::faults::Faults;

/// What a save is told beside its Model.
pub struct Save<'s> {
    /// The form.
    pub form: &'static Form,
    /// The faults in force.
    pub faults: &'s Faults,
    /// The language of the session.
    pub tongue: Tongue,
    /// The whole `data`.
    pub data: &'s Map<String, Value>,
    /// Whether it is a draft: nothing is required, and the state is Z.
    pub draft: bool,
}

impl Save<'_> {
    fn asks(&self, key: &str, default: bool) -> bool {
        truth(get(self.data, key), default)
    }

    fn drops_absent(&self) -> bool {
        self.asks("IsDeleteEntry", true) && self.faults.flag("absent-entries").as_deref() != Some("keep")
    }

    fn list(&self, key: &str) -> Vec<String> {
        match get(self.data, key) {
            Some(Value::Array(keys)) => keys.iter().filter_map(text).collect(),
            Some(Value::String(keys)) => {
                keys.split(',').map(|k| k.trim().to_owned()).filter(|k| !k.is_empty()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Saves one Model, or each of a list on its own.
    pub fn run(&self, ledger: &mut Ledger) -> Outcome {
        let mut outcome = Outcome::default();
        let models: Vec<Value> = match get(self.data, "Model") {
            Some(Value::Array(models)) => models.clone(),
            Some(model @ Value::Object(_)) => vec![model.clone()],
            _ => return Outcome::refused(self.tongue.missing("Model")),
        };
        for (index, model) in models.iter().enumerate() {
            let Some(model) = model.as_object() else {
                outcome.fails.push(Fail { field: None, message: self.tongue.missing("Model"), index });
                continue;
            };
            match self.one(ledger, model) {
                Ok(record) => {
                    let (id, number) = (id_of(self.form, &record), number_of(self.form, &record));
                    outcome.told.push(self.told(&record));
                    outcome.written.push(Written { id, number, index });
                }
                Err(refused) => {
                    outcome.code = refused.code;
                    let fail = |(field, message)| Fail { field, message, index };
                    outcome.fails.extend(refused.fails.into_iter().map(fail));
                }
            }
        }
        outcome
    }

    /// What was asked to be told of a record.
    fn told(&self, record: &Record) -> Value {
        let keys = self.list("NeedReturnFields");
        let fields = keys.iter().filter_map(|key| self.form.field(key));
        let told = fields.map(|f| (f.key.to_owned(), record.get(f.kept).cloned().unwrap_or(Value::Null)));
        Value::Object(told.collect())
    }

    fn one(&self, ledger: &mut Ledger, model: &Map<String, Value>) -> Result<Record, Refused> {
        let id = get(model, self.form.key).and_then(text).and_then(|id| id.parse::<i64>().ok()).unwrap_or(0);
        let mut record = if id == 0 {
            records::blank(self.form)
        } else {
            let before = ledger.get(self.form, id).ok_or_else(|| plain(self.tongue.no_record(&id.to_string())))?;
            self.may_change(ledger, &before)?;
            before
        };
        let needed = self.list("NeedUpDateFields");
        let wanted =
            |key: &str| id == 0 || needed.is_empty() || needed.iter().any(|need| need.eq_ignore_ascii_case(key));
        self.fill(ledger, self.form.fields, &mut record, model, &wanted, id == 0)?;
        if let Some(entry) = self.form.entry {
            let named = |entry: &Entry| wanted(entry.key) || entry.fields.iter().any(|field| wanted(field.key));
            let named = named(entry) || entry.below.is_some_and(named);
            match get(model, entry.key) {
                Some(Value::Array(sent)) if named => self.merge(ledger, entry, &mut record, sent)?,
                // The whole record was sent, and the list was not in it (targets/kingdee.md 0.7, 7).
                None if id != 0 && needed.is_empty() && self.drops_absent() => {
                    record.insert(entry.key.to_owned(), json!([]));
                }
                _ => {}
            }
        }
        if !self.draft {
            self.check(ledger, &record, id)?;
        }
        if id == 0 {
            let fresh = ledger.fresh();
            record.insert(self.form.key.to_owned(), json!(fresh));
            if is_blank(record.get(self.form.number)) {
                record.insert(
                    self.form.number.to_owned(),
                    json!(format!("{}{fresh}", self.form.key.trim_start_matches('F'))),
                );
            }
        }
        if self.form.states {
            let state = match (
                self.draft,
                self.asks("IsAutoSubmitAndAudit", false),
                record.get("FDocumentStatus").and_then(Value::as_str),
            ) {
                (true, ..) => "Z",
                (false, true, _) => "C",
                (false, false, Some("D")) => "D",
                // Only where the site lets what is audited be saved; that it stays so is a choice.
                (false, false, Some("C")) => "C",
                _ => "A",
            };
            record.insert("FDocumentStatus".to_owned(), json!(state));
        }
        ledger.put(self.form, record.clone());
        Ok(record)
    }

    /// Whether the record may be changed at all right now.
    fn may_change(&self, ledger: &mut Ledger, before: &Record) -> Result<(), Refused> {
        let number = number_of(self.form, before);
        if let Some(holder) = conflict::holder(ledger, self.faults, self.form, before) {
            return Err(plain(self.tongue.conflict(self.form, &holder, &number)));
        }
        if self.faults.spend("optimistic-lock") {
            return Err(plain(self.tongue.changed(&number)));
        }
        let audited = matches!(before.get("FDocumentStatus").and_then(Value::as_str), Some("B" | "C"));
        if self.form.states && audited && self.faults.flag("save-audited").as_deref() != Some("allow") {
            let state = before.get("FDocumentStatus").and_then(Value::as_str).unwrap_or_default();
            return Err(plain(self.tongue.wrong_state(&number, state, ("修改", "changing it"))));
        }
        Ok(())
    }

    /// Puts the values that were sent into a record or an entry.
    fn fill(
        &self,
        ledger: &Ledger,
        fields: &[Field],
        into: &mut Record,
        model: &Map<String, Value>,
        wanted: &dyn Fn(&str) -> bool,
        new: bool,
    ) -> Result<(), Refused> {
        for field in fields.iter().filter(|field| field.sort != Sort::Key) {
            let Some(sent) = get(model, field.key).filter(|_| wanted(field.key)) else {
                continue;
            };
            // States change by operations alone.
            if matches!(field.key, "FDocumentStatus" | "FForbidStatus") && !new {
                continue;
            }
            if field.key == "FDocumentStatus" || (field.kept != field.key && get(model, field.kept).is_some()) {
                continue;
            }
            let value = self.value(ledger, field, sent, into.get(field.kept))?;
            into.insert(field.kept.to_owned(), value);
        }
        Ok(())
    }

    fn value(&self, ledger: &Ledger, field: &Field, sent: &Value, held: Option<&Value>) -> Result<Value, Refused> {
        Ok(match field.sort {
            Sort::Refer(_) => self.reference(ledger, field, sent)?,
            Sort::Multi => {
                let mut texts = held.and_then(Value::as_object).cloned().unwrap_or_default();
                match sent {
                    Value::Array(list) => {
                        for one in list.iter().filter_map(Value::as_object) {
                            let lcid = get(one, "Key").and_then(text).unwrap_or_default();
                            texts.insert(lcid, get(one, "Value").cloned().unwrap_or(Value::Null));
                        }
                    }
                    other => {
                        let words = text(other).unwrap_or_default();
                        texts.insert(self.tongue.lcid().to_string(), json!(words));
                    }
                }
                Value::Object(texts)
            }
            Sort::Flag => json!(truth(Some(sent), false)),
            Sort::Number => text(sent).and_then(|n| n.parse::<i64>().ok()).map_or(Value::Null, |n| json!(n)),
            Sort::Date => match text(sent).unwrap_or_default() {
                day if day.len() == 10 => json!(format!("{day}T00:00:00")),
                time if time.is_empty() => Value::Null,
                time => json!(time.replace(' ', "T")),
            },
            Sort::Text | Sort::Key => json!(text(sent).unwrap_or_default()),
        })
    }

    /// The id that a reference means: by number, or by id. One that leads nowhere is left empty, unless it is asked to be
    /// verified.
    fn reference(&self, ledger: &Ledger, field: &Field, sent: &Value) -> Result<Value, Refused> {
        let Some(form) = referred(field.sort) else {
            return Ok(Value::Null);
        };
        let (number, id) = match sent {
            Value::Object(parts) => {
                let part =
                    |keys: &[&str]| keys.iter().find_map(|key| get(parts, key).and_then(text)).unwrap_or_default();
                (part(&["FNumber", form.number, "Number", "FStaffNumber"]), part(&[form.key, "Id", "FID"]))
            }
            other => (String::new(), text(other).unwrap_or_default()),
        };
        let by_number = self.asks("NumberSearch", true);
        let found = if !number.is_empty() && by_number {
            ledger.by_number(form, &number)
        } else {
            id.parse().ok().and_then(|id| ledger.get(form, id))
        };
        match found {
            Some(found) => Ok(json!(id_of(form, &found))),
            None if self.asks("IsVerifyBaseDataField", false) && !(number.is_empty() && id.is_empty()) => {
                let key = if number.is_empty() { id } else { number };
                Err(of(field.key, self.tongue.no_reference(field.caption, &key)))
            }
            None => Ok(Value::Null),
        }
    }

    /// Puts the entries that were sent into a record or an entry.
    fn merge(&self, ledger: &mut Ledger, entry: &Entry, into: &mut Record, sent: &[Value]) -> Result<(), Refused> {
        let mut held: Vec<Record> = match into.get(entry.key) {
            Some(Value::Array(held)) => held.iter().filter_map(|e| e.as_object().cloned()).collect(),
            _ => Vec::new(),
        };
        let mut kept: Vec<Record> = Vec::new();
        for model in sent.iter().filter_map(Value::as_object) {
            // What the id of an entry is called in a Model is not known: all names that its tables suggest.
            let id = ["FEntryId", "FEntityId", "FDetailId", "FID", "Id"]
                .iter()
                .find_map(|key| get(model, key).and_then(text))
                .and_then(|id| id.parse::<i64>().ok())
                .filter(|id| *id != 0);
            let place =
                id.and_then(|id| held.iter().position(|h| h.get("FEntryId").and_then(Value::as_i64) == Some(id)));
            let mut record = match (place, id) {
                (Some(place), _) => held.remove(place),
                (None, Some(id)) => return Err(plain(self.tongue.no_record(&id.to_string()))),
                (None, None) => {
                    let mut fresh = Record::new();
                    fresh.insert("FEntryId".to_owned(), json!(ledger.fresh()));
                    fresh
                }
            };
            self.fill(ledger, entry.fields, &mut record, model, &|_| true, true)?;
            for field in entry.fields.iter().filter(|field| field.must && !self.draft) {
                if is_blank(record.get(field.kept)) {
                    return Err(of(field.key, self.tongue.missing(field.caption)));
                }
            }
            if let Some(below) = entry.below {
                match get(model, below.key) {
                    Some(Value::Array(sent)) => self.merge(ledger, below, &mut record, sent)?,
                    None if self.asks("IsDeleteEntry", true) => {
                        record.insert(below.key.to_owned(), json!([]));
                    }
                    _ => {}
                }
            } else if entry.key == "FRoleInfo" && place.is_none() && self.faults.spend("drop-grant") {
                continue;
            }
            kept.push(record);
        }
        if !self.asks("IsDeleteEntry", true) {
            held.append(&mut kept);
            kept = held;
        }
        // One entry per organisation, one per role: that a second one is refused is a choice.
        if let Some(field) = entry.fields.iter().find(|field| field.must) {
            for (place, one) in kept.iter().enumerate() {
                let value = one.get(field.kept);
                if let Some(twin) = kept[..place].iter().find(|other| other.get(field.kept) == value) {
                    let other = referred(field.sort).zip(twin.get(field.kept).and_then(Value::as_i64));
                    let number = other.and_then(|(form, id)| Some(number_of(form, &ledger.get(form, id)?)));
                    return Err(of(field.key, self.tongue.taken(field.caption, &number.unwrap_or_default())));
                }
            }
        }
        into.insert(entry.key.to_owned(), kept.into_iter().map(Value::Object).collect());
        Ok(())
    }

    /// What is required and what is taken.
    fn check(&self, ledger: &Ledger, record: &Record, id: i64) -> Result<(), Refused> {
        let mut fails = Vec::new();
        let asked = self.faults.flag("required");
        let asked = asked.as_deref().unwrap_or("FUserAccount;FName;FOrgInfo").split(';').map(str::trim);
        let user: Vec<&str> = if self.form.id == USER && id == 0 { asked.collect() } else { Vec::new() };
        for field in self.form.fields.iter().filter(|field| field.must || user.contains(&field.key)) {
            let may_be_made = field.key == self.form.number && id == 0 && self.form.id != USER;
            if is_blank(record.get(field.kept)) && !may_be_made {
                fails.push((Some(field.key.to_owned()), self.tongue.missing(field.caption)));
            }
        }
        if let Some(entry) = self.form.entry.filter(|entry| user.contains(&entry.key))
            && is_blank(record.get(entry.key))
        {
            fails.push((Some(entry.key.to_owned()), self.tongue.missing(entry.caption)));
        }
        for field in self.form.fields.iter().filter(|field| field.one) {
            let value = record.get(field.kept).and_then(Value::as_str).unwrap_or_default();
            let others = if value.is_empty() { Vec::new() } else { ledger.find(self.form, field.kept, value) };
            if others.iter().any(|other| id_of(self.form, other) != id) {
                fails.push((Some(field.key.to_owned()), self.tongue.taken(field.caption, value)));
            }
        }
        if self.form.id == forms::DEPARTMENT && self.is_below_itself(ledger, record, id) {
            let number = number_of(self.form, record);
            fails.push((Some("FParentID".to_owned()), self.tongue.no_reference("上级部门", &number)));
        }
        // 11 was seen for a value that was not accepted (targets/kingdee.md 6).
        if fails.is_empty() { Ok(()) } else { Err(Refused { fails, code: 11 }) }
    }

    fn is_below_itself(&self, ledger: &Ledger, record: &Record, id: i64) -> bool {
        let mut above = record.get("FParentID").and_then(Value::as_i64);
        for _ in 0..100 {
            match above {
                None => return false,
                Some(at) if at == id => return true,
                Some(at) => above = ledger.get(self.form, at).and_then(|r| r.get("FParentID").and_then(Value::as_i64)),
            }
        }
        true
    }
}

/// Why a Model was not saved.
struct Refused {
    fails: Vec<(Option<String>, String)>,
    code: i64,
}

fn plain(message: String) -> Refused {
    Refused { fails: vec![(None, message)], code: 0 }
}

fn of(field: &str, message: String) -> Refused {
    Refused { fails: vec![(Some(field.to_owned()), message)], code: 11 }
}
