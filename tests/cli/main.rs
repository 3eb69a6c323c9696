//! The command line as a user has it: the real program against simulators on the loopback.
#![cfg(feature = "simulate")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod accepted;
mod bed;
mod canary;
mod check;
mod faults;
mod file;
mod hell;
mod idaas;
mod litmos;
mod oauth2;
mod own;
mod plan;
mod prompt;
mod quirks;
mod race;
mod record;
mod usage;
