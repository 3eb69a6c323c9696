//! The demo world.

use serde::Serialize;

/// One thing that was planted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planted {}

/// The world.
#[derive(Debug, Clone)]
pub struct World {}

impl World {
    /// The world that grows from a seed.
    pub fn new(_seed: u64, _users: u32) -> World {
        World {}
    }

    /// What was planted in a view.
    pub fn planted(&self, _view: &str) -> Vec<Planted> {
        Vec::new()
    }
}
