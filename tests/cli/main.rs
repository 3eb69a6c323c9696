//! The command line as a user has it: the real program against simulators on the loopback.
#![cfg(feature = "simulate")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bed;
mod check;
mod faults;
mod file;
mod oauth2;
mod litmos;
mod own;
mod plan;
mod quirks;
mod usage;
