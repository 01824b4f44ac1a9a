//! Enums whose variants are strings of a scenario file or of the metadata tree. The strings are strum's.

use strum::VariantArray;

/// The string of a variant, as files and the tree write it.
pub(crate) trait StringEnum: VariantArray + Copy + Into<&'static str> {
    /// Inverse of `FromStr`.
    fn as_str(self) -> &'static str {
        self.into()
    }
}

impl<T: VariantArray + Copy + Into<&'static str>> StringEnum for T {}
