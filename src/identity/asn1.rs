//! The few ASN.1 types that a certificate and a `SignedData` consist of.
//!
//! Written here because EC2 sends BER of indefinite length, which the DER crates refuse to write.

use rsa::pkcs8::ObjectIdentifier;

use crate::model::Timestamp;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const PRINTABLE_STRING: u8 = 0x13;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
/// A flag in the tag of a type that consists of others.
pub(super) const CONSTRUCTED: u8 = 0x20;

const OBJECT_IDENTIFIER: u8 = 0x06;
const NULL: [u8; 2] = [0x05, 0x00];
const INDEFINITE: u8 = 0x80;
const END_OF_CONTENTS: [u8; 2] = [0x00, 0x00];

/// The tag `[number]` of a constructed value.
pub(super) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// Tag, length, and the parts one after the other: DER.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut out = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let length = content.len().to_be_bytes();
            let digits = length.iter().skip_while(|byte| **byte == 0).copied().collect::<Vec<_>>();
            let count = u8::try_from(digits.len()).expect("a usize has at most eight bytes");
            out.push(0x80 | count);
            out.extend(digits);
        }
    }
    out.extend(content);
    out
}

/// Tag, "length follows from the end mark", the parts, the end mark: BER, as EC2 writes its outer shells.
pub(super) fn indefinite(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    [&[tag, INDEFINITE], parts.concat().as_slice(), &END_OF_CONTENTS].concat()
}

/// A SET OF in DER: its members ordered by their bytes, which is the order that gets signed.
pub(super) fn set_of(tag: u8, mut members: Vec<Vec<u8>>) -> Vec<u8> {
    members.sort();
    element(tag, &[&members.concat()])
}

pub(super) fn oid(identifier: ObjectIdentifier) -> Vec<u8> {
    element(OBJECT_IDENTIFIER, &[identifier.as_bytes()])
}

/// A `UTCTime` up to 2049, a `GeneralizedTime` after; in whole seconds (RFC 5652 §11.3).
pub(super) fn time(at: Timestamp) -> Vec<u8> {
    let seconds = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
    let instant = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
    let civil = instant.to_zoned(jiff::tz::TimeZone::UTC);
    let (tag, form) =
        if civil.year() < 2050 { (UTC_TIME, "%y%m%d%H%M%SZ") } else { (GENERALIZED_TIME, "%Y%m%d%H%M%SZ") };
    element(tag, &[civil.strftime(form).to_string().as_bytes()])
}

/// An `AlgorithmIdentifier`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Algorithm {
    identifier: ObjectIdentifier,
    /// The parameters are NULL, not absent.
    null_parameters: bool,
}

impl Algorithm {
    pub(super) const SHA1: Self = Self::new("1.3.14.3.2.26", true);
    pub(super) const SHA256: Self = Self::new("2.16.840.1.101.3.4.2.1", true);
    pub(super) const DSA_WITH_SHA1: Self = Self::new("1.2.840.10040.4.3", false);
    pub(super) const SHA256_WITH_RSA: Self = Self::new("1.2.840.113549.1.1.11", true);

    const fn new(identifier: &str, null_parameters: bool) -> Self {
        Self { identifier: ObjectIdentifier::new_unwrap(identifier), null_parameters }
    }

    /// As an `AlgorithmIdentifier` under this tag: [`SEQUENCE`], or the [`context`] tag that replaces it.
    pub(super) fn encode(self, tag: u8) -> Vec<u8> {
        let parameters: &[u8] = if self.null_parameters { &NULL } else { &[] };
        element(tag, &[&oid(self.identifier), parameters])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_the_shortest_form() {
        assert_eq!(element(OCTET_STRING, &[&[7; 127]])[..2], [4, 127]);
        assert_eq!(element(OCTET_STRING, &[&[7; 128]])[..3], [4, 0x81, 128]);
        assert_eq!(element(OCTET_STRING, &[&[7; 200], &[7; 56]])[..4], [4, 0x82, 1, 0]);
    }

    #[test]
    fn a_set_is_ordered_by_its_bytes() {
        assert_eq!(set_of(SET, vec![vec![4, 1, 9], vec![4, 1, 2]]), [0x31, 6, 4, 1, 2, 4, 1, 9]);
    }

    #[test]
    fn years_from_2050_need_four_digits() {
        let text = |secs| String::from_utf8(time(Timestamp::from_secs(secs))).expect("ASCII");
        assert_eq!(text(1_630_704_347), "\u{17}\u{d}210903212547Z");
        assert_eq!(text(2_524_607_999), "\u{17}\u{d}491231235959Z");
        assert_eq!(text(2_524_608_000), "\u{18}\u{f}20500101000000Z");
        assert_eq!(text(u64::MAX), "\u{18}\u{f}99991230220000Z");
    }
}
