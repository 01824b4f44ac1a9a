//! The ways in which a file in a directory of the service can be damaged.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use support::NOBODY;

/// A damage and what makes it. The path is there before, with or without a file.
pub type Damage = (&'static str, fn(&Path));

/// Damages of what a file holds.
pub const CONTENTS: [Damage; 6] = [
    ("truncated", |path| change(path, |bytes| bytes[..bytes.len() / 2].to_vec())),
    ("empty", |path| change(path, |_| vec![])),
    ("noise", |path| {
        change(path, |_| (0..1777_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect());
    }),
    ("bit flipped", |path| {
        change(path, |bytes| {
            let mut bytes = bytes.to_vec();
            let at = bytes.len() * 2 / 3;
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 4;
            }
            bytes
        });
    }),
    ("tripled", |path| change(path, |bytes| bytes.repeat(3))),
    ("too large", |path| change(path, |_| vec![b'x'; 65 << 20])),
];

/// Other things in the place of a file.
pub const KINDS: [Damage; 6] = [
    ("directory", |path| {
        remove(path);
        fs::create_dir_all(path.join("x")).expect("writable");
    }),
    ("FIFO", |path| {
        remove(path);
        mkfifo(path, Mode::S_IRWXU).expect("writable");
    }),
    ("socket", |path| {
        remove(path);
        drop(UnixListener::bind(path).expect("writable"));
    }),
    ("link to nothing", |path| {
        remove(path);
        symlink("nowhere", path).expect("writable");
    }),
    ("link to itself", |path| {
        remove(path);
        symlink(path, path).expect("writable");
    }),
    ("link to a device", |path| {
        remove(path);
        symlink("/dev/zero", path).expect("writable");
    }),
];

/// Wrong modes, and as root a wrong owner.
pub const PERMISSIONS: [Damage; 3] = [
    ("mode 0000", |path| set_mode(path, 0o000)),
    ("mode 0666", |path| set_mode(path, 0o666)),
    ("another owner", |path| {
        if nix::unistd::geteuid().is_root() {
            chown(path, Some(NOBODY), Some(NOBODY)).expect("root may");
        }
    }),
];

fn change(path: &Path, change: impl Fn(&[u8]) -> Vec<u8>) {
    let bytes = fs::read(path).unwrap_or_default();
    fs::write(path, change(&bytes)).expect("writable");
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("ours");
}

pub fn remove(path: &Path) {
    let _ = fs::remove_file(path).or_else(|_| fs::remove_dir_all(path));
}
