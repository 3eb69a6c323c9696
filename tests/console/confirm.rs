//! Nothing is written on one key.
