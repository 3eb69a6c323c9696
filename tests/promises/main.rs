//! The promises of the program, held over loopback against simulators.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod adversary;
mod bed;
mod complete;
mod confirmed;
mod crash;
mod direction;
mod every_step;
mod garbage;
mod guards;
mod hostile;
mod isolation;
mod killed;
mod kingdee;
mod laws;
mod litmos;
mod litmos_faults;
mod matrix;
mod one_writer;
mod preview;
mod read_back;
mod read_only;
mod record;
mod secrets;
mod stale;
mod switches;
mod together;
mod undo;
mod unknown;
mod variants;
mod waiting;
mod whole_way;
