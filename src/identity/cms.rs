//! `SignedData` (PKCS#7, RFC 5652) as EC2 encodes it.
//!
//! Read from genuine samples: the outer shells and the content are of indefinite length, the signer's part is DER;
//! the document is embedded, no certificate is; one signer, named by issuer and serial number.

use rsa::pkcs8::ObjectIdentifier;

use super::asn1::{
    CONSTRUCTED, INTEGER, OCTET_STRING, SEQUENCE, SET, context, element, indefinite, oid, set_of, time,
};
use super::key_pair::KeyPair;
use crate::model::Timestamp;

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
/// `CMSAlgorithmProtection`, RFC 6211.
const ALGORITHM_PROTECTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.52");

/// Bytes of content in one OCTET STRING. Documents of EC2 fit into one; the library whose marks the samples carry
/// (Bouncy Castle) begins another after a thousand.
const CHUNK_LENGTH: usize = 1000;

pub(super) fn signed_data(pair: &KeyPair, document: &[u8], signing_time: Timestamp) -> Vec<u8> {
    let version = element(INTEGER, &[&[1]]);
    let digest = pair.key.digest(document);
    let chunks = document.chunks(CHUNK_LENGTH).flat_map(|chunk| element(OCTET_STRING, &[chunk]));
    let content = indefinite(OCTET_STRING | CONSTRUCTED, &[&chunks.collect::<Vec<_>>()]);
    let body = indefinite(
        SEQUENCE,
        &[
            &version,
            &element(SET, &[&pair.key.digest_algorithm().encode(SEQUENCE)]),
            &indefinite(SEQUENCE, &[&oid(DATA), &indefinite(context(0), &[&content])]),
            &element(SET, &[&signer(pair, &version, &digest, signing_time)]),
        ],
    );
    indefinite(SEQUENCE, &[&oid(SIGNED_DATA), &indefinite(context(0), &[&body])])
}

/// The one `SignerInfo`.
fn signer(pair: &KeyPair, version: &[u8], digest: &[u8], signing_time: Timestamp) -> Vec<u8> {
    let digest_algorithm = pair.key.digest_algorithm();
    let algorithm = pair.key.signature_algorithm();
    let protection = [digest_algorithm.encode(SEQUENCE), algorithm.encode(context(1))].concat();
    let attributes = vec![
        attribute(CONTENT_TYPE, &oid(DATA)),
        attribute(SIGNING_TIME, &time(signing_time)),
        attribute(MESSAGE_DIGEST, &element(OCTET_STRING, &[digest])),
        attribute(ALGORITHM_PROTECTION, &element(SEQUENCE, &[&protection])),
    ];
    // RFC 5652 §5.4: signed under the tag SET, sent under [0].
    let signature = pair.key.sign(&set_of(SET, attributes.clone()));
    element(
        SEQUENCE,
        &[
            version,
            &element(SEQUENCE, &[&pair.certificate.issuer, &pair.certificate.serial]),
            &digest_algorithm.encode(SEQUENCE),
            &set_of(context(0), attributes),
            &algorithm.encode(SEQUENCE),
            &element(OCTET_STRING, &[&signature]),
        ],
    )
}

fn attribute(kind: ObjectIdentifier, value: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[&oid(kind), &element(SET, &[value])])
}
