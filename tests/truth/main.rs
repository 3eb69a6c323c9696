//! The table of truth: what the vendors' guides say, row by row, held against the mappings and driven over loopback.
//!
//! `seed` is typed by hand from the guides (One Identity Starling Connect's tables 289 to 298 with their mandatory fields and
//! limitations; the Kingdee guide's parameters, Test button and Common Issue) and derived from nothing here. Each row is
//! held twice: against the mapping (`toml`), and against a simulator that knows nothing of the mapping (one module a vendor):
//! read; written and seen in the simulator's own state; or refused, with the reason, where the guide allows no write.
#![cfg(feature = "simulate")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod aha;
#[allow(dead_code)]
#[path = "../promises/bed.rs"]
mod bed;
mod drive;
mod files;
mod gateway;
mod idaas;
mod kingdee;
mod litmos;

mod litmos_bullets;
mod odd;
mod odd_products;
mod odd_values;
mod oneim;
mod own;
mod secret;
mod seed;
mod selfcheck;
mod speed;
mod toml;
