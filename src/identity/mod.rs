//! The instance identity document.

mod document;

pub use document::document;
