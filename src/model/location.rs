//! The location of an instance: zone, region and partition, and how they follow from each other.

use std::fmt;
use std::str::FromStr;

use super::ids::Accepted;
use super::zones::KnownRegion;

/// A region: `us-east-1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Region(String);

/// A zone: of a region (`us-east-1a`), a Local Zone (`us-west-2-lax-1a`) or a Wavelength Zone
/// (`us-east-1-wl1-bos-wlz-1`; of the newer form, `eu-west-3-cmn-wlz-1a`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AvailabilityZone {
    name: String,
    region_length: usize,
}

/// A partition: its name in ARNs and its DNS suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Partition {
    /// The name, as in ARNs: `aws`, `aws-cn`, …
    pub name: &'static str,
    /// The DNS suffix, as in `services/domain`: `amazonaws.com`, `amazonaws.com.cn`, …
    pub domain: &'static str,
}

/// Partitions by the prefix of their regions; the first match wins.
/// Source: the partitions file that the AWS SDKs share.
const PARTITIONS: [(&str, Partition); 7] = [
    ("cn-", Partition { name: "aws-cn", domain: "amazonaws.com.cn" }),
    ("us-gov-", Partition { name: "aws-us-gov", domain: "amazonaws.com" }),
    ("us-iso-", Partition { name: "aws-iso", domain: "c2s.ic.gov" }),
    ("us-isob-", Partition { name: "aws-iso-b", domain: "sc2s.sgov.gov" }),
    ("eu-isoe-", Partition { name: "aws-iso-e", domain: "cloud.adc-e.uk" }),
    ("us-isof-", Partition { name: "aws-iso-f", domain: "csp.hci.ic.gov" }),
    ("eusc-", Partition { name: "aws-eusc", domain: "amazonaws.eu" }),
];

/// The partition of every other region.
const COMMERCIAL: Partition = Partition { name: "aws", domain: "amazonaws.com" };

// === impl Region ===

impl Region {
    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition that the region belongs to.
    pub(crate) fn partition(&self) -> Partition {
        let fits = |(prefix, _): &&(&str, Partition)| self.0.starts_with(prefix);
        PARTITIONS.iter().find(fits).map_or(COMMERCIAL, |(_, partition)| *partition)
    }

    /// The short form that zone ids start with: `use1` for `us-east-1`.
    fn abbreviation(&self) -> String {
        let mut words = self.0.split('-');
        let area = words.next().unwrap_or_default();
        let shorten = |word: &str| match word {
            "northeast" => "ne".to_owned(),
            "northwest" => "nw".to_owned(),
            "southeast" => "se".to_owned(),
            "southwest" => "sw".to_owned(),
            // Ids of us-isob-east-1 are usibe1-az1 and so on: us-iso-east-1 has usie1.
            isolated @ ("isob" | "isoe" | "isof") => format!("i{}", &isolated[3..]),
            number if number.bytes().all(|b| b.is_ascii_digit()) => number.to_owned(),
            other => other[..1].to_owned(),
        };
        area.to_owned() + &words.map(shorten).collect::<String>()
    }
}

impl FromStr for Region {
    type Err = Accepted;

    fn from_str(text: &str) -> Result<Self, Accepted> {
        match region_length(text) {
            Some(length) if length == text.len() => Ok(Self(text.to_owned())),
            _ => Err(Accepted("a region such as \"us-east-1\" or \"us-gov-west-1\"")),
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// === impl AvailabilityZone ===

impl AvailabilityZone {
    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.name
    }

    /// The region that owns the zone. Cutting the last letter would be wrong for Local Zones.
    pub(crate) fn region(&self) -> Region {
        Region(self.name[..self.region_length].to_owned())
    }

    /// True of a name such as `eu-west-3-cmn-wlz-1a`.
    pub(crate) fn is_newer_wavelength_zone(&self) -> bool {
        newer_wavelength_zone(self.name[self.region_length..].trim_start_matches('-')).is_some()
    }

    /// A plausible zone id: `use1-az1` for `us-east-1a`, `usw2-lax1-az1` for `us-west-2-lax-1a`.
    ///
    /// In EC2's oldest regions the letter maps to another number in each account; here it is always the same.
    pub(crate) fn zone_id(&self) -> String {
        let region = self.region().abbreviation();
        let rest = self.name[self.region_length..].trim_start_matches('-');
        // Wavelength Zones keep their group: `use1-wl1-bos-wlz1`.
        if let Some((group, number)) = rest.rsplit_once('-').filter(|_| rest.starts_with("wl")) {
            return format!("{region}-{group}{number}");
        }
        if let Some((place, number, letter)) = newer_wavelength_zone(rest) {
            return format!("{region}-{place}{number}-wlz{}", letter - b'a' + 1);
        }
        let (group, letter) = match rest.rsplit_once('-') {
            Some((group, last)) => (format!("{group}{}", last.trim_end_matches(char::is_alphabetic)), last),
            None => (String::new(), rest),
        };
        let number = letter.bytes().last().filter(u8::is_ascii_lowercase).map_or(1, |b| b - b'a' + 1);
        let of_letter =
            KnownRegion::named(&self.name[..self.region_length]).and_then(|known| known.number(rest));
        if let Some(number) = of_letter {
            return format!("{region}-az{number}");
        }
        let group = group.replace('-', "");
        if group.is_empty() { format!("{region}-az{number}") } else { format!("{region}-{group}-az{number}") }
    }
}

impl FromStr for AvailabilityZone {
    type Err = Accepted;

    fn from_str(text: &str) -> Result<Self, Accepted> {
        const ACCEPTED: Accepted =
            Accepted("a zone such as \"us-east-1a\", or a Local Zone such as \"us-west-2-lax-1a\"");
        let region_length = region_length(text).ok_or(ACCEPTED)?;
        let rest = &text[region_length..];
        let letter = |t: &str| t.len() == 1 && t.bytes().all(|b| b.is_ascii_lowercase());
        let words = |t: &str| {
            t.split('-')
                .all(|w| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
        };
        if letter(rest) || rest.strip_prefix('-').is_some_and(words) {
            Ok(Self { name: text.to_owned(), region_length })
        } else {
            Err(ACCEPTED)
        }
    }
}

impl fmt::Display for AvailabilityZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Place, number and letter of `cmn-wlz-1a`, as a Wavelength Zone of the newer form has them after its region.
fn newer_wavelength_zone(rest: &str) -> Option<(&str, &str, u8)> {
    let (place, last) = rest.split_once("-wlz-")?;
    let (number, letter) = last.split_at_checked(last.len().checked_sub(1)?)?;
    let is_place = place.len() == 3 && place.bytes().all(|b| b.is_ascii_lowercase());
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let letter = letter.bytes().next().filter(u8::is_ascii_lowercase)?;
    (is_place && is_number).then_some((place, number, letter))
}

/// The number of bytes at the start of `text` that are a region: words between hyphens up to the first number.
fn region_length(text: &str) -> Option<usize> {
    let mut at = 0;
    for (index, word) in text.split('-').enumerate() {
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            return (index >= 2).then_some(at + digits);
        }
        if word.is_empty() || !word.bytes().all(|b| b.is_ascii_lowercase()) {
            return None;
        }
        at += word.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::zones::REGIONS;

    #[test]
    fn region_zone_id_and_partition_follow_from_the_zone() {
        let cases = [
            ("us-east-1a", "us-east-1", "use1-az1", "aws"),
            ("us-east-2b", "us-east-2", "use2-az2", "aws"),
            ("ap-southeast-1c", "ap-southeast-1", "apse1-az3", "aws"),
            ("eu-central-1a", "eu-central-1", "euc1-az2", "aws"),
            ("ap-northeast-1c", "ap-northeast-1", "apne1-az1", "aws"),
            ("us-west-1b", "us-west-1", "usw1-az3", "aws"),
            ("us-west-2-lax-1b", "us-west-2", "usw2-lax1-az2", "aws"),
            ("us-east-1-chi-2a", "us-east-1", "use1-chi2-az1", "aws"),
            ("us-west-2-wl1-sfo-wlz-1", "us-west-2", "usw2-wl1-sfo-wlz1", "aws"),
            ("ap-northeast-2-wl1-cjj-wlz-1", "ap-northeast-2", "apne2-wl1-cjj-wlz1", "aws"),
            ("eu-west-3-cmn-wlz-1a", "eu-west-3", "euw3-cmn1-wlz1", "aws"),
            ("eu-west-3-cmn-wlz-2b", "eu-west-3", "euw3-cmn2-wlz2", "aws"),
            ("us-iso-east-1a", "us-iso-east-1", "usie1-az1", "aws-iso"),
            ("us-isob-east-1a", "us-isob-east-1", "usibe1-az1", "aws-iso-b"),
            ("us-gov-east-1a", "us-gov-east-1", "usge1-az1", "aws-us-gov"),
            ("us-west-2-lax-1a", "us-west-2", "usw2-lax1-az1", "aws"),
            ("us-east-1-wl1-bos-wlz-1", "us-east-1", "use1-wl1-bos-wlz1", "aws"),
            ("us-gov-west-1b", "us-gov-west-1", "usgw1-az2", "aws-us-gov"),
            ("cn-northwest-1a", "cn-northwest-1", "cnnw1-az1", "aws-cn"),
        ];
        for (zone, region, id, partition) in cases {
            let parsed: AvailabilityZone = zone.parse().expect(zone);
            assert_eq!(parsed.region().as_str(), region, "region of {zone}");
            assert_eq!(parsed.zone_id(), id, "zone id of {zone}");
            assert_eq!(parsed.region().partition().name, partition, "partition of {zone}");
        }
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        for wrong in
            ["", "us-east-1", "us-east", "1a", "us-1a", "us-east-1A", "us-east-1ab", "us-east-1-", "us--1a"]
        {
            assert!(wrong.parse::<AvailabilityZone>().is_err(), "{wrong:?} was accepted as a zone");
        }
        for wrong in ["", "us-east-1a", "us-east", "us-east-1-lax"] {
            assert!(wrong.parse::<Region>().is_err(), "{wrong:?} was accepted as a region");
        }
    }

    #[test]
    fn every_zone_has_an_id_of_its_own() {
        let mut ids = BTreeSet::new();
        for region in &REGIONS {
            for zone in region.zones() {
                let separator = if zone.len() == 1 { "" } else { "-" };
                let name = format!("{}{separator}{zone}", region.name);
                let parsed: AvailabilityZone =
                    name.parse().unwrap_or_else(|e| panic!("{name}: accepted: {e}"));
                assert_eq!(parsed.region().as_str(), region.name, "the region of {name}");
                // An account of us-west-1 has a and c, or b and c.
                let first = ids.insert(parsed.zone_id());
                assert!(
                    first || name == "us-west-1c",
                    "{name} has the id {} of another zone",
                    parsed.zone_id()
                );
            }
        }
    }
}
