//! A path in the journal.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;

/// The bytes of a path that are in the record itself: nearly all paths fit, and take no memory of their own.
const USUAL: usize = 64;

#[derive(Clone, PartialEq, Eq)]
pub struct RecordedPath(SmallVec<[u8; USUAL]>);

impl From<&str> for RecordedPath {
    fn from(path: &str) -> Self {
        Self(SmallVec::from_slice(path.as_bytes()))
    }
}

impl RecordedPath {
    /// Without the look whether it is text.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Deref for RecordedPath {
    type Target = str;

    fn deref(&self) -> &str {
        std::str::from_utf8(&self.0).expect("it was made of text")
    }
}

impl fmt::Debug for RecordedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for RecordedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl Serialize for RecordedPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for RecordedPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(&*String::deserialize(deserializer)?))
    }
}
