//! Overrides: paths whose answer a scenario or an event sets, whatever follows from the instance.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::content::Content;
use super::notice::Notice;

/// Overrides by path. A key is below the version, without a slash at either end: `meta-data/public-ipv4`; or, with a
/// slash before it, from the root: `/elsewhere/ami-id`.
///
/// Instances that inherit them share them until an event or a table of their own changes them.
pub(crate) type Overrides = Arc<BTreeMap<String, Override>>;

/// The override of a path; it takes precedence over everything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Override {
    /// A fixed answer.
    Value(Content),
    /// The answer of another path, which itself answers nothing any more.
    Moved(Notice),
    /// No answer, neither at the path nor below it.
    Removed,
}
