//! The parts of `nf_tables` that not every kernel has.

use nix::errno::Errno;

use super::step::BatchStep;
use crate::host::plan::Family;

/// The parts that the kernel has, as known from its refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KernelSupport {
    pub owner: bool,
    pub arp: bool,
}

impl KernelSupport {
    /// The support without the part that was refused; `None` when no part can be left out.
    pub(super) fn degrade(self, step: &BatchStep, error: Errno) -> Option<Self> {
        let unknown =
            matches!(error, Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT | Errno::EINVAL | Errno::ENOENT);
        match step {
            BatchStep::Create(_) if self.owner && unknown => Some(Self { owner: false, ..self }),
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

    const ALL: KernelSupport = KernelSupport { owner: true, arp: true };

    #[test]
    fn what_an_old_kernel_refuses_is_left_out() {
        let plain = KernelSupport { owner: false, ..ALL };
        let bare = KernelSupport { owner: false, arp: false };
        let cases = [
            (ALL, BatchStep::Create(Family::Inet), Errno::EOPNOTSUPP, Some(plain)),
            (ALL, BatchStep::Create(Family::Inet), Errno::EINVAL, Some(plain)),
            (plain, BatchStep::Create(Family::Inet), Errno::EOPNOTSUPP, None),
            (
                ALL,
                BatchStep::Ensure(Family::Arp),
                Errno::EOPNOTSUPP,
                Some(KernelSupport { arp: false, ..ALL }),
            ),
            (plain, BatchStep::Chain(Family::Arp, "guard"), Errno::ENOENT, Some(bare)),
            (bare, BatchStep::Chain(Family::Arp, "guard"), Errno::ENOENT, None),
            (ALL, BatchStep::Ensure(Family::Inet), Errno::EPERM, None),
            (ALL, BatchStep::Chain(Family::Inet, "redirect-host"), Errno::ENOENT, None),
            (ALL, BatchStep::Frame, Errno::EOPNOTSUPP, None),
        ];
        for (support, step, error, expected) in cases {
            assert_eq!(support.degrade(&step, error), expected, "{support:?}, {step:?}, {error}");
        }
    }
}
