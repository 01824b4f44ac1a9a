//! `[instance]` and its tables.

use super::interface::NETWORK_INTERFACE;
use crate::model::{Architecture, HostnameType, InstanceAction, Monitoring, System};
use crate::schema::form::{FileKey, key};
use crate::schema::form::{Form, words};
use crate::schema::forms;

/// Facts that are values.
pub(crate) const INSTANCE: &[FileKey] = &[
    key(
        "instance-id",
        r#""i-1234567890abcdef0""#,
        forms::INSTANCE_ID,
        r#""i-" and 8 or 17 lower-case hexadecimal digits."#,
    ),
    key("instance-type", r#""m5.xlarge""#, forms::INSTANCE_TYPE, "FAMILY.SIZE."),
    key(
        "account-id",
        r#""123456789012""#,
        forms::ACCOUNT_ID,
        "Twelve digits. Owner of the interfaces and of the role.",
    ),
    key(
        "other-ids",
        "false",
        Form::Boolean,
        "true: ids, zones and architectures that EC2 does not have are meant, as in tests; `check` then says nothing about them. They are taken in any case.",
    ),
    key(
        "architecture",
        "",
        Form::Choice(words::<Architecture>),
        r#""x86_64", "arm64" or "i386". Follows from the instance type unless set."#,
    ),
    key(
        "availability-zone",
        r#""us-east-1a""#,
        forms::ZONE,
        "The region, the zone's id, the partition, its DNS suffix and the host names follow from it. Local Zones, Wavelength Zones and the zones of every partition work; one that mock-imds does not know is accepted with a warning that names the nearest one.",
    ),
    key("availability-zone-id", "", forms::LINE, r#"Such as "use1-az1". Follows from the zone unless set."#),
    key("region", "", forms::REGION, "Optional. If set, it must own the zone."),
    key(
        "life-cycle",
        r#""on-demand""#,
        forms::LIFE_CYCLE,
        r#""on-demand", "spot", "scheduled", "capacity-block" or "interruptible-capacity-reservation"; another word is accepted with a warning."#,
    ),
    key(
        "instance-action",
        r#""none""#,
        Form::Choice(words::<InstanceAction>),
        r#""none", "shutdown" or "bundle-pending"."#,
    ),
    key(
        "system",
        "",
        Form::Choice(words::<System>),
        r#""nitro", "xen" or "xen-on-nitro". Follows from the instance type unless set."#,
    ),
    key("profile", r#""default-hvm""#, forms::LINE, "Virtualisation profile."),
    key(
        "monitoring",
        r#""disabled""#,
        Form::Choice(words::<Monitoring>),
        r#"Detailed monitoring: "enabled" or "disabled"."#,
    ),
    key("ami-id", r#""ami-0a887e401f7654935""#, forms::AMI_ID, "The image."),
    key(
        "ami-launch-index",
        "0",
        Form::Integer(0, 4_294_967_295),
        "Which of the instances of one launch this is.",
    ),
    key("ami-manifest-path", r#""(unknown)""#, forms::LINE, "Of instance-store images."),
    key("ancestor-ami-ids", "[]", Form::List(&forms::AMI_ID), "Images that the image was made from."),
    key("reservation-id", r#""r-046cb3eca3e201d2f""#, forms::RESERVATION_ID, "The launch."),
    key("launch-time", "2024-01-15T09:30:00Z", Form::Instant, "`pendingTime` in the identity document."),
    key("product-codes", "[]", forms::LINES, "Marketplace products."),
    key("billing-products", "[]", forms::LINES, "In the identity document only."),
    key(
        "hibernation",
        "",
        Form::Boolean,
        "true or false. `hibernation/configured` is absent unless set, as on older hosts.",
    ),
    key("kernel-id", "", forms::KERNEL_ID, r#"Such as "aki-5c21674b". Absent unless set."#),
    key("ramdisk-id", "", forms::RAMDISK_ID, r#"Such as "ari-01bb5768". Absent unless set."#),
    key(
        "hostname-type",
        r#""ip-name""#,
        Form::Choice(words::<HostnameType>),
        r#"The private DNS name: "ip-name" makes it from the primary private IPv4 address, "resource-name" from the instance id."#,
    ),
    key("hostname", "", forms::HOST_NAME, "The private DNS name itself; overrides `hostname-type`."),
    key("public-hostname", "", forms::HOST_NAME, "Follows from the public IPv4 address unless set."),
    key(
        "security-groups",
        r#"["default"]"#,
        forms::LINES,
        "Names of the groups of every interface that sets none.",
    ),
    key(
        "security-group-ids",
        r#"["sg-0b07f8f6cb485d4df"]"#,
        Form::List(&forms::SECURITY_GROUP_ID),
        "Their ids.",
    ),
    key(
        "public-keys",
        "",
        Form::Tables(&[PUBLIC_KEY]),
        r#"List of { name = "me", key = "ssh-ed25519 ..." }, where the key is the line of a .pub file. None unless set."#,
    ),
    key("user-data", "", forms::CONTENT, "A content (see VALUES) of at most 16 KiB. None unless set."),
];

/// Facts that are tables.
pub(crate) const INSTANCE_TABLES: &[FileKey] = &[
    key(
        "tags",
        "",
        Form::map(forms::TAG, &Form::Text),
        r#"Tag = value. Programs see tags only with `instance-metadata-tags` = "enabled"."#,
    ),
    key(
        "block-device-mapping",
        "",
        Form::map(DEVICES, &forms::LINE),
        r#"ami, root, swap, ebs1, ebs2, ..., ephemeral0, ephemeral1, ... = device. Unless set, ami and root are "/dev/xvda"."#,
    ),
    key("elastic-inference", "", TEXTS, "Accelerator id = type. None unless set."),
    key(
        "elastic-gpus",
        "",
        TEXTS,
        "Elastic GPU id = the JSON object, as text, that its driver reads. None unless set.",
    ),
    key(
        "managed-ssh-keys",
        "",
        Form::Table(&[MANAGED_SSH_KEYS]),
        "What EC2 Instance Connect reads. All are absent unless set.",
    ),
    key("placement", "", Form::Table(&[PLACEMENT]), "All are absent unless set."),
    key(
        "network-interface",
        "",
        Form::Tables(&[NETWORK_INTERFACE]),
        "One table for each interface, the primary one first. Of further interfaces device number, MAC address and private address count up from the first one; subnet and VPC are the first one's as far as the addresses lie in them.",
    ),
];

const TEXTS: Form = Form::map(forms::SEGMENT, &Form::Text);
const DEVICES: &str = "^(?:ami|root|swap|(?:ebs|ephemeral)[0-9]{1,4})$";

const PUBLIC_KEY: &[FileKey] = &[
    key("name", "", forms::LINE, "The name of the key pair."),
    key("key", "", forms::LINE, "The line of a .pub file, such as \"ssh-ed25519 AAAA… me@host\"."),
];

/// What EC2 Instance Connect reads.
pub(crate) const MANAGED_SSH_KEYS: &[FileKey] = &[
    key("signer-cert", "", Form::Text, "Text of the signer's certificate."),
    key("active-keys", "", TEXTS, "Table of user = keys."),
    key("signer-ocsp", "", TEXTS, "Table of certificate name = OCSP response in base64."),
];

/// Where the instance is, beyond its zone.
pub(crate) const PLACEMENT: &[FileKey] = &[
    key("group-name", "", forms::LINE, "The placement group."),
    key("partition-number", "", Form::Integer(1, 7), "1 to 7, together with a group."),
    key("host-id", "", forms::HOST_ID, r#"The dedicated host, such as "h-0da999999f9999fb9"."#),
];
