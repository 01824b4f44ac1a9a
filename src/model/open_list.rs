//! Words of lists that EC2 lengthens: those that are known, and any other of the same form.

use std::borrow::Cow;
use std::str::FromStr;

use super::ids::Accepted;

/// A word of such a list.
pub(crate) trait OpenList: FromStr<Err = Accepted> {
    /// The words that are known.
    const KNOWN: &'static [&'static str];

    /// The word.
    fn word(&self) -> &str;

    /// Whether it is one of those that are known.
    fn is_known(&self) -> bool {
        Self::KNOWN.contains(&self.word())
    }
}

macro_rules! open_list {
    ($(#[$about:meta])* $name:ident { $($(#[$word_about:meta])* $constant:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(Cow<'static, str>);

        impl $name {
            $($(#[$word_about])* #[allow(dead_code, reason = "not every word is a default or has a rule")]
            pub(crate) const $constant: Self = Self(Cow::Borrowed($word));)+

            /// The word.
            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl OpenList for $name {
            const KNOWN: &'static [&'static str] = &[$($word),+];

            fn word(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Accepted;

            fn from_str(text: &str) -> Result<Self, Accepted> {
                if let Some(known) = Self::KNOWN.iter().find(|known| **known == text) {
                    return Ok(Self(Cow::Borrowed(known)));
                }
                if is_word(text) {
                    return Ok(Self(Cow::Owned(text.to_owned())));
                }
                Err(Accepted(concat!($("\"", $word, "\", "),+, "or another word of lower-case letters, digits and hyphens")))
            }
        }
    };
}

/// The form of EC2's words: lower-case letters, digits and single hyphens, up to 64.
fn is_word(text: &str) -> bool {
    let part =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() <= 64 && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.split('-').all(part)
}

open_list! {
    /// The purchasing option: `instance-life-cycle`.
    LifeCycle {
        /// On demand.
        ON_DEMAND = "on-demand",
        /// Spot.
        SPOT = "spot",
        /// Scheduled Instances.
        SCHEDULED = "scheduled",
        /// Capacity Blocks.
        CAPACITY_BLOCK = "capacity-block",
        /// Capacity reserved by another account, which may take it back.
        INTERRUPTIBLE = "interruptible-capacity-reservation",
    }
}

open_list! {
    /// The kind of a maintenance event.
    MaintenanceCode {
        /// The instance is rebooted.
        INSTANCE_REBOOT = "instance-reboot",
        /// The host of the instance is rebooted.
        SYSTEM_REBOOT = "system-reboot",
        /// The host of the instance is maintained.
        SYSTEM_MAINTENANCE = "system-maintenance",
        /// The instance is retired.
        INSTANCE_RETIREMENT = "instance-retirement",
        /// The instance is stopped.
        INSTANCE_STOP = "instance-stop",
    }
}

open_list! {
    /// The progress of a maintenance event. One in an unknown state is shown among those that are scheduled.
    MaintenanceState {
        /// To come, or under way.
        ACTIVE = "active",
        /// Over.
        COMPLETED = "completed",
        /// Called off.
        CANCELED = "canceled",
    }
}
