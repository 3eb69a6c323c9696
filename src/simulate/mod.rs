//! Loopback stand-ins for the vendors' services, and the demo world that they all show.
//!
//! Written from the vendors' documents, never from `connectors`: the two check each other. May import serde, axum
//! and tokio; no wire type of the connectors.

pub mod aha;
pub mod faults;
pub mod scim;
pub mod shelf;
pub mod world;
