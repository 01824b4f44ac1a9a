//! Files that are shipped beside the program must agree with it, and with each other.

use std::fs;
use std::path::Path;

use mock_imds::model::endpoint::{ADDRESS_V4, ADDRESS_V6, SERVICE_PORT};
use sha2::{Digest as _, Sha256};

fn read(path: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn value<'a>(unit: &'a str, key: &str) -> Option<&'a str> {
    unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
}

#[test]
fn sockets_listen_where_the_redirect_ends() {
    for (unit, expected) in [
        ("systemd/mock-imds.socket", format!("{ADDRESS_V4}:{SERVICE_PORT}")),
        ("systemd/mock-imds-ipv6.socket", format!("[{ADDRESS_V6}]:{SERVICE_PORT}")),
    ] {
        assert_eq!(value(&read(unit), "ListenStream"), Some(expected.as_str()), "ListenStream= of {unit}");
    }
}

/// dpkg asks the user what to do with a conffile if both the user and the package changed it. The package never does:
/// what there is to say is said in `default.toml` and in the manual, which are no conffiles. So these checksums stay.
#[test]
fn conffiles_are_frozen() {
    for (file, frozen) in [
        ("packaging/etc/scenario.toml", "28c32e6ed99d9330f9c45ceb00411bb9bf143a147608cd4f3c61095a759d915e"),
        ("packaging/etc/host.toml", "19fd1becce37af06e62d39592ecf33bbd3f893263c10d2b2d1740df8cca9066b"),
    ] {
        let bytes = Sha256::digest(read(file));
        let found = bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        assert_eq!(found, frozen, "{file} changed: every upgrade would ask its user about it; put it back");
    }
}

#[test]
fn versions_agree() {
    let version = env!("CARGO_PKG_VERSION");
    let changelog = read("debian/changelog");
    let newest = changelog.lines().next().unwrap_or_default();
    assert!(
        newest.starts_with(&format!("mock-imds ({version}) ")),
        "debian/changelog says '{newest}', Cargo.toml {version}"
    );
    for page in ["mock-imds.8", "mock-imds.toml.5", "mock-imds-host.toml.5"] {
        let text = read(&format!("packaging/man/{page}"));
        let header = text.lines().find(|line| line.starts_with(".TH")).unwrap_or_default();
        assert!(
            header.contains(&format!("\"mock-imds {version}\"")),
            "{page} says '{header}', Cargo.toml {version}"
        );
    }
}
