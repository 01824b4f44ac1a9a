//! Directories: what they list, and how.

use std::collections::BTreeSet;

use super::bases::{CAPTURES, CATEGORIES, RETRIEVAL};
use crate::conform::check::{Basis, CheckGroup, CheckRow, CheckTest, ConformanceCheck, answer};
use crate::conform::expectation::Expectation::{self, IfAnswered, Status, Text};
use crate::conform::facts::META;
use crate::conform::probe::{CheckProbe, get};

pub(super) const CLOUD_INIT: &str = "cloud-init";
pub(super) const WALKS: Basis =
    Basis::ReliedOn("cloud-init drops all metadata if one listed name answers 404");
const TOP: CheckProbe = get("/latest/meta-data/");

/// Names of `/latest/meta-data/` by the guide's table; a name that not each instance has is judged where it is listed.
const LISTED: &[&str] = &[
    "ami-id",
    "ami-launch-index",
    "ami-manifest-path",
    "ancestor-ami-ids",
    "autoscaling/",
    "block-device-mapping/",
    "events/",
    "hibernation/",
    "hostname",
    "iam/",
    "identity-credentials/",
    "instance-action",
    "instance-id",
    "instance-life-cycle",
    "instance-type",
    "ipv6",
    "kernel-id",
    "local-hostname",
    "local-ipv4",
    "mac",
    "managed-ssh-keys/",
    "metrics/",
    "network/",
    "placement/",
    "product-codes",
    "profile",
    "public-hostname",
    "public-ipv4",
    "public-keys/",
    "ramdisk-id",
    "reservation-id",
    "security-groups",
    "services/",
    "spot/",
    "system",
    "tags/",
];

/// Those that a table makes.
pub(super) fn of(group: CheckGroup) -> Vec<ConformanceCheck> {
    if group != CheckGroup::Listings {
        return vec![];
    }
    let below = [("events/", "recommendations/"), ("events/", "maintenance/"), ("placement/", "region")];
    let top = LISTED.iter().map(|name| ("", *name));
    top.chain(below).map(|(directory, name)| listed(&format!("{META}{directory}"), directory, name)).collect()
}

fn listed(directory: &str, below: &str, name: &'static str) -> ConformanceCheck {
    ConformanceCheck {
        name: format!("listed-{}", super::leaves::named(&format!("{below}{name}"))),
        group: CheckGroup::Listings,
        asked: format!("GET {directory} and {directory}{name}"),
        expected: "listed if it answers 200, and not listed otherwise".to_owned(),
        basis: WALKS,
        breaks: "cloud-init, facter, ohai",
        test: CheckTest::ListedIfThere { directory: directory.to_owned(), name },
    }
}

pub(super) const ROWS: &[CheckRow] = &[
    answer("listing-latest", get("/latest/"), &[Status(200)], RETRIEVAL, "ohai"),
    answer(
        "listing-latest-names",
        get("/latest/"),
        &[
            IfAnswered,
            Text("of dynamic, meta-data and user-data, without slashes", |text| {
                text.lines().all(|line| ["dynamic", "meta-data", "user-data"].contains(&line))
                    && text.contains("meta-data")
            }),
        ],
        CAPTURES,
        "",
    ),
    answer("listing-meta-data", TOP, &[Status(200)], RETRIEVAL, "cloud-init, facter, ohai"),
    answer(
        "listing-sorted",
        TOP,
        &[
            IfAnswered,
            Text("names in their order", |text| {
                text.lines().map(|line| line.trim_end_matches('/')).is_sorted()
            }),
        ],
        CAPTURES,
        "",
    ),
    answer(
        "listing-unique",
        TOP,
        &[
            IfAnswered,
            Text("each name once", |text| {
                let mut seen = BTreeSet::new();
                text.lines().all(|line| seen.insert(line.trim_end_matches('/')))
            }),
        ],
        CAPTURES,
        CLOUD_INIT,
    ),
    answer(
        "listing-no-final-line-feed",
        TOP,
        &[IfAnswered, Text("no line feed at the end", |text| !text.ends_with('\n'))],
        Basis::Observed("a capture of 25 names with Content-Length: 312"),
        "",
    ),
    answer(
        "listing-no-carriage-return",
        TOP,
        &[IfAnswered, Text("lines that a line feed ends", |text| !text.contains('\r'))],
        RETRIEVAL,
        CLOUD_INIT,
    ),
    answer(
        "listing-dynamic",
        get("/latest/dynamic/"),
        &[Status(200), has("instance-identity/")],
        RETRIEVAL,
        CLOUD_INIT,
    ),
    answer(
        "listing-identity",
        get("/latest/dynamic/instance-identity/"),
        &[
            Status(200),
            Text("document, signature, pkcs7 and rsa2048, in any order", |text| {
                ["document", "signature", "pkcs7", "rsa2048"]
                    .iter()
                    .all(|name| text.lines().any(|line| line == *name))
            }),
        ],
        Basis::Observed("a recorded walk of an instance, and the guide's example"),
        "cloud-init, Vault",
    ),
    answer(
        "listing-network",
        get("/latest/meta-data/network/interfaces/"),
        &[Status(200), has("macs/")],
        CATEGORIES,
        CLOUD_INIT,
    ),
    answer(
        "listing-interface",
        get("/latest/meta-data/network/interfaces/macs/{mac}/"),
        &[Status(200), has("interface-id")],
        CATEGORIES,
        CLOUD_INIT,
    ),
    answer(
        "listing-block-devices",
        get("/latest/meta-data/block-device-mapping/"),
        &[Status(200), has("ami")],
        CATEGORIES,
        CLOUD_INIT,
    ),
    answer(
        "listing-placement",
        get("/latest/meta-data/placement/"),
        &[Status(200), has("availability-zone")],
        CATEGORIES,
        CLOUD_INIT,
    ),
    answer(
        "listing-services",
        get("/latest/meta-data/services/"),
        &[Status(200), has("domain")],
        CATEGORIES,
        CLOUD_INIT,
    ),
    answer(
        "listing-maintenance",
        get("/latest/meta-data/events/maintenance/"),
        &[Status(200), has("scheduled")],
        CATEGORIES,
        CLOUD_INIT,
    ),
    answer(
        "listing-public-keys",
        get("/latest/meta-data/public-keys/"),
        &[
            Expectation::IfThere,
            Text("lines of a number, = and a name, without slashes", |text| {
                text.split('\n').all(|line| {
                    line.split_once('=')
                        .is_some_and(|(number, name)| number.parse::<u16>().is_ok() && !name.is_empty())
                        && !line.ends_with('/')
                })
            }),
        ],
        Basis::Documented("EC2 User Guide, Access instance metadata: available public keys"),
        "cloud-init, facter, ec2-metadata",
    ),
    answer(
        "listing-public-key",
        get("/latest/meta-data/public-keys/0/"),
        &[Expectation::IfThere, Expectation::Body("openssh-key")],
        Basis::Documented("EC2 User Guide, Access instance metadata: available public keys"),
        "cloud-init, facter",
    ),
    answer(
        "listing-role",
        get("/latest/meta-data/iam/security-credentials/"),
        &[
            Expectation::IfThere,
            Text("the role's name alone, without a line feed", |text| {
                !text.is_empty() && !text.contains(['\n', '/'])
            }),
        ],
        Basis::ReliedOn("botocore and the SDK for Rust take the answer as it is"),
        "botocore, AWS SDK for Rust",
    ),
];

/// A line of a listing.
const fn has(name: &'static str) -> Expectation {
    Expectation::HasLine(name)
}
