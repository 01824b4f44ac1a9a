//! A start without waiting: what it looks at, and what is found later.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::mpsc;

use super::*;

/// Opens a directory as a server does that starts; gives what is said of it, if anything was said by then.
fn opened_lazily(scratch: &Scratch) -> (Result<KeyRing, Failure>, mpsc::Receiver<KeyFindings>) {
    let (findings, found) = mpsc::channel();
    let report = move |found| findings.send(found).expect("the test listens");
    (KeyRing::open_lazily(&scratch.0, KeyGlance::at(&scratch.0), [2; 32], report), found)
}

#[test]
fn no_start_waits_for_keys_that_seem_whole() {
    let whole = Scratch::with_keys();
    let expected = certificates(&whole.open().expect("keys").ring);
    let (ring, found) = opened_lazily(&whole);
    assert!(found.try_recv().is_err(), "nothing is read before it is needed");
    assert_eq!(certificates(&ring.expect("keys")), expected);
    let KeyFindings { storage, repairs } = found.try_recv().expect("it was read");
    assert_eq!((storage, repairs), (KeyStorage::InDirectory, vec![]));
}

#[test]
fn what_a_start_must_say_or_refuse_is_looked_at_at_once() {
    let damaged = Scratch::with_keys();
    fs::write(damaged.join("rsa2048.pem"), "nonsense").expect("writable");
    let (ring, found) = opened_lazily(&damaged);
    assert!(ring.is_ok());
    assert_eq!(found.try_recv().expect("it was read").repairs.len(), 1);

    let damaged = Scratch::with_keys();
    fs::write(damaged.join("rsa2048.key"), pem::encode(pem::PRIVATE_KEY, b"0")).expect("writable");
    fs::set_permissions(damaged.join("rsa2048.key"), fs::Permissions::from_mode(0o600)).expect("ours");
    let (ring, found) = opened_lazily(&damaged);
    assert!(ring.is_ok());
    assert_eq!(found.try_recv().expect("what is in the PEM block is no key").repairs.len(), 1);

    let own = Scratch::with_keys();
    own.make_own("rsa2048");
    fs::remove_file(own.join("rsa2048.key")).expect("there");
    assert!(opened_lazily(&own).0.is_err(), "another pair would verify nothing that its owner signs");
}

/// The glance is cast before it is known whether there will be a server.
#[test]
fn a_glance_closes_no_key_and_whoever_does_says_so() {
    let scratch = Scratch::with_keys();
    let path = scratch.join("pkcs7.key");
    let mode = || fs::metadata(&path).expect("there").permissions().mode() & 0o777;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("ours");
    let glance = KeyGlance::at(&scratch.0);
    assert_eq!(format!("{:o}", mode()), "644", "after the glance");
    let (findings, found) = mpsc::channel();
    let report = move |found| findings.send(found).expect("the test listens");
    KeyRing::open_lazily(&scratch.0, glance, [2; 32], report).expect("keys");
    let KeyFindings { repairs, .. } = found.try_recv().expect("it was read at once");
    assert_eq!(format!("{:o}", mode()), "600", "after the start");
    assert!(repairs.len() == 1 && repairs[0].contains("was open to other users (mode 0644)"), "{repairs:?}");
}

#[test]
fn a_pair_that_turns_out_to_be_damaged_is_made_anew_and_said() {
    let scratch = Scratch::with_keys();
    let (ring, found) = opened_lazily(&scratch);
    fs::write(scratch.join("pkcs7.key"), "nonsense").expect("writable");
    ring.expect("keys").load_now();
    assert_eq!(found.try_recv().expect("it was read").repairs.len(), 1);
    // And one of the user's own, which is not touched.
    let scratch = Scratch::with_keys();
    let (ring, found) = opened_lazily(&scratch);
    scratch.make_own("pkcs7");
    fs::remove_file(scratch.join("pkcs7.key")).expect("there");
    ring.expect("keys").load_now();
    let KeyStorage::InMemory { why } = found.try_recv().expect("it was read").storage else { panic!("kept") };
    assert!(why.contains("pkcs7.key"), "{why}");
}
