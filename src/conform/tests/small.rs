//! What a small instance answers.

/// A small instance, by hand.
pub(super) const TREE: &[(&str, &str)] = &[
    ("dynamic/instance-identity/document", DOCUMENT),
    ("meta-data/ami-id", "ami-12345678"),
    ("meta-data/block-device-mapping/ami", "xvda"),
    ("meta-data/block-device-mapping/root", "/dev/xvda"),
    ("meta-data/events/maintenance/history", "[]"),
    ("meta-data/events/maintenance/scheduled", "[]"),
    ("meta-data/hostname", "ip-10-0-0-5.ec2.internal"),
    ("meta-data/iam/info", PROFILE),
    ("meta-data/iam/security-credentials/web", KEYS),
    ("meta-data/identity-credentials/ec2/info", PROFILE),
    ("meta-data/instance-id", "i-12345678"),
    ("meta-data/instance-life-cycle", "spot"),
    ("meta-data/local-hostname", "ip-10-0-0-5.ec2.internal"),
    ("meta-data/local-ipv4", "10.0.0.5"),
    ("meta-data/mac", "02:00:00:00:00:01"),
    ("meta-data/network/interfaces/macs/02:00:00:00:00:01/device-number", "0"),
    ("meta-data/network/interfaces/macs/02:00:00:00:00:01/interface-id", "eni-00000001"),
    ("meta-data/network/interfaces/macs/02:00:00:00:00:01/ipv4-associations/198.51.100.7", "10.0.0.5"),
    ("meta-data/network/interfaces/macs/02:00:00:00:00:01/ipv6s", "2001:db8::5"),
    ("meta-data/network/interfaces/macs/02:00:00:00:00:01/local-ipv4s", "10.0.0.5\n10.0.0.6"),
    ("meta-data/network/interfaces/macs/02:00:00:00:00:01/mac", "02:00:00:00:00:01"),
    ("meta-data/network/interfaces/macs/02:00:00:00:00:01/owner-id", "111122223333"),
    ("meta-data/network/interfaces/macs/02:00:00:00:00:01/public-ipv4s", "198.51.100.7"),
    ("meta-data/network/interfaces/macs/02:00:00:00:00:01/security-groups", "web"),
    ("meta-data/network/interfaces/macs/02:00:00:00:00:01/subnet-ipv4-cidr-block", "10.0.0.0/24"),
    ("meta-data/network/interfaces/macs/02:00:00:00:00:01/subnet-ipv6-cidr-blocks", "2001:db8::/64"),
    ("meta-data/network/interfaces/macs/02:00:00:00:00:01/vpc-ipv4-cidr-block", "10.0.0.0/16"),
    ("meta-data/network/interfaces/macs/02:00:00:00:00:01/vpc-ipv4-cidr-blocks", "10.0.0.0/16\n10.1.0.0/16"),
    ("meta-data/network/interfaces/macs/02:00:00:00:00:02/device-number", "1"),
    ("meta-data/network/interfaces/macs/02:00:00:00:00:02/interface-id", "eni-00000002"),
    ("meta-data/network/interfaces/macs/02:00:00:00:00:02/local-ipv4s", "10.0.0.9"),
    ("meta-data/network/interfaces/macs/02:00:00:00:00:02/mac", "02:00:00:00:00:02"),
    ("meta-data/placement/availability-zone", "us-east-1a"),
    ("meta-data/placement/region", "us-east-1"),
    ("meta-data/product-codes", "a1\nb2"),
    ("meta-data/public-ipv4", "198.51.100.7"),
    ("meta-data/public-keys/", "0=me"),
    ("meta-data/public-keys/0/openssh-key", "ssh-ed25519 AAAA me\n"),
    ("meta-data/security-groups", "web"),
    ("meta-data/services/domain", "amazonaws.com"),
    ("meta-data/services/partition", "aws"),
    ("meta-data/spot/instance-action", "{\"action\": \"terminate\", \"time\": \"2026-01-15T12:02:00Z\"}"),
    ("meta-data/spot/termination-time", "2026-01-15T12:02:00Z"),
    ("user-data", "#!/bin/sh\n"),
];

pub(super) const PROFILE: &str = r#"{
  "Code" : "Success",
  "LastUpdated" : "2020-01-15T12:00:00Z",
  "InstanceProfileArn" : "arn:aws:iam::111122223333:instance-profile/web",
  "InstanceProfileId" : "AIPA00000000000000WEB",
  "AccountId" : "111122223333"
}"#;

pub(super) const KEYS: &str = r#"{
  "Code" : "Success",
  "LastUpdated" : "2020-01-15T12:00:00Z",
  "Type" : "AWS-HMAC",
  "AccessKeyId" : "ASIAIOSFODNN7EXAMPLE",
  "SecretAccessKey" : "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  "Token" : "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE",
  "Expiration" : "2999-01-15T18:00:00Z"
}"#;

pub(super) const DOCUMENT: &str = r#"{
  "accountId" : "111122223333",
  "architecture" : "x86_64",
  "availabilityZone" : "us-east-1a",
  "billingProducts" : null,
  "devpayProductCodes" : null,
  "marketplaceProductCodes" : [ "a1", "b2" ],
  "imageId" : "ami-12345678",
  "instanceId" : "i-12345678",
  "instanceType" : "m5.large",
  "kernelId" : null,
  "pendingTime" : "2026-01-15T12:00:00Z",
  "privateIp" : "10.0.0.5",
  "ramdiskId" : null,
  "region" : "us-east-1",
  "version" : "2017-09-30"
}"#;
