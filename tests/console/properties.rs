//! What holds for all sizes and all keys.
