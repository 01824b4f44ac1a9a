//! Keys are made once and found again: directories, their modes and owners, links, and two starts at once.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::*;

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
