//! Facts that stand at two places are the same.

use serde_json::Value;

use super::bases::CATEGORIES;
use crate::conform::check::{Basis, CheckRow, facts};
use crate::conform::facts::{DOCUMENT, META};
use crate::conform::finding::{CheckFinding, Judgement};
use crate::conform::forms::region_of;
use crate::conform::service::ServiceUnderTest;

const IDENTITY: Basis = Basis::Documented("EC2 User Guide, Instance identity documents");
const GO: &str = "AWS SDKs for Go and Java, aws-node-termination-handler";

/// A key of the document is what a leaf says.
macro_rules! document {
    ($name:literal, $key:literal, $leaf:literal) => {
        facts(
            concat!("same-", $name, "-in-document"),
            concat!("GET ", $leaf, " and ", $key, " of the identity document"),
            "the same",
            |service| {
                let value = service.meta($leaf)?;
                let said = service.json(DOCUMENT)?.get($key).cloned().unwrap_or_default();
                same($leaf, &value, concat!("the document's ", $key), said.as_str().unwrap_or("null"))
            },
            IDENTITY,
            GO,
        )
    };
}

pub(super) const ROWS: &[CheckRow] = &[
    document!("instance-id", "instanceId", "instance-id"),
    document!("instance-type", "instanceType", "instance-type"),
    document!("image", "imageId", "ami-id"),
    document!("zone", "availabilityZone", "placement/availability-zone"),
    document!("region", "region", "placement/region"),
    document!("address", "privateIp", "local-ipv4"),
    document!("kernel", "kernelId", "kernel-id"),
    document!("ramdisk", "ramdiskId", "ramdisk-id"),
    facts(
        "same-products-in-document",
        "GET product-codes and marketplaceProductCodes of the identity document",
        "the same codes",
        product_codes,
        IDENTITY,
        "",
    ),
    facts(
        "same-account-in-document",
        "GET owner-id of the primary interface and accountId of the identity document",
        "the same",
        |service| {
            let owner = service.primary_interface("owner-id")?;
            let account = document_text(service, "accountId")?;
            same("owner-id", &owner, "the document's accountId", &account)
        },
        IDENTITY,
        "",
    ),
    facts(
        "same-account-of-instance",
        "GET identity-credentials/ec2/info and accountId of the identity document",
        "the same account",
        |service| {
            let info = service.json_text(&format!("{META}identity-credentials/ec2/info"), "AccountId")?;
            let info = info.ok_or_else(|| CheckFinding::not_applicable("no AccountId"))?;
            let account = document_text(service, "accountId")?;
            same("AccountId", &info, "the document's accountId", &account)
        },
        IDENTITY,
        "amazon-ssm-agent",
    ),
    facts(
        "same-account-of-profile",
        "GET iam/info and accountId of the identity document",
        "the ARN is of this account",
        |service| {
            let arn = profile_arn(service)?;
            let account = document_text(service, "accountId")?;
            same(
                "the ARN's account",
                arn.split(':').nth(4).unwrap_or_default(),
                "the document's accountId",
                &account,
            )
        },
        IDENTITY,
        "",
    ),
    facts(
        "same-partition-of-profile",
        "GET iam/info and services/partition",
        "the ARN is of this partition",
        |service| {
            let arn = profile_arn(service)?;
            let partition = service.meta("services/partition")?;
            same(
                "the ARN's partition",
                arn.split(':').nth(1).unwrap_or_default(),
                "services/partition",
                &partition,
            )
        },
        CATEGORIES,
        "",
    ),
    facts(
        "region-of-zone",
        "GET placement/region and placement/availability-zone",
        "the zone is of this region",
        |service| {
            let (zone, region) =
                (service.meta("placement/availability-zone")?, service.meta("placement/region")?);
            same("the zone's region", region_of(&zone).unwrap_or(&zone), "placement/region", &region)
        },
        CATEGORIES,
        "botocore, which cuts the zone's last letter",
    ),
    facts(
        "partition-of-region",
        "GET placement/region and services/partition",
        "the partition that the region is in",
        partition_of_region,
        CATEGORIES,
        "what makes ARNs",
    ),
    facts(
        "domain-of-partition",
        "GET services/domain and services/partition",
        "the partition's domain",
        domain_of_partition,
        CATEGORIES,
        "amazon-ssm-agent, EKS nodeadm",
    ),
    facts(
        "same-hostname",
        "GET hostname and local-hostname",
        "the same",
        |service| {
            let (one, other) = (service.meta("hostname")?, service.meta("local-hostname")?);
            same("hostname", &one, "local-hostname", &other)
        },
        CATEGORIES,
        "cloud-init, cloud-provider-aws",
    ),
    facts(
        "hostname-of-instance",
        "GET hostname, local-ipv4 and instance-id",
        "a name of the private address, or of the instance id",
        hostname_of_instance,
        Basis::Documented("EC2 User Guide, EC2 instance hostnames and domains"),
        "",
    ),
    facts(
        "same-ami-device",
        "GET block-device-mapping/ami and block-device-mapping/root",
        "the same device, in a short or a long form",
        same_device,
        CATEGORIES,
        "",
    ),
];

pub(super) fn same(one: &str, of_one: &str, other: &str, of_other: &str) -> Judgement {
    if of_one == of_other {
        return Ok(());
    }
    Err(CheckFinding::differs(format!("{one} as {other}, {of_other:?}"), format!("{of_one:?}")))
}

fn document_text(service: &mut ServiceUnderTest<'_>, key: &str) -> Result<String, CheckFinding> {
    let text = service.json_text(DOCUMENT, key)?;
    text.ok_or_else(|| CheckFinding::not_applicable(format!("the document has no {key}")))
}

fn profile_arn(service: &mut ServiceUnderTest<'_>) -> Result<String, CheckFinding> {
    let arn = service.json_text(&format!("{META}iam/info"), "InstanceProfileArn")?;
    arn.ok_or_else(|| CheckFinding::not_applicable("no InstanceProfileArn"))
}

fn product_codes(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let listed = service.lines(&format!("{META}product-codes"))?;
    let document = service.json(DOCUMENT)?;
    let said = document.get("marketplaceProductCodes").and_then(Value::as_array);
    let said: Vec<&str> = said.into_iter().flatten().filter_map(Value::as_str).collect();
    same("product-codes", &listed.join(" "), "marketplaceProductCodes", &said.join(" "))
}

fn partition_of_region(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let (region, partition) = (service.meta("placement/region")?, service.meta("services/partition")?);
    let expected = match region.split('-').collect::<Vec<_>>()[..] {
        ["cn", ..] => "aws-cn",
        ["us", "gov", ..] => "aws-us-gov",
        ["us" | "eu" | "ap" | "sa" | "ca" | "me" | "af" | "il" | "mx", area, _]
            if !area.starts_with("iso") =>
        {
            "aws"
        }
        _ => return Err(CheckFinding::not_applicable(format!("the partition of {region} is not known"))),
    };
    same("services/partition", &partition, "the region's", expected)
}

fn domain_of_partition(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let (domain, partition) = (service.meta("services/domain")?, service.meta("services/partition")?);
    let expected = match partition.as_str() {
        "aws" | "aws-us-gov" => "amazonaws.com",
        "aws-cn" => "amazonaws.com.cn",
        _ => return Err(CheckFinding::not_applicable(format!("the domain of {partition} is not known"))),
    };
    same("services/domain", &domain, "the partition's", expected)
}

fn hostname_of_instance(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let host = service.meta("hostname")?;
    let is_ec2 = host.ends_with(".compute.internal") || host.ends_with(".ec2.internal");
    if !is_ec2 {
        return Err(CheckFinding::not_applicable("a name of another domain"));
    }
    let first = host.split('.').next().unwrap_or_default().to_owned();
    let id = service.meta("instance-id")?;
    if first == id {
        return Ok(());
    }
    let address = service.meta("local-ipv4")?;
    same("the host's name", &first, "the address'", &format!("ip-{}", address.replace('.', "-")))
}

fn same_device(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let (ami, root) = (service.meta("block-device-mapping/ami")?, service.meta("block-device-mapping/root")?);
    same("ami", ami.trim_start_matches("/dev/"), "root", root.trim_start_matches("/dev/"))
}
