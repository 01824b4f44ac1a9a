//! Framing of the signed texts, and the life of the key directory.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;

use rsa::pkcs8::ObjectIdentifier;

use super::*;
use crate::exit::{ExitStatus, Failure};
use crate::model::{Instance, Override, Timestamp};

const DOCUMENT: &[u8] = b"{\n  \"accountId\" : \"123456789012\"\n}";
const TIME: Timestamp = Timestamp::from_secs(1_630_704_347);

/// A directory that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("mock-imds-identity-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("the temporary directory is writable");
        Self(path)
    }

    /// With the keys of seed 1, which are made once for all tests.
    fn with_keys() -> Self {
        static MADE: OnceLock<[String; 6]> = OnceLock::new();
        let made = MADE.get_or_init(|| {
            let scratch = Self::new();
            KeyRing::open(&scratch.0, [1; 32]).expect("an empty directory is filled");
            FILES.map(|name| scratch.read(name))
        });
        let copy = Self::new();
        for (name, content) in FILES.iter().zip(made) {
            fs::write(copy.join(name), content).expect("writable");
            fs::set_permissions(copy.join(name), fs::Permissions::from_mode(0o600)).expect("ours");
        }
        copy
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.join(name)).expect(name)
    }

    /// Makes the certificate of a leaf one of the user's own: another issuer, of the same length.
    fn make_own(&self, leaf: &str) {
        let path = format!("{leaf}.pem");
        let Some(mut der) = pem::decode(pem::CERTIFICATE, &self.read(&path)) else { return };
        for part in ["mock-imds", "test key (not from AWS)"] {
            let found = |der: &[u8]| der.windows(part.len()).position(|window| window == part.as_bytes());
            while let Some(at) = found(&der) {
                der[at..at + part.len()].fill(b'x');
            }
        }
        fs::write(self.join(&path), pem::encode(pem::CERTIFICATE, &der)).expect("writable");
    }

    fn open(&self) -> Result<OpenedKeyRing, Failure> {
        KeyRing::open(&self.0, [2; 32])
    }

    /// Opens, and gives the failure that must come of it.
    fn refused(&self) -> Failure {
        self.open().expect_err("this directory must be refused")
    }

    /// What the owner, the group and the others may do with the directory itself.
    fn mode(&self) -> u32 {
        fs::metadata(&self.0).expect("it is there").permissions().mode() & 0o7777
    }

    fn modes(&self) -> Vec<(String, String)> {
        let entries = fs::read_dir(&self.0).expect("readable").map(|entry| entry.expect("readable"));
        let mut modes = entries
            .map(|entry| {
                let mode = entry.metadata().expect("stat").permissions().mode() & 0o7777;
                (entry.file_name().into_string().expect("ASCII"), format!("{mode:o}"))
            })
            .collect::<Vec<_>>();
        modes.sort();
        modes
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const FILES: [&str; 6] =
    ["pkcs7.key", "pkcs7.pem", "rsa2048.key", "rsa2048.pem", "signature.key", "signature.pem"];

fn certificates(ring: &KeyRing) -> [String; 3] {
    SignatureKind::ALL.map(|leaf| ring.certificate_pem(leaf))
}

// === the signed texts ===

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

// === the directory ===

#[test]
fn keys_are_made_once_and_found_again() {
    let scratch = Scratch::new();
    let directory = scratch.join("identity");
    let made = KeyRing::open(&directory, [1; 32]).expect("a writable directory");
    let found = KeyRing::open(&directory, [2; 32]).expect("the keys that were just made");
    assert_eq!((made.storage, found.storage), (KeyStorage::InDirectory, KeyStorage::InDirectory));
    assert_eq!(certificates(&found.ring), certificates(&made.ring), "another seed must not matter");
    assert_eq!(found.ring.sign(DOCUMENT, TIME), made.ring.sign(DOCUMENT, TIME));

    let directory = Scratch(directory);
    let shown = fs::metadata(&directory.0).expect("stat").permissions().mode() & 0o7777;
    assert_eq!(format!("{shown:o}"), "755");
    let expected = [
        (".lock", "600"),
        ("pkcs7.key", "600"),
        ("pkcs7.pem", "644"),
        ("rsa2048.key", "600"),
        ("rsa2048.pem", "644"),
        ("signature.key", "600"),
        ("signature.pem", "644"),
    ];
    assert_eq!(directory.modes(), expected.map(|(name, mode)| (name.to_owned(), mode.to_owned())));
}

#[test]
fn a_removed_pair_is_made_anew_and_the_others_stay() {
    let scratch = Scratch::with_keys();
    let before = FILES.map(|name| scratch.read(name));
    fs::remove_file(scratch.join("pkcs7.key")).expect("there");
    fs::remove_file(scratch.join("pkcs7.pem")).expect("there");
    assert_eq!(scratch.open().expect("filled up").storage, KeyStorage::InDirectory);
    let after = FILES.map(|name| scratch.read(name));
    assert!(before[..2].iter().zip(&after[..2]).all(|(old, new)| old != new), "pkcs7 is new");
    assert_eq!(before[2..], after[2..]);
}

/// Opens a directory in which something is damaged; gives what is said of it.
#[track_caller]
fn mended(scratch: &Scratch) -> String {
    let opened = scratch.open().expect("whatever is damaged, there are keys");
    assert_eq!(opened.storage, KeyStorage::InDirectory, "{:?}", opened.repairs);
    let again = scratch.open().expect("they were kept");
    assert_eq!(certificates(&again.ring), certificates(&opened.ring), "of the next start");
    assert_eq!(again.repairs, [""; 0], "at the next start");
    opened.repairs.join("\n")
}

#[test]
fn a_key_without_its_certificate_gets_a_new_one() {
    for content in [None, Some(""), Some("nonsense")] {
        let scratch = Scratch::with_keys();
        let (key, path) = (scratch.read("rsa2048.key"), scratch.join("rsa2048.pem"));
        match content {
            None => fs::remove_file(&path).expect("there"),
            Some(content) => fs::write(&path, content).expect("writable"),
        }
        let said = mended(&scratch);
        assert!(said.starts_with(&format!("{} ", path.display())), "{said}");
        assert!(said.contains(": the key has a new certificate"), "{said}");
        assert_eq!(said.contains("what was there is "), content.is_some(), "{said}");
        assert_eq!(scratch.read("rsa2048.key"), key);
        if let Some(content) = content {
            assert_eq!(scratch.read("rsa2048.pem.damaged"), content);
        }
    }
}

#[test]
fn a_certificate_without_its_key_gets_another_name() {
    let scratch = Scratch::with_keys();
    let certificate = scratch.read("rsa2048.pem");
    fs::remove_file(scratch.join("rsa2048.key")).expect("there");
    let said = mended(&scratch);
    let aside = scratch.join("rsa2048.pem.damaged");
    assert!(
        said.ends_with(&format!("there is a new pair; what was there is {} now", aside.display())),
        "{said}"
    );
    assert_eq!(scratch.read("rsa2048.pem.damaged"), certificate);
}

#[test]
fn a_creation_that_was_interrupted_between_the_two_names_is_finished() {
    let scratch = Scratch::with_keys();
    let certificate = scratch.read("signature.pem");
    fs::rename(scratch.join("signature.pem"), scratch.join(".signature.pem.new")).expect("there");
    scratch.open().expect("the prepared certificate is taken");
    assert_eq!(scratch.read("signature.pem"), certificate);

    // One that belongs to another key is not.
    fs::remove_file(scratch.join("signature.pem")).expect("there");
    fs::copy(scratch.join("rsa2048.pem"), scratch.join(".signature.pem.new")).expect("there");
    let key = scratch.read("signature.key");
    assert!(mended(&scratch).contains("signature.pem is not there: the key has a new certificate"));
    assert_eq!(scratch.read("signature.key"), key);
}

/// Opens after one file has other content: beside our own certificate it is damaged and gets another name, beside one
/// of the user's it is refused, and must not change by that.
fn refused_with(name: &str, content: &str, expected: &str) {
    let scratch = Scratch::with_keys();
    fs::write(scratch.join(name), content).expect("writable");
    let said = mended(&scratch);
    let start = format!("{} {expected}", scratch.join(name).display());
    assert!(said.starts_with(&start) && said.contains(": there is a new pair; "), "{said}\nexpected {start}");
    assert_eq!(scratch.read(&format!("{name}.damaged")), content);

    let scratch = Scratch::with_keys();
    fs::write(scratch.join(name), content).expect("writable");
    let leaf = name.split('.').next().expect("a name");
    scratch.make_own(leaf);
    let before = scratch.read(name);
    let failure = scratch.refused();
    let start = format!("{} {expected}", scratch.join(name).display());
    assert!(
        failure.status == ExitStatus::Config && failure.message.starts_with(&start),
        "{failure:?}\nexpected {start}"
    );
    assert!(failure.message.ends_with("is made at the next start"), "{failure:?}");
    assert_eq!(scratch.read(name), before);
}

#[test]
fn files_that_do_not_fit_are_refused_by_name() {
    let other = KeyRing::generate([3; 32]);
    let keys = Scratch::with_keys();
    let (signature, rsa2048, dsa) =
        (keys.read("signature.key"), keys.read("rsa2048.key"), keys.read("pkcs7.key"));

    refused_with(
        "rsa2048.pem",
        &other.certificate_pem(SignatureKind::Rsa2048),
        "certifies another key than the one in",
    );
    refused_with(
        "pkcs7.pem",
        &other.certificate_pem(SignatureKind::Pkcs7),
        "certifies another key than the one in",
    );
    refused_with(
        "signature.key",
        &rsa2048,
        "holds an RSA key of 2048 bits, signature needs an RSA key of 1024 bits",
    );
    refused_with(
        "rsa2048.key",
        &signature,
        "holds an RSA key of 1024 bits, rsa2048 needs an RSA key of 2048 bits",
    );
    refused_with("rsa2048.key", &dsa, "holds a DSA key of 1024/160 bits, rsa2048 needs");
    refused_with(
        "pkcs7.key",
        &rsa2048,
        "holds an RSA key of 2048 bits, pkcs7 needs a DSA key of 1024/160 bits",
    );
    refused_with("pkcs7.key", "", "holds no PEM block \"PRIVATE KEY\"");
    refused_with("pkcs7.key", &pem::encode(pem::PRIVATE_KEY, b"0"), "holds no PKCS#8 key");
    let old_form = rsa2048.replace("PRIVATE KEY", "RSA PRIVATE KEY");
    refused_with("rsa2048.key", &old_form, "holds no PEM block \"PRIVATE KEY\"");
}

#[test]
fn keys_that_cannot_sign_are_refused() {
    let keys = Scratch::with_keys();
    let damaged = |name: &str, part: &[u8]| {
        let mut der = pem::decode(pem::PRIVATE_KEY, &keys.read(name)).expect("a key");
        let at = der.windows(part.len()).position(|window| window == part).expect("part of the key");
        der[at + 8] ^= 2;
        pem::encode(pem::PRIVATE_KEY, &der)
    };
    let modulus = [0x02, 0x81, 0x81, 0x00];
    refused_with(
        "signature.key",
        &damaged("signature.key", &modulus),
        "holds a key whose numbers do not fit together, signature needs",
    );
    let generator = [0xf7, 0xe1, 0xa0, 0x85];
    refused_with(
        "pkcs7.key",
        &damaged("pkcs7.key", &generator),
        "holds a key whose numbers do not fit together, pkcs7 needs",
    );

    let other = |identifier| {
        let algorithm =
            asn1::element(asn1::SEQUENCE, &[&asn1::oid(ObjectIdentifier::new_unwrap(identifier))]);
        let parts: [&[u8]; 3] = [&[2, 1, 0], &algorithm, &[4, 1, 0]];
        pem::encode(pem::PRIVATE_KEY, &asn1::element(asn1::SEQUENCE, &parts))
    };
    refused_with("rsa2048.key", &other("1.3.101.112"), "holds a key of another kind (1.3.101.112), rsa2048");
    refused_with("rsa2048.key", &other("1.2.840.10045.2.1"), "holds an elliptic-curve key, rsa2048 needs");
}

#[test]
fn text_around_a_users_pem_block_is_no_problem() {
    let scratch = Scratch::with_keys();
    let certificate = scratch.read("rsa2048.pem");
    fs::write(scratch.join("rsa2048.pem"), format!("subject=Zoë\r\n{certificate}{certificate}"))
        .expect("writable");
    assert_eq!(scratch.open().expect("usable").ring.certificate_pem(SignatureKind::Rsa2048), certificate);
}

#[test]
fn what_is_no_file_gets_another_name() {
    let changed = |change: fn(&Path), expected: &str| {
        let scratch = Scratch::with_keys();
        let path = scratch.join("pkcs7.key");
        fs::remove_file(&path).expect("there");
        change(&path);
        let said = mended(&scratch);
        assert!(said.starts_with(&format!("{} {expected}", path.display())), "{said}");
        let aside = scratch.join("pkcs7.key.damaged");
        assert!(aside.symlink_metadata().is_ok(), "{} must be there", aside.display());
    };
    changed(|path| fs::create_dir(path).expect("writable"), "is a directory");
    changed(|path| symlink("/nonexistent", path).expect("writable"), "cannot be read: no such file");
    changed(|path| fs::write(path, vec![b' '; 70_000]).expect("writable"), "is larger than 64 KiB");

    let scratch = Scratch::with_keys();
    let path = scratch.join("pkcs7.pem");
    fs::remove_file(&path).expect("there");
    fs::create_dir(&path).expect("writable");
    let said = mended(&scratch);
    assert!(said.starts_with(&format!("{} is a directory", path.display())), "{said}");
    assert!(scratch.join("pkcs7.pem.damaged").is_dir());

    let scratch = Scratch::new();
    fs::write(scratch.join("identity"), "").expect("writable");
    let opened = KeyRing::open(&scratch.join("identity"), [1; 32]).expect("a directory is made");
    let said =
        format!("{0} is no directory of ours: it is {0}.damaged now", scratch.join("identity").display());
    assert_eq!((opened.storage, opened.repairs), (KeyStorage::InDirectory, vec![said]));
}

#[test]
fn a_directory_that_is_closed_to_us_is_opened_if_it_is_ours() {
    let is_root = nix::unistd::geteuid().is_root();
    for (mode, is_closed) in [
        (0o000, true),
        (0o500, true),
        (0o677, true),
        (0o1300, true),
        (0o700, false),
        (0o755, false),
        (0o2711, false),
    ] {
        for owner in [None, Some(65_534)].into_iter().take(if is_root { 2 } else { 1 }) {
            let scratch = Scratch::with_keys();
            std::os::unix::fs::chown(&scratch.0, owner, None).expect("root may");
            fs::set_permissions(&scratch.0, fs::Permissions::from_mode(mode)).expect("ours");
            let found = scratch.open().expect("keys").repairs;
            let shown = scratch.0.display();
            let (said, left) = if is_closed && owner.is_none() {
                (vec![format!("{shown} had mode {mode:04o}: it has mode 0755 now")], 0o755)
            } else {
                (vec![], mode)
            };
            assert_eq!((found, scratch.mode()), (said, left), "mode {mode:04o}, of {owner:?}");
        }
    }
}

#[test]
fn a_link_of_ours_to_a_directory_is_followed() {
    let (scratch, links) = (Scratch::with_keys(), Scratch::new());
    let link = links.join("identity");
    symlink(&scratch.0, &link).expect("writable");
    let opened = KeyRing::open(&link, [2; 32]).expect("keys");
    assert_eq!((opened.storage, opened.repairs), (KeyStorage::InDirectory, vec![]));
    assert_eq!(certificates(&opened.ring)[2], scratch.read("rsa2048.pem"));
    if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::lchown(&link, Some(65_534), None).expect("root may");
        let found = KeyRing::open(&link, [2; 32]).expect("keys").repairs;
        assert_eq!(found, [format!("{0} is no directory of ours: it is {0}.damaged now", link.display())]);
    }
}

/// A creation was interrupted, and somebody has put something in its place since.
#[test]
fn no_certificate_is_overwritten_by_one_of_an_interrupted_creation() {
    let scratch = Scratch::with_keys();
    fs::rename(scratch.join("rsa2048.pem"), scratch.join(".rsa2048.pem.new")).expect("ours");
    fs::write(scratch.join("rsa2048.pem"), "somebody's").expect("writable");
    mended(&scratch);
    assert_eq!(scratch.read("rsa2048.pem.damaged"), "somebody's");
}

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

#[test]
fn an_open_key_is_closed_and_one_of_another_user_is_not_used() {
    let scratch = Scratch::with_keys();
    let (path, key) = (scratch.join("rsa2048.key"), scratch.read("rsa2048.key"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("ours");
    let said = mended(&scratch);
    assert!(said.contains("was open to other users (mode 0644): it has mode 0600 now"), "{said}");
    assert_eq!(scratch.read("rsa2048.key"), key);
    if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::chown(&path, Some(65_534), None).expect("root may");
        let said = mended(&scratch);
        assert!(said.contains("rsa2048.key belongs to user 65534: there is a new pair"), "{said}");
        assert_eq!(scratch.read("rsa2048.key.damaged"), key);
    }
}

#[test]
fn without_a_writable_directory_keys_are_in_memory() {
    // sysfs takes no new directories, from root neither.
    let directory = Path::new("/sys/kernel/mock-imds");
    let opened = KeyRing::open(directory, [1; 32]).expect("no error");
    let KeyStorage::InMemory { why } = &opened.storage else { panic!("{directory:?} was written") };
    assert!(why.starts_with("cannot write /sys/kernel/mock-imds: "), "{why}");
    assert_eq!(certificates(&opened.ring), certificates(&KeyRing::generate([1; 32])));
}

#[test]
fn two_that_start_at_once_share_one_set_of_keys() {
    let scratch = Scratch::new();
    let rings = std::thread::scope(|scope| {
        let open = |seed| {
            scope.spawn({
                let directory = &scratch.0;
                move || KeyRing::open(directory, [seed; 32]).expect("a writable directory").ring
            })
        };
        [open(1), open(2)].map(|thread| certificates(&thread.join().expect("no panic")))
    });
    assert_eq!(rings[0], rings[1]);
}

// === without waiting ===

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
