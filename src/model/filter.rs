//! The filter of RFC 7644 3.4.2.2: parsed once, evaluated over anything that can show attributes.

/// A parsed filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {}
