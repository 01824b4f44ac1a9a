//! Slashes that clients leave out, add, and double.

use super::bases::{CAPTURES, CATEGORIES};
use crate::conform::check::{Basis, CheckRow, answer, facts};
use crate::conform::expectation::Expectation::{IfThere, Status, StatusOf};
use crate::conform::finding::{CheckFinding, Judgement};
use crate::conform::probe::get;
use crate::conform::service::ServiceUnderTest;

const CNI: Basis = Basis::ReliedOn("amazon-vpc-cni-k8s, amazon-ssm-agent, Bottlerocket, Datadog agent");

/// A directory asked without its slash.
macro_rules! bare {
    ($name:literal, $path:literal, $basis:expr, $breaks:literal) => {
        facts(
            concat!("directory-without-slash-", $name),
            concat!("GET ", $path),
            "what the path with a slash answers",
            |service| same(service, $path, concat!($path, "/")),
            $basis,
            $breaks,
        )
    };
}

/// A value asked with a slash.
macro_rules! slashed {
    ($name:literal, $path:literal, $breaks:literal) => {
        facts(
            concat!("value-with-slash-", $name),
            concat!("GET ", $path, "/"),
            "what the path without a slash answers",
            |service| same(service, concat!($path, "/"), $path),
            Basis::ReliedOn($breaks),
            $breaks,
        )
    };
}

/// A path with two slashes in the place of one.
macro_rules! doubled {
    ($name:literal, $path:literal, $plain:literal, $breaks:literal) => {
        facts(
            concat!("double-slash-", $name),
            concat!("GET ", $path),
            concat!("what ", $plain, " answers"),
            |service| same(service, $path, $plain),
            Basis::ReliedOn($breaks),
            $breaks,
        )
    };
}

pub(super) const ROWS: &[CheckRow] = &[
    bare!("meta-data", "/latest/meta-data", CAPTURES, "AWS SDK for Rust"),
    bare!("dynamic", "/latest/dynamic", CAPTURES, ""),
    bare!(
        "interfaces",
        "/latest/meta-data/network/interfaces/macs",
        CNI,
        "amazon-vpc-cni-k8s, Datadog agent"
    ),
    bare!("interface", "/latest/meta-data/network/interfaces/macs/{mac}", CNI, "amazon-vpc-cni-k8s"),
    bare!("public-keys", "/latest/meta-data/public-keys", CNI, "Bottlerocket, afterburn"),
    bare!(
        "role",
        "/latest/meta-data/iam/security-credentials",
        Basis::ReliedOn("AWS SDK for Java"),
        "AWS SDK for Java"
    ),
    bare!("tags", "/latest/meta-data/tags/instance", CATEGORIES, ""),
    bare!("identity", "/latest/dynamic/instance-identity", Basis::ReliedOn("cloud-init"), "cloud-init"),
    slashed!("instance-id", "/latest/meta-data/instance-id", "EC2 Instance Connect"),
    slashed!("zone", "/latest/meta-data/placement/availability-zone", "botocore, EC2 Instance Connect"),
    slashed!("domain", "/latest/meta-data/services/domain", "EC2 Instance Connect"),
    slashed!("document", "/latest/dynamic/instance-identity/document", "Datadog agent, ohai"),
    slashed!("user-data", "/latest/user-data", "facter, ohai, AWS SDK for Java"),
    doubled!(
        "first",
        "//latest/meta-data/instance-id",
        "/latest/meta-data/instance-id",
        "AWS SDK for JavaScript"
    ),
    doubled!("second", "/latest//meta-data/instance-id", "/latest/meta-data/instance-id", "ec2-metadata"),
    doubled!(
        "last",
        "/latest/meta-data/network/interfaces/macs/{mac}//interface-id",
        "/latest/meta-data/network/interfaces/macs/{mac}/interface-id",
        "Bottlerocket, amazon-ssm-agent"
    ),
    answer(
        "directory-no-redirect",
        get("/latest/meta-data/placement"),
        &[IfThere, Status(200)],
        Basis::ReliedOn("the SDK for Rust follows no redirect, the one for Go 307 and 308 alone"),
        "AWS SDKs for Rust and Go",
    ),
    answer(
        "double-slash-no-redirect",
        get("//latest/meta-data/instance-id"),
        &[StatusOf(&[200, 404])],
        Basis::ReliedOn("the SDK for JavaScript follows no redirect"),
        "AWS SDK for JavaScript",
    ),
];

fn same(service: &mut ServiceUnderTest<'_>, odd: &str, plain: &str) -> Judgement {
    let (odd, plain) = (service.resolve(odd)?, service.resolve(plain)?);
    let expected = service.there(&plain)?;
    let found = service.get(&odd)?;
    if found.status != 200 {
        return Err(CheckFinding::differs(
            format!("status 200, as {plain}"),
            format!("status {}", found.status),
        ));
    }
    if found.body == expected.body {
        return Ok(());
    }
    Err(CheckFinding::differs(
        format!("the {} bytes of {plain}", expected.body.len()),
        format!("{} others", found.body.len()),
    ))
}
