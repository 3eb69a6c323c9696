//! The table native field <-> canonical attribute of each connector, as data: what is read, what is written, what is
//! compared and how, what is mandatory, what the vendor forbids or silently gets wrong.
//!
//! Pure. A mapping file compiles once: per feed to a [`Reader`] that drives page bytes into columns, and per kind to a
//! [`Writer`] that turns a wanted facet into the edit of a native record.

mod alike;
mod build;
mod choice;
mod cited;
mod discovered;
mod draft;
mod fault;
mod feeds;
mod file;
mod findings;
mod format;
mod lost;
mod narrow;
mod path;
mod reader;
mod rows;
mod service;
#[cfg(test)]
mod tests;
mod transform;
mod writer;

pub use cited::{LEGEND, cited};
pub use findings::{Escape, Mangled, Powerless};
pub use format::{
    Access, Address, Alternative, Busy, Capability, Feed, Fields, JsonType, KindMap, Limitation, ListMap, Mandatory,
    MapRow, Mapping, MappingError, Operation, Part, Policy, Profile, Rate, Setting, SideEffect, Via,
};
pub use lost::Loss;
pub use reader::{Columns, HeaderFault, Odd, ReadError, Reader, Rows, Taken};
pub use service::{Ends, PagingBy, Removal, Service, SwitchOff};
pub use transform::{DateForm, Transform, Word, Words};
pub use writer::{Edit, Writer};
