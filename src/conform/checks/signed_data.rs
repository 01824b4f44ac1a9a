//! What is inside the texts of `pkcs7` and `rsa2048`, without a certificate: the document, its digest, and the algorithms.
//!
//! The bytes are looked for, not parsed: EC2's are of indefinite length, others' of definite length, and verifiers take both.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::conform::facts::DOCUMENT;
use crate::conform::finding::{CheckFinding, Judgement};
use crate::conform::service::ServiceUnderTest;

/// 1.2.840.113549.1.7.2
const SIGNED_DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// 1.2.840.113549.1.9.4
pub(super) const MESSAGE_DIGEST: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
/// 1.3.14.3.2.26
const SHA1: &[u8] = &[0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a];
/// 2.16.840.1.101.3.4.2.1
const SHA256: &[u8] = &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// The prefix of the two algorithms for DSA with SHA-1: 1.2.840.10040.4
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04];
/// The prefix of RSA's: 1.2.840.113549.1.1
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];

/// A leaf that has a signature of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Envelope {
    Pkcs7,
    Rsa2048,
}

impl Envelope {
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Pkcs7 => "/latest/dynamic/instance-identity/pkcs7",
            Self::Rsa2048 => "/latest/dynamic/instance-identity/rsa2048",
        }
    }
}

pub(super) fn decoded(service: &mut ServiceUnderTest<'_>, path: &str) -> Result<Vec<u8>, CheckFinding> {
    let text: String = service.text(path)?.split_whitespace().collect();
    STANDARD.decode(text).map_err(|_| CheckFinding::fails(format!("{path} is no base64")))
}

pub(super) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && bytes.windows(part.len()).any(|window| window == part)
}

/// 76 characters a line but the last, no armour, no line feed at the end.
pub(super) fn is_framed(text: &str) -> bool {
    let mut lines = text.split('\n').rev();
    let last = lines.next().unwrap_or_default();
    !text.contains("-----") && (1..=76).contains(&last.len()) && lines.all(|line| line.len() == 76)
}

pub(super) fn is_signed_data(service: &mut ServiceUnderTest<'_>, envelope: Envelope) -> Judgement {
    let bytes = decoded(service, envelope.path())?;
    let start = &bytes[..bytes.len().min(24)];
    if bytes.first() == Some(&0x30) && contains(start, SIGNED_DATA) {
        return Ok(());
    }
    Err(CheckFinding::fails("bytes that are no SignedData"))
}

pub(super) fn embeds_document(service: &mut ServiceUnderTest<'_>, envelope: Envelope) -> Judgement {
    let document = service.there(DOCUMENT)?;
    let bytes = decoded(service, envelope.path())?;
    if contains(&bytes, &document.body) { Ok(()) } else { Err(CheckFinding::fails("no such bytes in it")) }
}

/// The digest among the signed attributes.
pub(super) fn has_digest(service: &mut ServiceUnderTest<'_>, envelope: Envelope) -> Judgement {
    let document = service.there(DOCUMENT)?;
    let bytes = decoded(service, envelope.path())?;
    let digest = match envelope {
        Envelope::Pkcs7 => Sha1::digest(&document.body).to_vec(),
        Envelope::Rsa2048 => Sha256::digest(&document.body).to_vec(),
    };
    let length = u8::try_from(digest.len()).expect("digests are short");
    let attribute = [MESSAGE_DIGEST, &[0x31, length + 2, 0x04, length], &digest].concat();
    if contains(&bytes, &attribute) {
        return Ok(());
    }
    Err(CheckFinding::fails("another digest, or none: the signature is of other bytes"))
}

pub(super) fn has_algorithms(service: &mut ServiceUnderTest<'_>, envelope: Envelope) -> Judgement {
    let bytes = decoded(service, envelope.path())?;
    let (digest, signature) = match envelope {
        Envelope::Pkcs7 => (SHA1, DSA),
        Envelope::Rsa2048 => (SHA256, RSA),
    };
    match (contains(&bytes, digest), contains(&bytes, signature)) {
        (true, true) => Ok(()),
        (false, _) => Err(CheckFinding::fails("another digest algorithm")),
        _ => Err(CheckFinding::fails("another signature algorithm")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_framed_as_ec2_frames_it() {
        let line = "A".repeat(76);
        for (text, framed) in [
            (format!("{line}\n{line}\nAAAA"), true),
            ("AAAA".to_owned(), true),
            (format!("{line}\n{line}\n"), false),
            (format!("{}\nAAAA", &line[..64]), false),
            (format!("-----BEGIN PKCS7-----\n{line}"), false),
            (format!("{line}{line}"), false),
        ] {
            assert_eq!(is_framed(&text), framed, "{text}");
        }
    }
}
