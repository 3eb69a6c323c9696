//! Whole screens, reviewed.

use std::sync::Arc;

use trueup::engine::protocol::{Command, Health, PastPush, Report};
use trueup::model::{Kind, Proof};
use trueup::plan::{Mode, OutcomeState};

use crate::desk::{Desk, now};
use crate::world;

#[test]
fn the_matrix_at_80x24() {
    let desk = Desk::with(80, 24, world::small());
    insta::assert_snapshot!(desk.screen());
}

#[test]
fn the_matrix_at_120x36() {
    let mut desk = Desk::with(120, 36, world::small());
    desk.keys("j j");
    insta::assert_snapshot!(desk.screen());
}
