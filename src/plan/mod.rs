//! What is to be changed, as data: changes, the requests that carry them out, plans, guards and outcomes.
//!
//! Pure: nothing here can send. A plan holds no secrets by construction, and is pinned to what it was computed from.

mod again;
mod called;
mod change;
#[cfg(test)]
pub(crate) mod fixture;
mod guard;
mod hostile;
mod inverse;
mod order;
mod outcome;
mod renew;
mod request;
pub mod reset;
mod site;
pub mod stage;
mod step;
mod veil;

pub use again::{Created, Undo, retry, undo};
pub use called::{At, Called};
pub use change::{By, Change, ChangeId, EntryKey, Expect, Facet, Ref, Seen, Target, Want, Wanted};
pub use guard::{Facts, Guard, Known, Limits, Mode, Policy, Shrunk, confirm_keys, confirm_names, counted, guards};
pub use hostile::unagreed;
pub use inverse::{CannotUndo, cannot_undo, invert, one_way};
pub use order::{Group, assemble, by_record, digest, lacking, pin};
pub use outcome::{Outcome, OutcomeState};
pub use renew::{Renewed, renew};
pub use request::{Body, Method, REASON_PHRASE, Repeat, Reply, Request, SecretAt, Verdict, fill};
pub use site::{Declared, Endpoint, Evidence, Finding, Hidden, Lost, MemberRemoval, Paging, Site};
pub use stage::seen;
pub use step::{Plan, PlanId, Refusal, Step, StepId};
pub use veil::{DIGITS, Sensitive, VEIL, is_veiled, sensitive, veil_change, veil_step, veil_text, veiled};
