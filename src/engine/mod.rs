//! The only room with an HTTP client, a clock and tasks of its own.
//!
//! It carries out what connectors ask for (walks), what the operator confirmed (plans), and reports. Retry, budget,
//! cancellation, redaction and the list of recent requests exist once, here.

mod address;
mod ahead;
mod ask;
mod budget;
mod core;
mod desk;
mod drive;
mod fault;
mod fetch;
mod foreseen;
mod headless;
mod http;
mod job;
mod limit;
mod local;
mod member;
mod native;
pub mod protocol;
pub mod push;
mod recent;
mod setup;
#[cfg(test)]
mod stand;
mod together;

pub use self::core::{Handle, behind_a_face, past, runtime, start};
pub use fault::{Fault, Trouble};
pub use headless::{Progress, Session, read_all, test};
pub use http::{Auth, Client, Options, Timeouts};
pub use setup::{Accepted, Reread, Setup, SystemSetup};
