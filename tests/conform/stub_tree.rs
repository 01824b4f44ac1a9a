//! What the stub serves, written by hand: a version, a path and a value.

/// Below the version.
pub(crate) const TREE: &[(&str, &str, &str)] = &[
    ("2009-04-04", "dynamic/fws/instance-monitoring", "disabled"),
    ("1.0", "meta-data/ami-id", "ami-0a887e401f7654935"),
    ("1.0", "meta-data/ami-launch-index", "0"),
    ("1.0", "meta-data/ami-manifest-path", "(unknown)"),
    ("2021-07-15", "meta-data/autoscaling/target-lifecycle-state", "InService"),
    ("2007-12-15", "meta-data/block-device-mapping/ami", "/dev/xvda"),
    ("2007-12-15", "meta-data/block-device-mapping/ebs1", "sdb"),
    ("2007-12-15", "meta-data/block-device-mapping/root", "/dev/xvda"),
    ("2018-08-17", "meta-data/events/maintenance/history", HISTORY),
    ("2018-08-17", "meta-data/events/maintenance/scheduled", SCHEDULED),
    ("2020-10-27", "meta-data/events/recommendations/rebalance", r#"{"noticeTime": "2026-01-15T12:10:00Z"}"#),
    ("1.0", "meta-data/hostname", "ip-172-16-34-43.ec2.internal"),
    ("2012-01-12", "meta-data/iam/info", PROFILE),
    ("2012-01-12", "meta-data/iam/security-credentials/web", ""),
    ("2018-08-17", "meta-data/identity-credentials/ec2/info", INFO),
    ("2018-08-17", "meta-data/identity-credentials/ec2/security-credentials/ec2-instance", ""),
    ("2008-09-01", "meta-data/instance-action", "none"),
    ("1.0", "meta-data/instance-id", "i-1234567890abcdef0"),
    ("2019-10-01", "meta-data/instance-life-cycle", "spot"),
    ("2007-08-29", "meta-data/instance-type", "m5.xlarge"),
    ("2007-01-19", "meta-data/local-hostname", "ip-172-16-34-43.ec2.internal"),
    ("1.0", "meta-data/local-ipv4", "172.16.34.43"),
    ("2011-01-01", "meta-data/mac", "0e:49:61:0f:c3:11"),
    ("2011-05-01", "meta-data/metrics/vhostmd", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"),
    ("2011-01-01", "meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/device-number", "0"),
    (
        "2011-01-01",
        "meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/interface-id",
        "eni-00000000000000001",
    ),
    (
        "2011-01-01",
        "meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/ipv4-associations/192.0.2.54",
        "172.16.34.43",
    ),
    (
        "2011-01-01",
        "meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/local-hostname",
        "ip-172-16-34-43.ec2.internal",
    ),
    (
        "2011-01-01",
        "meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/local-ipv4s",
        "172.16.34.43\n172.16.34.44",
    ),
    ("2011-01-01", "meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/mac", "0e:49:61:0f:c3:11"),
    ("2011-01-01", "meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/owner-id", "123456789012"),
    ("2011-01-01", "meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/public-ipv4s", "192.0.2.54"),
    ("2011-01-01", "meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/security-groups", "web\nssh"),
    ("2011-01-01", "meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/subnet-id", "subnet-00000001"),
    (
        "2011-01-01",
        "meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/subnet-ipv4-cidr-block",
        "172.16.32.0/20",
    ),
    ("2011-01-01", "meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/vpc-id", "vpc-00000001"),
    (
        "2011-01-01",
        "meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/vpc-ipv4-cidr-block",
        "172.16.0.0/16",
    ),
    (
        "2016-06-30",
        "meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/vpc-ipv4-cidr-blocks",
        "172.16.0.0/16",
    ),
    ("2011-01-01", "meta-data/network/interfaces/macs/0e:49:61:0f:c3:12/device-number", "1"),
    (
        "2011-01-01",
        "meta-data/network/interfaces/macs/0e:49:61:0f:c3:12/interface-id",
        "eni-00000000000000002",
    ),
    ("2011-01-01", "meta-data/network/interfaces/macs/0e:49:61:0f:c3:12/local-ipv4s", "172.16.34.45"),
    ("2011-01-01", "meta-data/network/interfaces/macs/0e:49:61:0f:c3:12/mac", "0e:49:61:0f:c3:12"),
    ("2011-01-01", "meta-data/network/interfaces/macs/0e:49:61:0f:c3:12/network-card", "0"),
    ("2011-01-01", "meta-data/network/interfaces/macs/0e:49:61:0f:c3:12/owner-id", "123456789012"),
    ("2011-01-01", "meta-data/network/interfaces/macs/0e:49:61:0f:c3:12/subnet-id", "subnet-00000001"),
    ("2011-01-01", "meta-data/network/interfaces/macs/0e:49:61:0f:c3:12/vpc-id", "vpc-00000001"),
    ("2008-02-01", "meta-data/placement/availability-zone", "us-east-1a"),
    ("2019-10-01", "meta-data/placement/availability-zone-id", "use1-az4"),
    ("2020-10-27", "meta-data/placement/region", "us-east-1"),
    ("2016-06-30", "meta-data/profile", "default-hvm"),
    ("2007-01-19", "meta-data/public-ipv4", "192.0.2.54"),
    (
        "1.0",
        "meta-data/public-keys/0/openssh-key",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLE me@laptop\n",
    ),
    ("1.0", "meta-data/reservation-id", "r-046cb3eca3e201d2f"),
    ("1.0", "meta-data/security-groups", "web\nssh"),
    ("2014-02-25", "meta-data/services/domain", "amazonaws.com"),
    ("2015-10-20", "meta-data/services/partition", "aws"),
    (
        "2018-03-28",
        "meta-data/spot/instance-action",
        r#"{"action": "terminate", "time": "2026-01-15T12:12:00Z"}"#,
    ),
    ("2014-11-05", "meta-data/spot/termination-time", "2026-01-15T12:12:00Z"),
    ("2021-03-23", "meta-data/tags/instance/Name", "web"),
];

/// Those that hosts list.
pub(crate) const VERSIONS: &str = "1.0\n2007-01-19\n2007-03-01\n2007-08-29\n2007-10-10\n2007-12-15\n2008-02-01\n2008-09-01\n\
                                   2009-04-04\n2011-01-01\n2011-05-01\n2012-01-12\n2014-02-25\n2014-11-05\n2015-10-20\n\
                                   2016-04-19\n2016-06-30\n2016-09-02\n2018-03-28\n2018-08-17\n2018-09-24\n2019-10-01\n\
                                   2020-10-27\n2021-01-03\n2021-03-23\n2021-07-15\n2022-09-24\n2024-04-11\nlatest";

pub(crate) const PAGE: &str = "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>
<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"
\t\t \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">
<html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">
 <head>
  <title>404 - Not Found</title>
 </head>
 <body>
  <h1>404 - Not Found</h1>
 </body>
</html>
";

const SCHEDULED: &str = r#"[
  {
    "NotBefore" : "15 Jan 2026 13:00:00 GMT",
    "Code" : "system-reboot",
    "Description" : "scheduled reboot",
    "EventId" : "instance-event-0d59937288b749b32",
    "NotAfter" : "15 Jan 2026 15:00:00 GMT",
    "State" : "active"
  }
]"#;

const HISTORY: &str = r#"[
  {
    "NotBefore" : "2 Jan 2026 12:00:00 GMT",
    "Code" : "instance-retirement",
    "Description" : "[Canceled] the host is to be retired",
    "EventId" : "instance-event-0d59937288b749b33",
    "State" : "canceled"
  }
]"#;

const PROFILE: &str = r#"{
  "Code" : "Success",
  "LastUpdated" : "2026-01-15T12:00:00Z",
  "InstanceProfileArn" : "arn:aws:iam::123456789012:instance-profile/web",
  "InstanceProfileId" : "AIPAAQPF4NKIKIEXAMPLE"
}"#;

const INFO: &str = r#"{
  "Code" : "Success",
  "LastUpdated" : "2026-01-15T12:00:00Z",
  "AccountId" : "123456789012"
}"#;

/// The expiration is put in the place of `{}`.
pub(crate) const KEYS: &str = r#"{
  "Code" : "Success",
  "LastUpdated" : "2026-01-15T12:00:00Z",
  "Type" : "AWS-HMAC",
  "AccessKeyId" : "ASIAIOSFODNN7EXAMPLE",
  "SecretAccessKey" : "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  "Token" : "IQoJb3JpZ2luX2VjEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE==",
  "Expiration" : "{}"
}"#;

/// A document that is signed, and its three signatures, without their heads.
pub(crate) fn identity(name: &str) -> &'static str {
    let answer = match name {
        "document" => include_str!("../golden/default/latest/dynamic/instance-identity/document.GET"),
        "pkcs7" => include_str!("../golden/default/latest/dynamic/instance-identity/pkcs7.GET"),
        "rsa2048" => include_str!("../golden/default/latest/dynamic/instance-identity/rsa2048.GET"),
        _ => include_str!("../golden/default/latest/dynamic/instance-identity/signature.GET"),
    };
    answer.split_once("\r\n\r\n").expect("it has a head").1
}
