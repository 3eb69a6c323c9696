//! The console as keys to screen: what an operator types, and the text that is then on the screen.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bytes;
mod complete;
mod confirm;
mod decisions;
mod desk;
mod follow;
mod gaps;
mod idle;
mod languages;
mod lists;
mod manners;
mod menu;
mod monkey;
mod password;
mod privacy;
mod properties;
mod pty;
mod rules;
mod scenarios;
mod screens;
mod stopped;
mod world;
