//! The original's built-in tree.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::path_table::{ConfigValue, PathTable};

const METADATA: &str = "/latest/meta-data";
const DYNAMIC: &str = "/latest/dynamic";
/// Stands for the directory of the interface.
const INTERFACE: &str = "{M}";
const MAC: &str = "network/interfaces/macs/0e:49:61:0f:c3:11";
const ACCELERATOR: &str = "eia-bfa21c7904f64a82a21b9f4540169ce1";
/// A key of our own: the original's is not at hand. The same length, kind and comment.
const PUBLIC_KEY: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDVRHanwK5ROLV3aCwNJr1hywgQ/248UvT62WNWvhIT3Ia7Xt442cQr6q5Vl63AjzRflCd+iUf2wCOs4YlT3Mk1uTnEECCcVf5yw8mBzor8UJU36IQqyErW6xQGrYzq+xD8BQORypb48U5rs7ytYCm9m/5pAtX7SMhyX5JMVNuU+1EszZeZwkS8NBLBbycqc8p6lZ+b9W+YisjKrEhkrRty1+bUBVexxY1EmhH7Z/M/TGAj7d2ESBXVhu3PCKl34jJcupw5ggRxfVTB2tD/NbI5N4DuhnbeJv3SGXZe4Ctko3TJFeA1Ux6JfJj9Cpg/JVds3TTl8HL11Vd7cIBN7gEl test\n";

/// Key, path below [`METADATA`], value; `None`: an object, or computed for each request.
const LEAVES: &[(&str, &str, Option<&str>)] = &[
    ("ami-id", "ami-id", Some("ami-0a887e401f7654935")),
    ("ami-launch-index", "ami-launch-index", Some("0")),
    ("ami-manifest-path", "ami-manifest-path", Some("(unknown)")),
    ("block-device-mapping-ami", "block-device-mapping/ami", Some("/dev/xvda")),
    ("block-device-mapping-ebs", "block-device-mapping/ebs0", Some("sdb")),
    ("block-device-mapping-ephemeral", "block-device-mapping/ephemeral0", Some("sdb")),
    ("block-device-mapping-root", "block-device-mapping/root", Some("/dev/xvda")),
    ("block-device-mapping-swap", "block-device-mapping/swap", Some("sdcs")),
    (
        "elastic-inference-associations",
        "elastic-inference/associations",
        Some("eia-bfa21c7904f64a82a21b9f4540169ce1"),
    ),
    (
        "elastic-inference-accelerator",
        "elastic-inference/associations/eia-bfa21c7904f64a82a21b9f4540169ce1",
        None,
    ),
    ("hostname", "hostname", Some("ip-172-16-34-43.ec2.internal")),
    ("iam-info", "iam/info", None),
    ("iam-security-credentials-role", "iam/security-credentials", Some("baskinc-role")),
    ("iam-security-credentials", "iam/security-credentials/baskinc-role", None),
    ("instance-action", "instance-action", Some("none")),
    ("instance-id", "instance-id", Some("i-1234567890abcdef0")),
    ("instance-life-cycle", "instance-life-cycle", Some("on-demand")),
    ("instance-type", "instance-type", Some("m4.xlarge")),
    ("kernel-id", "kernel-id", Some("aki-5c21674b")),
    ("local-hostname", "local-hostname", Some("ip-172-16-34-43.ec2.internal")),
    ("local-ipv4", "local-ipv4", Some("172.16.34.43")),
    ("mac", "mac", Some("0e:49:61:0f:c3:11")),
    ("mac-device-number", "{M}/device-number", Some("0")),
    ("mac-network-interface-id", "{M}/interface-id", Some("eni-0f95d3625f5c521cc")),
    ("mac-network-interface-card-index", "{M}/network-card-index", Some("0")),
    ("mac-ipv4-associations", "{M}/ipv4-associations/192.0.2.54", Some("192.0.2.54")),
    ("mac-ipv6-associations", "{M}/ipv6s", Some("2001:db8:8:4::2")),
    ("mac-local-hostname", "{M}/local-hostname", Some("ip-172-16-34-43.ec2.internal")),
    ("mac-local-ipv4s", "{M}/local-ipv4s", Some("172.16.34.43")),
    ("mac-mac", "{M}/mac", Some("0e:49:61:0f:c3:11")),
    ("mac-owner-id", "{M}/owner-id", Some("515336597381")),
    ("mac-public-hostname", "{M}/public-hostname", Some("ec2-192-0-2-54.compute-1.amazonaws.com")),
    ("mac-public-ipv4s", "{M}/public-ipv4s", Some("192.0.2.54")),
    ("mac-security-group-ids", "{M}/security-group-ids", Some("sg-0b07f8f6cb485d4df")),
    ("mac-security-groups", "{M}/security-groups", Some("ura-launch-wizard-harry-1")),
    ("mac-subnet-id", "{M}/subnet-id", Some("subnet-0ac62554")),
    ("mac-subnet-ipv4-cidr-block", "{M}/subnet-ipv4-cidr-block", Some("192.0.2.0/24")),
    ("mac-subnet-ipv6-cidr-blocks", "{M}/subnet-ipv6-cidr-blocks", Some("2001:db8::/32")),
    ("mac-vpc-id", "{M}/vpc-id", Some("vpc-d295a6a7")),
    ("mac-vpc-ipv4-cidr-block", "{M}/vpc-ipv4-cidr-block", Some("192.0.2.0/24")),
    ("mac-vpc-ipv4-cidr-blocks", "{M}/vpc-ipv4-cidr-blocks", Some("192.0.2.0/24")),
    ("mac-vpc-ipv6-cidr-blocks", "{M}/vpc-ipv6-cidr-blocks", Some("2001:db8::/32")),
    ("placement-availability-zone", "placement/availability-zone", Some("us-east-1a")),
    ("placement-availability-zone-id", "placement/availability-zone-id", Some("use1-az4")),
    ("placement-group-name", "placement/group-name", Some("a-placement-group")),
    ("placement-host-id", "placement/host-id", Some("h-0da999999f9999fb9")),
    ("placement-partition-number", "placement/partition-number", Some("1")),
    ("placement-region", "placement/region", Some("us-east-1")),
    ("product-codes", "product-codes", Some("3iplms73etrdhxdepv72l6ywj")),
    ("public-hostname", "public-hostname", Some("ec2-192-0-2-54.compute-1.amazonaws.com")),
    ("public-ipv4", "public-ipv4", Some("192.0.2.54")),
    ("public-key", "public-keys/0/openssh-key", None),
    ("ramdisk-id", "ramdisk-id", Some("ari-01bb5768")),
    ("reservation-id", "reservation-id", Some("r-046cb3eca3e201d2f")),
    ("security-groups", "security-groups", Some("ura-launch-wizard-harry-1")),
    ("services-domain", "services/domain", Some("amazonaws.com")),
    ("services-partition", "services/partition", Some("aws")),
    ("tags-instance-name", "tags/instance/Name", Some("test-instance")),
    ("tags-instance-test", "tags/instance/Test", Some("test-tag")),
    ("spot", "spot/instance-action", None),
    ("spot-termination-time", "spot/termination-time", None),
    ("rebalance-rec-time", "events/recommendations/rebalance", None),
    ("events", "events/maintenance/scheduled", None),
    ("target-lifecycle-state", "autoscaling/target-lifecycle-state", None),
];

pub(crate) fn metadata() -> PathTable {
    let mut tree = PathTable::default();
    for (key, path, value) in LEAVES {
        let path = path.replace(INTERFACE, MAC);
        tree.paths.insert((*key).to_owned(), format!("{METADATA}/{path}"));
        tree.values.extend(value.map(|value| ((*key).to_owned(), value.into())));
    }
    let more = [
        ("event-id", "instance-event-1234567890abcdef0".into()),
        ("public-key", PUBLIC_KEY.into()),
        ("elastic-inference-accelerator", accelerator()),
        ("iam-info", profile()),
        ("iam-security-credentials", credentials()),
    ];
    tree.values.extend(more.map(|(key, value)| (key.to_owned(), value)));
    tree
}

pub(crate) fn dynamic() -> PathTable {
    let leaves = [
        ("instance-identity-document", "instance-identity/document", document()),
        ("instance-identity-pkcs", "instance-identity/pkcs7", ConfigValue::Text(canned(828))),
        ("instance-identity-signature", "instance-identity/signature", ConfigValue::Text(canned(128))),
        ("fws-instance-monitoring", "fws/instance-monitoring", "disabled".into()),
    ];
    let mut tree = PathTable::default();
    for (key, path, value) in leaves {
        tree.paths.insert(key.to_owned(), format!("{DYNAMIC}/{path}"));
        tree.values.insert(key.to_owned(), value);
    }
    tree
}

pub(crate) fn userdata() -> PathTable {
    let mut tree = PathTable::default();
    tree.paths.insert("userdata".into(), "/latest/user-data".into());
    let text = BASE64_STANDARD.encode("1234,john,reboot,true\n");
    tree.values.insert("userdata".into(), ConfigValue::Text(text));
    tree
}

fn profile() -> ConfigValue {
    object(&[
        ("Code", "Success"),
        ("LastUpdated", "2020-04-02T18:50:40Z"),
        ("InstanceProfileArn", "arn:aws:iam::896453262835:instance-profile/baskinc-role"),
        ("InstanceProfileId", "AIPA5BOGHHXZELSK34VU4"),
    ])
}

fn credentials() -> ConfigValue {
    object(&[
        ("Code", "Success"),
        ("LastUpdated", "2020-04-02T18:50:40Z"),
        ("Type", "AWS-HMAC"),
        ("AccessKeyId", "12345678901"),
        ("SecretAccessKey", "v/12345678901"),
        ("Token", "TEST92test48TEST+y6RpoTEST92test48TEST/8oWVAiBqTEsT5Ky7ty2tEStxC1T=="),
        ("Expiration", "2020-04-02T00:49:51Z"),
    ])
}

fn accelerator() -> ConfigValue {
    let inner = object(&[
        ("elastic-inference-accelerator-id", ACCELERATOR),
        ("elastic-inference-accelerator-type", "eia1.medium"),
    ]);
    ConfigValue::Object(vec![("version_2018_04_12".into(), inner)])
}

fn document() -> ConfigValue {
    let fields: [(&str, Option<&str>); 15] = [
        ("accountId", Some("0123456789")),
        ("imageId", Some("ami-0b69ea66ff7391e80")),
        ("availabilityZone", Some("us-east-1f")),
        ("ramdiskId", None),
        ("kernelId", None),
        ("devpayProductCodes", None),
        ("marketplaceProductCodes", None),
        ("version", Some("2017-09-30")),
        ("privateIp", Some("10.0.7.10")),
        ("billingProducts", None),
        ("instanceId", Some("i-1234567890abcdef0")),
        ("pendingTime", Some("2019-10-31T07:02:24Z")),
        ("architecture", Some("x86_64")),
        ("instanceType", Some("m4.xlarge")),
        ("region", Some("us-east-1")),
    ];
    let field = |(name, value): (&str, Option<&str>)| {
        (name.to_owned(), value.map_or(ConfigValue::Null, ConfigValue::from))
    };
    ConfigValue::Object(fields.map(field).into())
}

fn object(fields: &[(&str, &str)]) -> ConfigValue {
    ConfigValue::Object(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect())
}

/// The substitute of a signature: base64 of so many bytes, in lines of 76. The original's texts verify nothing
/// either; their shape is kept.
fn canned(length: usize) -> String {
    let bytes: Vec<u8> = b"mock-imds: this signs nothing. ".iter().copied().cycle().take(length).collect();
    let text = BASE64_STANDARD.encode(bytes);
    let lines: Vec<&str> = (0..text.len()).step_by(76).map(|at| &text[at..text.len().min(at + 76)]).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_lengths_of_the_originals() {
        assert_eq!(canned(828).len(), 1118, "pkcs7");
        assert_eq!(canned(128).len(), 174, "signature");
        assert_eq!(PUBLIC_KEY.len(), 386, "public key");
    }

    #[test]
    fn every_path_is_absolute_and_said_once() {
        let paths: std::collections::BTreeSet<_> = metadata().paths.into_values().collect();
        assert_eq!(paths.len(), LEAVES.len());
        assert!(paths.iter().all(|path| path.starts_with("/latest/meta-data/") && !path.contains('{')));
    }
}
