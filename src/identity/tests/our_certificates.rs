//! Certificates that this program makes: their fields, and what tells them from those of users.

use super::*;

#[test]
fn a_certificate_of_ours_may_sign_certificates() {
    let scratch = Scratch::with_keys();
    // basicConstraints, 2.5.29.19, with CA:TRUE.
    let expected = [&[0x30, 0x0c, 0x06, 3, 0x55, 0x1d, 0x13, 0x04, 5][..], &[0x30, 3, 1, 1, 0xff]].concat();
    for name in ["pkcs7.pem", "rsa2048.pem", "signature.pem"] {
        let der = pem::decode(pem::CERTIFICATE, &scratch.read(name)).expect("PEM");
        let found = der.windows(expected.len()).filter(|window| **window == expected).count();
        assert_eq!(found, 1, "{name}: {der:02x?}");
    }
}

/// Above zero, and without a leading zero.
#[test]
fn a_serial_number_is_positive_whatever_its_bytes() {
    let kind = SignatureKind::Rsa2048;
    let der = pem::decode(pem::PRIVATE_KEY, &Scratch::with_keys().read("rsa2048.key")).expect("PEM");
    let key = private_key::PrivateKey::from_pkcs8(kind, &der).expect("a key of its kind");
    for (first, expected) in
        [(0x00, 0x40), (0x3f, 0x7f), (0x40, 0x40), (0x7f, 0x7f), (0x80, 0x40), (0xff, 0x7f)]
    {
        let certificate = certificate::Certificate::self_signed(kind, &key, [first, 0, 0, 0, 0, 0, 0, 9]);
        assert_eq!(certificate.serial, [2, 8, expected, 0, 0, 0, 0, 0, 0, 9], "{first:#x}");
    }
}

/// A certificate may be damaged, also in its issuer.
#[test]
fn each_of_two_marks_tells_a_certificate_of_ours() {
    let whole = Scratch::with_keys();
    let der = pem::decode(pem::CERTIFICATE, &whole.read("rsa2048.pem")).expect("PEM");
    let certificate = certificate::Certificate::from_der(der).expect("DER");
    for (issuer, expected) in [
        ("mock-imds rsa2048 test key (not from AWS)", true),
        ("mock-imds", true),
        ("mxck-imds rsa2048 test key (not from AWS)", true),
        ("mock-imds rsa2048 test kxy (not from AWS)", true),
        ("mxck-imds rsa2048 test kxy (not from AWS)", false),
        ("Amazon Web Services LLC", false),
        ("", false),
    ] {
        let certificate = certificate::Certificate { issuer: issuer.into(), ..certificate.clone() };
        assert_eq!(certificate.is_ours(), expected, "{issuer:?}");
    }
}
