//! The framing of the texts that are signed, and what is signed.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::model::{Instance, Override};

#[test]
fn each_text_has_the_framing_of_ec2() {
    let ring = Scratch::with_keys().open().expect("keys").ring;
    let signed = ring.sign(DOCUMENT, TIME);
    let widths = |text: &str| text.split('\n').map(str::len).collect::<Vec<_>>();
    assert_eq!(widths(&signed.signature), [76, 76, 20]);
    assert!(signed.pkcs7.starts_with("MIAGCSqGSIb3DQEHAqCAMIACAQExCzAJBgUrDgMCGgUAMIAGCSqGSIb3DQEHAaCA"));
    assert!(signed.rsa2048.starts_with("MIAGCSqGSIb3DQEHAqCAMIACAQExDzANBglghkgBZQMEAgEFADCABgkqhkiG9w0B"));
    for text in [&signed.pkcs7, &signed.rsa2048] {
        let widths = widths(text);
        let (last, full) = widths.split_last().expect("lines");
        assert!(full.iter().all(|width| *width == 76) && (1..=76).contains(last), "{widths:?}\n{text}");
    }
}

#[test]
fn the_same_document_and_time_give_the_same_texts() {
    let ring = Scratch::with_keys().open().expect("keys").ring;
    let signed = ring.sign(DOCUMENT, TIME);
    assert_eq!(ring.sign(DOCUMENT, TIME), signed);
    let later = ring.sign(DOCUMENT, Timestamp::from_secs(1_630_704_348));
    assert_eq!(later.signature, signed.signature, "it has no time in it");
    assert_ne!((later.pkcs7, later.rsa2048), (signed.pkcs7, signed.rsa2048));
}

#[test]
fn what_is_signed_is_the_document_that_is_served() {
    let keys = Arc::new(KeyRing::generate([7; 32]));
    let mut instance = Instance::default();
    let said = "{\"version\":\"2010-08-31\"}";
    Arc::make_mut(&mut instance.overrides).insert(
        "dynamic/instance-identity/document".into(),
        Override::Value(said.as_bytes().to_vec().into()),
    );
    let signed = SignedDocument::of(&instance, &keys);
    let expected = keys.sign(said.as_bytes(), instance.launch_time.plus(Duration::from_secs(3)));
    assert_eq!((signed.document.as_str(), signed.signatures()), (said, &expected));
}

#[test]
fn nothing_private_is_in_the_debug_form() {
    let scratch = Scratch::with_keys();
    let shown = format!("{:?}", scratch.open().expect("keys"));
    assert_eq!(shown, "OpenedKeyRing { ring: KeyRing { .. }, storage: InDirectory, repairs: [] }");
}
