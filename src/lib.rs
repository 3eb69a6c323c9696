//! trueup.
pub mod compare;
pub mod connectors;
pub mod mapping;
pub mod model;
pub mod plan;
#[cfg(feature = "simulate")]
pub mod simulate;
