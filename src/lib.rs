//! trueup.
pub mod model;
pub mod plan;
#[cfg(feature = "simulate")]
pub mod simulate;
