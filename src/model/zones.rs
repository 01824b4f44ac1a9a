//! Regions and their zones as EC2 has them.
//!
//! Sources: the regions of botocore 1.43.11; the zones of AWS' pages "AWS Availability Zones", "AWS Local Zones" and
//! "AWS Wavelength Zones", and of answers of `DescribeAvailabilityZones` that others published, all of 2026-11.

/// A region with its zones.
#[derive(Debug)]
pub(crate) struct KnownRegion {
    /// The name: `us-east-1`.
    pub name: &'static str,
    /// The letter of each Availability Zone and the number in its id; empty where the source does not say.
    ///
    /// In the oldest regions the numbers differ between accounts: those are the letters' own, unless EC2 has no such id.
    letters: &'static str,
    /// The Local Zones and Wavelength Zones, without the region.
    further: &'static str,
}

const fn region(name: &'static str, letters: &'static str, further: &'static str) -> KnownRegion {
    KnownRegion { name, letters, further }
}

/// Announced regions are among them: me-west-1 and sa-west-1.
pub(crate) const REGIONS: [KnownRegion; 48] = [
    region("af-south-1", "a1 b2 c3", "los-1a"),
    region("ap-east-1", "a1 b2 c3", ""),
    region("ap-east-2", "a1 b2 c3", ""),
    region("ap-northeast-1", "a4 b3 c1 d2", "tpe-1a wl1-kix-wlz-1 wl1-nrt-wlz-1"),
    region("ap-northeast-2", "a1 b2 c3 d4", "wl1-cjj-wlz-1 wl1-sel-wlz-1"),
    region("ap-northeast-3", "a3 b1 c2", ""),
    region("ap-south-1", "a1 b3 c2", "ccu-1a del-1a"),
    region("ap-south-2", "a1 b2 c3", ""),
    region("ap-southeast-1", "a1 b2 c3", "bkk-1a mnl-1a"),
    region("ap-southeast-2", "a1 b2 c3", "akl-1a per-1a"),
    region("ap-southeast-3", "a1 b2 c3", ""),
    region("ap-southeast-4", "a1 b2 c3", ""),
    region("ap-southeast-5", "a1 b2 c3", ""),
    region("ap-southeast-6", "a1 b2 c3", ""),
    region("ap-southeast-7", "a1 b2 c3", ""),
    region("ca-central-1", "a1 b2 d4", "wl1-yto-wlz-1"),
    region("ca-west-1", "a1 b2 c3", ""),
    region("cn-north-1", "a1 b2 d4", ""),
    region("cn-northwest-1", "a1 b2 c3", ""),
    region("eu-central-1", "a2 b3 c1", "ham-1a waw-1a wl1-ber-wlz-1 wl1-dtm-wlz-1 wl1-muc-wlz-1"),
    region("eu-central-2", "a1 b2 c3", ""),
    region("eu-isoe-west-1", "", ""),
    region("eu-north-1", "a1 b2 c3", "cph-1a hel-1a"),
    region("eu-south-1", "a1 b2 c3", ""),
    region("eu-south-2", "a1 b2 c3", ""),
    region("eu-west-1", "a1 b2 c3", ""),
    region("eu-west-2", "a2 b3 c1", "wl1-lon-wlz-1 wl1-man-wlz-1"),
    region("eu-west-3", "a1 b2 c3", "cmn-wlz-1a"),
    region("eusc-de-east-1", "", ""),
    region("il-central-1", "a1 b2 c3", ""),
    region("me-central-1", "a1 b2 c3", ""),
    region("me-south-1", "a1 b2 c3", "mct-1a"),
    region("me-west-1", "", ""),
    region("mx-central-1", "a1 b2 c3", ""),
    region("sa-east-1", "a1 b2 c3", ""),
    region("sa-west-1", "", ""),
    region(
        "us-east-1",
        "a1 b2 c3 d4 e5 f6",
        "atl-1a atl-2a bos-1a bue-1a chi-1a chi-2a dfw-1a dfw-2a iah-1a iah-2a lim-1a mci-1a mia-1a mia-2a msp-1a \
         nyc-1a nyc-2a phl-1a qro-1a scl-1a wl1-atl-wlz-1 wl1-bna-wlz-1 wl1-bos-wlz-1 wl1-chi-wlz-1 wl1-clt-wlz-1 \
         wl1-dfw-wlz-1 wl1-dtw-wlz-1 wl1-iah-wlz-1 wl1-mia-wlz-1 wl1-msp-wlz-1 wl1-nyc-wlz-1 wl1-tpa-wlz-1 \
         wl1-was-wlz-1",
    ),
    region("us-east-2", "a1 b2 c3", ""),
    region("us-gov-east-1", "a1 b2 c3", ""),
    region("us-gov-west-1", "a1 b2 c3", ""),
    region("us-iso-east-1", "", ""),
    region("us-iso-west-1", "", ""),
    region("us-isob-east-1", "", ""),
    region("us-isob-west-1", "", ""),
    region("us-isof-east-1", "", ""),
    region("us-isof-south-1", "", ""),
    region("us-west-1", "a1 b3 c3", ""),
    region(
        "us-west-2",
        "a1 b2 c3 d4",
        "den-1a hnl-1a las-1a lax-1a lax-1b pdx-1a phx-1a phx-2a sea-1a wl1-den-wlz-1 wl1-las-wlz-1 wl1-lax-wlz-1 \
         wl1-phx-wlz-1 wl1-sea-wlz-1 wl1-sfo-wlz-1",
    ),
];

// === impl KnownRegion ===

impl KnownRegion {
    /// The region with this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        REGIONS.iter().find(|region| region.name == name)
    }

    /// The number in the id of the Availability Zone with this letter.
    pub(crate) fn number(&self, letter: &str) -> Option<&'static str> {
        self.letters.split_whitespace().find_map(|entry| entry.strip_prefix(letter))
    }

    /// Whether all its Availability Zones are known.
    pub(crate) fn has_all_letters(&self) -> bool {
        !self.letters.is_empty()
    }

    /// The names of its zones without the region: `a`, `lax-1a`, `wl1-bos-wlz-1`.
    pub(crate) fn zones(&self) -> impl Iterator<Item = &'static str> {
        let letters = self.letters.split_whitespace().map(|entry| &entry[..1]);
        letters.chain(self.further.split_whitespace())
    }
}
