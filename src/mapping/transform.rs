//! The closed set of transforms.

/// One step between a native text and a canonical one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transform {
    /// Outer blanks are cut. One-way.
    Trim,
}
