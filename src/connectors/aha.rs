//! aha
