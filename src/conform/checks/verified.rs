//! The signatures themselves, by the certificates that the user gave.

use super::bases::IDENTITY_DOCUMENTS;
use super::signed_data::{Envelope, decoded};
use crate::conform::check::{CheckRow, facts};
use crate::conform::facts::DOCUMENT;
use crate::conform::finding::{CheckFinding, Judgement};
use crate::conform::service::ServiceUnderTest;
use crate::identity::VerificationKey;

const SIGNATURE: &str = "/latest/dynamic/instance-identity/signature";

pub(super) const ROWS: &[CheckRow] = &[
    facts(
        "signature-verifies",
        "GET /latest/dynamic/instance-identity/signature and document",
        "a signature of the document, by a key of a given certificate",
        |service| {
            let document = service.there(DOCUMENT)?;
            let signature = decoded(service, SIGNATURE)?;
            verify(service, &document.body, &signature, Some(signature.len()))
        },
        IDENTITY_DOCUMENTS,
        "SPIRE, Vault",
    ),
    facts(
        "pkcs7-verifies",
        "GET /latest/dynamic/instance-identity/pkcs7",
        "a signature of its attributes, by a key of a given certificate",
        |service| envelope_verifies(service, Envelope::Pkcs7),
        IDENTITY_DOCUMENTS,
        "Vault",
    ),
    facts(
        "rsa2048-verifies",
        "GET /latest/dynamic/instance-identity/rsa2048",
        "a signature of its attributes, by a key of a given certificate",
        |service| envelope_verifies(service, Envelope::Rsa2048),
        IDENTITY_DOCUMENTS,
        "Vault, Teleport",
    ),
];

fn envelope_verifies(service: &mut ServiceUnderTest<'_>, envelope: Envelope) -> Judgement {
    if service.certificates.is_empty() {
        return Err(none_given());
    }
    let bytes = decoded(service, envelope.path())?;
    let (attributes, signature) =
        signed(&bytes).ok_or_else(|| CheckFinding::fails("no signed attributes in it"))?;
    let length = (envelope == Envelope::Rsa2048).then_some(signature.len());
    verify(service, &attributes, signature, length)
}

/// Tries the given certificates with a key of the kind: RSA's with signatures of this length, or DSA's.
fn verify(
    service: &ServiceUnderTest<'_>,
    message: &[u8],
    signature: &[u8],
    length: Option<usize>,
) -> Judgement {
    let is_of_kind = |key: &&VerificationKey| key.signature_length() == length;
    let mut keys = service.certificates.iter().filter(is_of_kind).peekable();
    if keys.peek().is_none() {
        return Err(none_given());
    }
    if keys.any(|key| key.verifies(message, signature)) {
        return Ok(());
    }
    Err(CheckFinding::fails("a signature of other bytes, or by another key"))
}

fn none_given() -> CheckFinding {
    CheckFinding::not_applicable("no certificate with a key of this kind was given (--certificate)")
}

/// The attributes that are signed, as they are signed (under the tag of a SET), and the signature: RFC 5652, 5.3 and 5.4.
fn signed(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    const ATTRIBUTES: u8 = 0xa0;
    const SET: u8 = 0x31;
    let mut starts = (0..bytes.len()).rev().filter(|at| bytes[*at] == ATTRIBUTES);
    starts.find_map(|at| {
        let (attributes, rest) = element(&bytes[at..], ATTRIBUTES)?;
        let content = &bytes[at..bytes.len() - rest.len()];
        let (_algorithm, rest) = element(rest, 0x30)?;
        let (signature, _) = element(rest, 0x04)?;
        let has_digest = super::signed_data::contains(attributes, super::signed_data::MESSAGE_DIGEST);
        has_digest.then(|| ([&[SET], &content[1..]].concat(), signature))
    })
}

/// The content of a DER element with this tag, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (&short, rest) = rest.split_first().filter(|_| first == tag)?;
    let (length, rest) = match short {
        0..=0x7f => (usize::from(short), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_to_their_end() {
        for (bytes, found) in [
            (&[0x04, 2, 1, 2, 9][..], Some((&[1, 2][..], &[9][..]))),
            (&[0x04, 0x81, 1, 7], Some((&[7], &[]))),
            (&[0x04, 0x82, 0, 1, 7, 8], Some((&[7], &[8]))),
            (&[0x04, 3, 1, 2], None),
            (&[0x04, 0x80, 0, 0], None),
            (&[0x05, 0], None),
            (&[0x04], None),
            (&[], None),
        ] {
            assert_eq!(element(bytes, 0x04), found, "{bytes:?}");
        }
    }
}
