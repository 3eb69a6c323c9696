//! The only room with an HTTP client, a clock and tasks of its own.
//!
//! It carries out what connectors ask for (walks), what the operator confirmed (plans), and reports. Retry, budget,
//! cancellation, redaction and the list of recent requests exist once, here.

mod address;
mod budget;
mod fault;
mod http;
mod limit;
pub mod protocol;
mod recent;
#[cfg(test)]
mod stand;

pub use fault::{Fault, Trouble};
pub use http::{Auth, Client, Options, Timeouts};
