//! The promises of the program, held over loopback against simulators.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bed;
mod whole_way;
