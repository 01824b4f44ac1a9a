//! Enums whose items are words of a file or of the tree.

/// Defines an enum of words with the text of each.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$item_doc])* $item),+
        }

        impl $name {
            /// Every word with its value.
            pub const WORDS: &'static [(&'static str, Self)] = &[$(($text, Self::$item)),+];

            /// The word.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$item => $text),+
                }
            }
        }
    };
}

pub(super) use words;
