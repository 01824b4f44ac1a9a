//! The paths of a single value: form, first version and dependents. Written from the guide's table of categories, and
//! from captures where that is silent.

use super::bases::{CAPTURES, CATEGORIES};
use crate::conform::check::Basis;
use crate::conform::forms::{self, ValueForm};

pub(super) struct LeafRow {
    /// Below the version.
    pub(super) path: &'static str,
    pub(super) form: ValueForm,
    pub(super) basis: Basis,
    /// Each instance has it.
    pub(super) always: bool,
    /// The version that introduced it, where that is documented and not the first one.
    pub(super) introduced: Option<&'static str>,
    pub(super) breaks: &'static str,
}

const fn leaf(path: &'static str, form: ValueForm) -> LeafRow {
    LeafRow { path, form, basis: CATEGORIES, always: true, introduced: None, breaks: CRAWLERS }
}

/// What reads whole trees.
const CRAWLERS: &str = "cloud-init, facter, ohai";
const SDKS: &str = "AWS SDKs and CLI";
const NTH: &str = "aws-node-termination-handler";

impl LeafRow {
    const fn optional(self) -> Self {
        Self { always: false, ..self }
    }

    const fn since(self, version: &'static str) -> Self {
        Self { introduced: Some(version), ..self }
    }

    const fn basis(self, basis: Basis) -> Self {
        Self { basis, ..self }
    }

    const fn breaks(self, clients: &'static str) -> Self {
        Self { breaks: clients, ..self }
    }
}

pub(super) const LEAVES: &[LeafRow] = &[
    leaf("meta-data/ami-id", forms::AMI).breaks("Nomad, ohai"),
    leaf("meta-data/ami-launch-index", forms::NUMBER).breaks("cloud-init"),
    leaf("meta-data/ami-manifest-path", forms::MANIFEST),
    leaf("meta-data/ancestor-ami-ids", forms::AMIS).optional().since("2007-10-10"),
    leaf("meta-data/autoscaling/target-lifecycle-state", forms::LIFECYCLE)
        .optional()
        .since("2021-07-15")
        .breaks(NTH),
    leaf("meta-data/block-device-mapping/ami", forms::DEVICE).since("2007-12-15").breaks("cloud-init"),
    leaf("meta-data/block-device-mapping/root", forms::DEVICE).breaks("cloud-init"),
    leaf("meta-data/block-device-mapping/{each}", forms::DEVICE),
    leaf("meta-data/events/maintenance/history", forms::JSON_ARRAY).since("2018-08-17").breaks(CRAWLERS),
    leaf("meta-data/events/maintenance/scheduled", forms::JSON_ARRAY).since("2018-08-17").breaks(NTH),
    leaf("meta-data/events/recommendations/rebalance", forms::JSON_OBJECT)
        .optional()
        .since("2020-10-27")
        .breaks(NTH),
    leaf("meta-data/hibernation/configured", forms::BOOLEAN)
        .optional()
        .basis(Basis::ReliedOn("ec2-hibinit-agent"))
        .breaks("ec2-hibinit-agent"),
    leaf("meta-data/hostname", forms::HOST_NAME).breaks("cloud-init, Datadog agent"),
    leaf("meta-data/iam/info", forms::JSON_OBJECT)
        .optional()
        .since("2012-01-12")
        .breaks("ohai, AWS SDK for Java"),
    leaf("meta-data/iam/security-credentials/{role}", forms::JSON_OBJECT)
        .optional()
        .since("2012-01-12")
        .breaks(SDKS),
    leaf("meta-data/identity-credentials/ec2/info", forms::JSON_OBJECT)
        .since("2018-05-23")
        .breaks("amazon-ssm-agent"),
    leaf("meta-data/identity-credentials/ec2/security-credentials/ec2-instance", forms::JSON_OBJECT)
        .since("2018-05-23")
        .breaks("amazon-ssm-agent"),
    leaf("meta-data/instance-action", forms::ACTION).since("2008-09-01"),
    leaf("meta-data/instance-id", forms::INSTANCE)
        .breaks("cloud-init, amazon-ssm-agent, EC2 Instance Connect"),
    leaf("meta-data/instance-life-cycle", forms::LIFE_CYCLE).since("2019-10-01").breaks(NTH),
    leaf("meta-data/instance-type", forms::INSTANCE_TYPE)
        .since("2007-08-29")
        .breaks("cloud-provider-aws, amazon-ssm-agent"),
    leaf("meta-data/ipv6", forms::IPV6).optional().since("2021-01-03").breaks("systemd-imdsd"),
    leaf("meta-data/kernel-id", forms::KERNEL).optional().since("2008-02-01"),
    leaf("meta-data/local-hostname", forms::HOST_NAME)
        .since("2007-01-19")
        .breaks("cloud-provider-aws, Bottlerocket"),
    leaf("meta-data/local-ipv4", forms::IPV4).optional().breaks("EKS nodeadm"),
    leaf("meta-data/mac", forms::MAC).since("2011-01-01").breaks("amazon-vpc-cni-k8s, cloud-provider-aws"),
    leaf("meta-data/managed-ssh-keys/signer-cert", forms::VALUE)
        .optional()
        .basis(Basis::ReliedOn("EC2 Instance Connect"))
        .breaks("EC2 Instance Connect"),
    leaf("meta-data/metrics/vhostmd", forms::XML).since("2011-05-01"),
    leaf("meta-data/placement/availability-zone", forms::ZONE)
        .since("2008-02-01")
        .breaks("botocore, cloud-provider-aws"),
    leaf("meta-data/placement/availability-zone-id", forms::ZONE_ID)
        .since("2019-10-01")
        .breaks("amazon-ssm-agent"),
    leaf("meta-data/placement/group-name", forms::LINE).optional().since("2020-08-24"),
    leaf("meta-data/placement/host-id", forms::HOST).optional().since("2020-08-24"),
    leaf("meta-data/placement/partition-number", forms::NUMBER).optional().since("2020-08-24"),
    leaf("meta-data/placement/region", forms::REGION)
        .since("2020-08-24")
        .breaks("AWS SDKs for Rust and JavaScript"),
    leaf("meta-data/product-codes", forms::LINES).optional().since("2007-03-01"),
    leaf("meta-data/profile", forms::PROFILE).basis(CAPTURES),
    leaf("meta-data/public-hostname", forms::PUBLIC_NAME).optional().since("2007-01-19").breaks(NTH),
    leaf("meta-data/public-ipv4", forms::IPV4)
        .optional()
        .since("2007-01-19")
        .breaks("systemd-imdsd, cloud-provider-aws"),
    leaf("meta-data/public-keys/0/openssh-key", forms::PUBLIC_KEY)
        .optional()
        .basis(Basis::Observed("fixtures of cloud-init, recorded from instances"))
        .breaks("cloud-init, afterburn"),
    leaf("meta-data/ramdisk-id", forms::RAMDISK).optional().since("2007-10-10"),
    leaf("meta-data/reservation-id", forms::RESERVATION),
    leaf("meta-data/security-groups", forms::LINES).breaks("cloud-init"),
    leaf("meta-data/services/domain", forms::DOMAIN)
        .since("2014-02-25")
        .breaks("amazon-ssm-agent, EKS nodeadm"),
    leaf("meta-data/services/partition", forms::PARTITION).since("2015-10-20"),
    leaf("meta-data/spot/instance-action", forms::JSON_OBJECT).optional().since("2016-11-15").breaks(NTH),
    leaf("meta-data/spot/termination-time", forms::INSTANT)
        .optional()
        .since("2014-11-05")
        .breaks("kube-spot-termination-notice-handler"),
    leaf("meta-data/system", forms::SYSTEM).optional().since("2022-09-24"),
    leaf("meta-data/tags/instance/{each}", forms::VALUE).optional().since("2021-03-23"),
    leaf("dynamic/fws/instance-monitoring", forms::SWITCH).since("2009-04-04"),
    leaf("dynamic/instance-identity/document", forms::JSON_OBJECT)
        .since("2009-04-04")
        .breaks("AWS SDKs for Go and Java, cloud-provider-aws"),
    leaf("dynamic/instance-identity/pkcs7", forms::BASE64).since("2009-04-04").breaks("Vault"),
    leaf("dynamic/instance-identity/rsa2048", forms::BASE64).breaks("Vault, Teleport"),
    leaf("dynamic/instance-identity/signature", forms::BASE64).since("2009-04-04").breaks("SPIRE, Vault"),
];
