//! Self-signed certificates, and the parts of any certificate that a signature quotes: issuer and serial number.

use rsa::pkcs8::ObjectIdentifier;
use rsa::pkcs8::der::{self, Reader as _, SliceReader};

use super::SignatureKind;
use super::asn1::{
    BIT_STRING, GENERALIZED_TIME, INTEGER, OCTET_STRING, PRINTABLE_STRING, SEQUENCE, SET, UTC_TIME, context,
    element, oid,
};
use super::private_key::PrivateKey;

/// The day when EC2 opened. A scenario may place its instance in any year, and verifiers compare the signing
/// time with the certificate, so the certificate is older than any instance.
const NOT_BEFORE: &[u8] = b"060825000000Z";
/// As far away as in EC2's own `rsa2048` certificates.
const NOT_AFTER: &[u8] = b"21951231235959Z";

/// The issuer of EC2's certificates, attribute by attribute. Ours goes on with a common name that nobody can mistake.
const NAME: [(&str, &str); 4] = [
    ("2.5.4.6", "US"),
    ("2.5.4.8", "Washington State"),
    ("2.5.4.7", "Seattle"),
    ("2.5.4.10", "Amazon Web Services LLC"),
];
const MAKER: &str = "mock-imds";
const KIND: &str = "test key (not from AWS)";
const COMMON_NAME: &str = "2.5.4.3";
const BASIC_CONSTRAINTS: &str = "2.5.29.19";

/// A certificate, and the parts that are quoted or compared, as the bytes that they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    pub(super) der: Vec<u8>,
    /// A `Name`.
    pub(super) issuer: Vec<u8>,
    pub(super) serial: Vec<u8>,
    /// A `SubjectPublicKeyInfo`.
    pub(super) public_key: Vec<u8>,
}

impl Certificate {
    pub(super) fn self_signed(kind: SignatureKind, key: &PrivateKey, serial: [u8; 8]) -> Self {
        let algorithm = key.signature_algorithm().encode(SEQUENCE);
        let name = name(&format!("{MAKER} {} {KIND}", kind.name()));
        let body = element(
            SEQUENCE,
            &[
                &element(context(0), &[&element(INTEGER, &[&[2]])]),
                &positive(serial),
                &algorithm,
                &name,
                &element(
                    SEQUENCE,
                    &[&element(UTC_TIME, &[NOT_BEFORE]), &element(GENERALIZED_TIME, &[NOT_AFTER])],
                ),
                &name,
                &key.public_key(),
                &element(context(3), &[&element(SEQUENCE, &[&may_sign_certificates()])]),
            ],
        );
        let signature = key.sign(&body);
        let der = element(SEQUENCE, &[&body, &algorithm, &element(BIT_STRING, &[&[0], &signature])]);
        Self::from_der(der).expect("a certificate that was just written can be read")
    }

    /// Whether mock-imds made it, damaged as it may be: a certificate of the user's own has another issuer.
    pub(super) fn is_ours(&self) -> bool {
        let contains = |part: &[u8]| self.issuer.windows(part.len()).any(|window| window == part);
        contains(MAKER.as_bytes()) || contains(KIND.as_bytes())
    }

    /// Reads the parts that signatures need; nothing is checked beyond the structure.
    pub(super) fn from_der(der: Vec<u8>) -> der::Result<Self> {
        let [issuer, serial, public_key] = SliceReader::new(&der)?.sequence(|certificate| {
            let parts = certificate.sequence(|body| {
                if body.peek_byte() == Some(context(0)) {
                    body.tlv_bytes()?;
                }
                let serial = body.tlv_bytes()?;
                let _algorithm = body.tlv_bytes()?;
                let issuer = body.tlv_bytes()?;
                let _validity = body.tlv_bytes()?;
                let _subject = body.tlv_bytes()?;
                let public_key = body.tlv_bytes()?;
                while !body.is_finished() {
                    body.tlv_bytes()?;
                }
                Ok::<_, der::Error>([issuer.to_vec(), serial.to_vec(), public_key.to_vec()])
            })?;
            let _algorithm = certificate.tlv_bytes()?;
            let _signature = certificate.tlv_bytes()?;
            Ok::<_, der::Error>(parts)
        })?;
        Ok(Self { der, issuer, serial, public_key })
    }
}

fn name(common: &str) -> Vec<u8> {
    let attributes = NAME.into_iter().chain([(COMMON_NAME, common)]);
    let parts = attributes.map(|(kind, value)| {
        let value = element(PRINTABLE_STRING, &[value.as_bytes()]);
        element(SET, &[&element(SEQUENCE, &[&oid(ObjectIdentifier::new_unwrap(kind)), &value])])
    });
    element(SEQUENCE, &[&parts.collect::<Vec<_>>().concat()])
}

/// An INTEGER above zero: the sign bit is cleared, and the next one set, because DER forbids leading zeros.
fn positive(mut bytes: [u8; 8]) -> Vec<u8> {
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    element(INTEGER, &[&bytes])
}

/// The extension `basicConstraints` with `CA:TRUE`, as EC2's certificates have it.
fn may_sign_certificates() -> Vec<u8> {
    const TRUE: [u8; 3] = [0x01, 0x01, 0xff];
    let constraints = element(SEQUENCE, &[&TRUE]);
    let kind = oid(ObjectIdentifier::new_unwrap(BASIC_CONSTRAINTS));
    element(SEQUENCE, &[&kind, &element(OCTET_STRING, &[&constraints])])
}
