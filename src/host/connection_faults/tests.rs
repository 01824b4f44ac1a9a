use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

use nix::unistd::{geteuid, mkfifo};

use super::*;
use crate::files::HeldFile;
use crate::model::fault::ConnectionFailure;

fn refused() -> Vec<ConnectionFault> {
    vec![ConnectionFault { failure: ConnectionFailure::Refused, service: None, clients: vec![] }]
}

/// The runtime directory of a server, in one that is ours alone.
fn directory(name: &str) -> PathBuf {
    let above = std::env::temp_dir().join(format!("mock-imds-faults-{}-{name}", std::process::id()));
    let directory = above.join("server");
    fs::create_dir_all(&directory).expect("writable");
    for made in [&above, &directory] {
        fs::set_permissions(made, Permissions::from_mode(0o755)).expect("ours");
    }
    directory
}

fn remove(directory: &Path) {
    fs::remove_dir_all(directory.parent().expect("it has one")).expect("ours");
}

#[test]
fn a_list_is_in_force_while_its_server_lives() {
    let directory = directory("lives");
    let path = directory.join(ConnectionFault::FILE);
    let mut list = ConnectionFaultList::open(&directory);
    assert_eq!(list.refresh(), []);
    assert_eq!(list.next_check(), None, "events tell");
    let held = HeldFile::place(&path, &ConnectionFault::write_all(&refused())).expect("writable");
    assert!(list.drain(), "an event");
    assert_eq!(list.refresh(), refused());
    assert_eq!(list.next_check(), Some(CHECK_INTERVAL));
    // As a killed server leaves it.
    held.replaced();
    assert!(path.exists() && list.drain(), "an event of the end");
    assert_eq!(list.refresh(), []);
    remove(&directory);
}

#[test]
fn a_directory_that_comes_later_is_noticed() {
    let directory = directory("later");
    fs::remove_dir(&directory).expect("empty");
    let mut list = ConnectionFaultList::open(&directory);
    assert!(!list.drain() && list.refresh().is_empty());
    fs::create_dir(&directory).expect("writable");
    assert!(list.drain(), "its directory");
    let path = directory.join(ConnectionFault::FILE);
    let held = HeldFile::place(&path, &ConnectionFault::write_all(&refused())).expect("writable");
    assert!(list.drain(), "its file");
    fs::set_permissions(&directory, Permissions::from_mode(0o755)).expect("ours");
    assert_eq!(list.refresh(), refused());
    fs::write(directory.join("state.json"), "{}").expect("writable");
    drop(held);
    assert!(list.drain() && list.refresh().is_empty());
    fs::write(directory.join("state.json"), "{}").expect("writable");
    assert!(!list.drain(), "another file is none of ours");
    remove(&directory);
}

#[test]
fn what_others_may_have_written_is_not_believed() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage, &str); 8] = [
        ("directory", |file| set(file.parent().expect("one"), 0o777), "others may have written it"),
        ("file", |file| set(file, 0o666), "others may have written it"),
        (
            "above",
            |file| set(file.ancestors().nth(2).expect("one"), 0o1777),
            "others may have made its directory",
        ),
        (
            "link",
            |file| {
                fs::rename(file, file.with_extension("moved")).expect("ours");
                symlink(file.with_extension("moved"), file).expect("writable");
            },
            "cannot be opened",
        ),
        (
            "directory-link",
            |file| {
                let directory = file.parent().expect("one");
                fs::rename(directory, directory.with_extension("moved")).expect("ours");
                symlink(directory.with_extension("moved"), directory).expect("writable");
            },
            "cannot be opened",
        ),
        (
            "pipe",
            |file| {
                fs::remove_file(file).expect("ours");
                mkfifo(file, Mode::S_IRUSR).expect("writable");
            },
            "no file of the server",
        ),
        (
            "names",
            |file| fs::hard_link(file, file.with_extension("two")).expect("writable"),
            "no file of the server",
        ),
        ("large", |file| fs::write(file, vec![b' '; 2 << 20]).expect("writable"), "is larger than"),
    ];
    for (name, damage, expected) in damages {
        let directory = directory(name);
        let path = directory.join(ConnectionFault::FILE);
        let _held = HeldFile::place(&path, &ConnectionFault::write_all(&refused())).expect("writable");
        assert_eq!(read(&directory), Ok(refused()), "{name}, before");
        damage(&path);
        let found = read(&directory).expect_err(name);
        assert!(found.contains(expected), "{name}: expected {expected:?}, found {found:?}");
        remove(&directory);
    }
}

fn set(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("ours");
}

/// A server may have a user of its own; what is in its directory is that user's, or root's.
#[test]
fn a_list_is_of_root_or_of_the_user_of_its_directory() {
    const SERVER: u32 = 65_533;
    const OTHER: u32 = 65_534;
    if !geteuid().is_root() {
        return;
    }
    for (directory_of, file_of, is_believed) in
        [(0, 0, true), (SERVER, SERVER, true), (SERVER, 0, true), (SERVER, OTHER, false), (0, OTHER, false)]
    {
        let directory = directory(&format!("owners-{directory_of}-{file_of}"));
        let path = directory.join(ConnectionFault::FILE);
        let _held = HeldFile::place(&path, &ConnectionFault::write_all(&refused())).expect("writable");
        chown(&directory, Some(directory_of), None).expect("root may");
        chown(&path, Some(file_of), None).expect("root may");
        let found = read(&directory);
        let expected = if is_believed {
            found == Ok(refused())
        } else {
            found.as_ref().is_err_and(|found| found.contains("no file of"))
        };
        assert!(expected, "a list of {file_of} in a directory of {directory_of}: {found:?}");
        remove(&directory);
    }
}

#[test]
fn a_list_may_be_as_long_as_is_read() {
    let directory = directory("length");
    let path = directory.join(ConnectionFault::FILE);
    let mut content = ConnectionFault::write_all(&refused());
    let _held = HeldFile::place(&path, &content).expect("writable");
    for (length, is_read) in [(MAX_BYTES, true), (MAX_BYTES + 1, false)] {
        content.resize(usize::try_from(length).expect("it fits"), b' ');
        fs::write(&path, &content).expect("ours");
        assert_eq!(read(&directory).is_ok(), is_read, "{length} bytes");
    }
    remove(&directory);
}
