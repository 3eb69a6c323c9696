//! The loop (being built).
