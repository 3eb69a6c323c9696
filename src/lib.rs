//! The house of trueup: which room holds what, and who may look into which.
//!
//! Data flows one way. The engine brings bytes in; a connector walks a service and says what to ask next; a mapping turns
//! pages into tables; compare finds who is who and what is out of true; plan turns the chosen fixes into requests; a
//! connector renders them, and the engine carries them out. The store remembers. Console and command line stand on all of
//! it and own none of it; the simulators answer on the loopback.
//!
//! | room | may import |
//! |---|---|
//! | model, secret | nobody |
//! | mapping | model |
//! | compare | model, mapping |
//! | plan | model, mapping, compare |
//! | config | model, mapping, plan, secret |
//! | connectors | model, mapping, plan, secret |
//! | store | model, mapping, compare, plan |
//! | engine | all of the above; `engine::protocol` only the pure rooms and secret |
//! | console::app | the pure rooms, secret, `engine::protocol`, the key map as data |
//! | console::view | app, model, plan, themes |
//! | console::term | nobody |
//! | simulate | model; no type of the connectors, so that two readings of one reference check each other |
//! | cli, main, console::run | everyone |
//!
//! Pure rooms (model, mapping, compare, plan, connectors, `console::app`) know no tokio, no HTTP client, no database, no
//! file, no socket and no clock. A test reads every path in `src` and holds the table.

pub mod cli;
pub mod compare;
pub mod config;
pub mod connectors;
pub mod console;
pub mod engine;
pub mod mapping;
pub mod model;
pub mod plan;
pub mod secret;
#[cfg(feature = "simulate")]
pub mod simulate;
pub mod store;
