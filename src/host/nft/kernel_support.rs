//! The parts of `nf_tables` that not every kernel has.

use nix::errno::Errno;

use super::step::BatchStep;
use crate::host::plan::Family;

/// Who may change a table, and what becomes of it when its owner dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ownership {
    /// Only its owner may change it, and it stays, as an ordinary table, when the owner dies: Linux 6.9.
    Persistent,
    /// Only its owner may change it, and the kernel removes it with its owner: Linux 5.12.
    Volatile,
    /// An ordinary table.
    None,
}

impl Ownership {
    /// A killed guardian must not leave the address without its guard: the tables outlive it, or are ordinary.
    pub(crate) const OUTLIVES: &'static [Self] = &[Self::Persistent, Self::None];
    /// For a guardian whose service manager takes down what it leaves.
    pub(crate) const CLEANED_UP: &'static [Self] = &[Self::Persistent, Self::Volatile, Self::None];
    /// For `net up`, which owns nothing.
    pub(crate) const ORDINARY: &'static [Self] = &[Self::None];
}

/// The parts that the kernel has, as known from its refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KernelSupport {
    /// The acceptable ones, the best first; those that the kernel refused are left out.
    pub ownership: &'static [Ownership],
    pub arp: bool,
}

impl KernelSupport {
    pub(crate) fn ownership(self) -> Ownership {
        self.ownership.first().copied().unwrap_or(Ownership::None)
    }

    /// The support without the part that was refused; `None` when no part can be left out.
    pub(super) fn degrade(self, step: &BatchStep, error: Errno) -> Option<Self> {
        let unknown =
            matches!(error, Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT | Errno::EINVAL | Errno::ENOENT);
        match step {
            BatchStep::Create(_) if unknown => match self.ownership {
                [_, rest @ ..] if !rest.is_empty() => Some(Self { ownership: rest, ..self }),
                _ => None,
            },
            BatchStep::Ensure(Family::Arp)
            | BatchStep::Chain(Family::Arp, _)
            | BatchStep::Rule(Family::Arp, _)
                if self.arp && unknown =>
            {
                Some(Self { arp: false, ..self })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: KernelSupport = KernelSupport { ownership: Ownership::CLEANED_UP, arp: true };

    #[test]
    fn what_an_old_kernel_refuses_is_left_out() {
        let volatile = KernelSupport { ownership: &Ownership::CLEANED_UP[1..], ..ALL };
        let plain = KernelSupport { ownership: Ownership::ORDINARY, ..ALL };
        let bare = KernelSupport { arp: false, ..plain };
        let unmanaged = KernelSupport { ownership: Ownership::OUTLIVES, ..ALL };
        let cases = [
            (ALL, BatchStep::Create(Family::Inet), Errno::EOPNOTSUPP, Some(volatile)),
            (ALL, BatchStep::Create(Family::Inet), Errno::EINVAL, Some(volatile)),
            (volatile, BatchStep::Create(Family::Inet), Errno::EOPNOTSUPP, Some(plain)),
            (plain, BatchStep::Create(Family::Inet), Errno::EOPNOTSUPP, None),
            // Never one that would vanish with the guardian, where nothing takes the address down.
            (unmanaged, BatchStep::Create(Family::Inet), Errno::EOPNOTSUPP, Some(plain)),
            (
                ALL,
                BatchStep::Ensure(Family::Arp),
                Errno::EOPNOTSUPP,
                Some(KernelSupport { arp: false, ..ALL }),
            ),
            (plain, BatchStep::Chain(Family::Arp, "guard"), Errno::ENOENT, Some(bare)),
            (bare, BatchStep::Chain(Family::Arp, "guard"), Errno::ENOENT, None),
            (ALL, BatchStep::Create(Family::Inet), Errno::EPERM, None),
            (ALL, BatchStep::Create(Family::Inet), Errno::EBUSY, None),
            (ALL, BatchStep::Ensure(Family::Arp), Errno::EPERM, None),
            (ALL, BatchStep::Ensure(Family::Inet), Errno::EPERM, None),
            (ALL, BatchStep::Chain(Family::Inet, "redirect-host"), Errno::ENOENT, None),
            (ALL, BatchStep::Frame, Errno::EOPNOTSUPP, None),
        ];
        for (support, step, error, expected) in cases {
            assert_eq!(support.degrade(&step, error), expected, "{support:?}, {step:?}, {error}");
        }
    }
}
