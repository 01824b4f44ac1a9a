//! The category tree of one instance, built once and read by every request.
//!
//! Every listed path answers 200, and an absent one is not listed: cloud-init walks the whole tree and drops all of it
//! if one listed entry is missing.

mod build;
mod builder;
mod directory;
mod memo;
mod table;

pub use table::category_paths;

pub(crate) use directory::{Directory, TreeEntryRef};
