//! Aha!, simulated.

use super::faults::Switch;
use super::{Service, Setting, StartError};

/// The switches of this simulator.
pub const SWITCHES: &[Switch] = &[];

/// The service.
///
/// # Errors
/// None yet.
pub fn service(_setting: &Setting) -> Result<Service, StartError> {
    Err(StartError::Connector("aha".to_owned()))
}
