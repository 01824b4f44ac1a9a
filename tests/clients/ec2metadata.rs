//! Debian's `ec2metadata`: every option.

use support::{ClientHost, TOKENS, installed};

/// Option, answer at its own default version, 2009-04-04, and answer at `latest`, where that is another one.
const OPTIONS: [(&str, &str, Option<&str>); 26] = [
    ("ami-id", "ami-0123456789abcdef0", None),
    ("ami-launch-index", "2", None),
    ("ami-manifest-path", "(unknown)", None),
    ("ancestor-ami-ids", "ami-0fedcba9876543210\nami-00000000000000001", None),
    ("availability-zone", "eu-west-1b", None),
    ("block-device-mapping", "ami\nebs1\nroot", None),
    ("instance-action", "none", None),
    ("instance-id", "i-0a1b2c3d4e5f60718", None),
    ("instance-type", "c5n.18xlarge", None),
    ("local-hostname", "ip-10-20-30-40.eu-west-1.compute.internal", None),
    ("local-ipv4", "10.20.30.40", None),
    ("kernel-id", "aki-5c21674b", None),
    ("mac", "unavailable", Some("06:01:02:03:04:aa")),
    ("profile", "unavailable", Some("default-hvm")),
    ("product-codes", "3iplms73etrdhxdepv72l6ywj", None),
    ("public-hostname", "ec2-203-0-113-9.eu-west-1.compute.amazonaws.com", None),
    ("public-ipv4", "203.0.113.9", None),
    (
        "public-keys",
        "['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLEONE me, at home', \
         'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAEXAMPLETWO second@example']",
        None,
    ),
    ("ramdisk-id", "ari-01bb5768", None),
    ("reservation-id", "r-046cb3eca3e201d2f", None),
    ("security-groups", "web\nssh from home", None),
    ("availability-zone-id", "unavailable", Some("euw1-az2")),
    ("region", "unavailable", Some("eu-west-1")),
    ("host-id", "unavailable", Some("h-0da999999f9999fb9")),
    ("group-name", "unavailable", Some("spread")),
    ("partition-number", "unavailable", Some("3")),
];

const LATEST: &str = "--url=http://169.254.169.254/latest";

#[test]
fn ec2metadata() {
    let Some(client) = installed("debian/root/usr/bin/ec2metadata") else { return };
    let client = client.to_str().expect("the repository's path is UTF-8");
    let at_latest = |(_, old, new): (_, &'static str, Option<&'static str>)| new.unwrap_or(old);
    for tokens in TOKENS {
        let Some(host) = ClientHost::new("instance.toml", tokens) else { return };
        // Options in a row are answered in a row.
        let options: Vec<String> = OPTIONS.iter().map(|(name, ..)| format!("--{name}")).collect();
        let words = |first: &[&'static str]| {
            [client]
                .into_iter()
                .chain(first.iter().copied())
                .chain(options.iter().map(String::as_str))
                .collect()
        };
        let default: Vec<&str> = words(&[]);
        let latest: Vec<&str> = words(&[LATEST]);
        host.run(&default).says(OPTIONS.map(|(_, old, _)| format!("{old}\n")).concat());
        host.run(&latest).says(OPTIONS.map(|option| format!("{}\n", at_latest(option))).concat());
        // As bytes, without a newline of its own.
        let user_data = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\r\n\r\nnot text\xff";
        host.run(&[client, "--user-data"]).says(user_data);

        // No option: all of them, with their names.
        let mut all = OPTIONS.map(|option| format!("{}: {}\n", option.0, at_latest(option))).to_vec();
        let shown = r"user-data: b'\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\r\n\r\nnot text\xff'";
        all.insert(21, format!("{shown}\n"));
        host.run(&[client, LATEST]).says(all.concat());
    }
}
