//! trueup: accounts that are out of true, seen and put right.
#[cfg(feature = "simulate")]
pub mod simulate;
