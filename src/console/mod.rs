//! The console: what the operator sees and does.
//!
//! `app` is pure state and `update`; `view` draws it; `term` is the terminal itself; `run` is the loop that ties them to the
//! engine. The core never draws, the screen never acts.

pub mod app;
pub mod run;
pub mod term;
pub mod view;
