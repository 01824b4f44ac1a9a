//! Instance families by processor and hypervisor.
//!
//! Sources: the families of botocore 1.43.11, `InstanceType` of the service EC2; EC2 User Guide, "Instances built on the
//! Nitro System" and "Amazon EC2 instance type specifications", of 2026-11.

const ARM64_ON_NITRO: &str = "a1 c6g c6gd c6gn c7g c7gd c7gn c8g c8gb c8gd c8gn g5g hpc7g i4g i8g i8ge im4gn is4gen \
    m6g m6gd m7g m7gd m8g m8gb m8gd m8gn mac-m4 mac-m4max mac-m4pro mac2 mac2-m1ultra mac2-m2 mac2-m2pro p6e-gb200 \
    r6g r6gd r7g r7gd r8g r8gb r8gd r8gn t4g x2gd x8g";

const X86_ON_XEN: &str =
    "c1 c3 c4 cc1 cc2 cg1 cr1 d2 f1 g2 g3 g3s h1 hi1 hs1 i2 i3 m1 m2 m3 m4 p2 p3 r3 r4 t1 t2 x1 x1e";

const X86_ON_NITRO: &str = "c5 c5a c5ad c5d c5n c6a c6i c6id c6in c7a c7i c7i-flex c8a c8i c8i-flex c8id d3 d3en dl1 dl2q \
    f2 g4ad g4dn g5 g6 g6e g6f g7e gr6 gr6f hpc6a hpc6id hpc7a hpc8a i3en i4i i7i i7ie inf1 inf2 m5 m5a m5ad m5d m5dn \
    m5n m5zn m6a m6i m6id m6idn m6in m7a m7i m7i-flex m8a m8azn m8i m8i-flex m8id mac1 p3dn p4d p4de p5 p5e p5en \
    p6-b200 p6-b300 r5 r5a r5ad r5b r5d r5dn r5n r6a r6i r6id r6idn r6in r7a r7i r7iz r8a r8i r8i-flex r8id t3 t3a \
    trn1 trn1n trn2 u-12tb1 u-18tb1 u-24tb1 u-3tb1 u-6tb1 u-9tb1 u7i-12tb u7i-6tb u7i-8tb u7ib-12tb u7in-16tb \
    u7in-24tb u7in-32tb u7inh-32tb vt1 x2idn x2iedn x2iezn x8aedz x8i z1d";

/// The processor and the hypervisor of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FamilyKind {
    /// 64-bit x86 on Nitro.
    X86OnNitro,
    /// 64-bit Arm on Nitro.
    Arm64OnNitro,
    /// 64-bit x86 on Xen.
    X86OnXen,
}

const TABLE: [(&str, FamilyKind); 3] = [
    (X86_ON_NITRO, FamilyKind::X86OnNitro),
    (ARM64_ON_NITRO, FamilyKind::Arm64OnNitro),
    (X86_ON_XEN, FamilyKind::X86OnXen),
];

/// The kind of a family; `None` of one that is newer than the table.
pub(super) fn known(family: &str) -> Option<FamilyKind> {
    all().find_map(|(known, kind)| (known == family).then_some(kind))
}

/// All families.
pub(super) fn all() -> impl Iterator<Item = (&'static str, FamilyKind)> {
    TABLE
        .into_iter()
        .flat_map(|(families, kind)| families.split_whitespace().map(move |family| (family, kind)))
}
