//! Every static path of the default configuration with its body, and every listing.

use support::get;

use crate::serve;

const RERUN: &str = "rerun: cargo test --test aemm tree";
const M: &str = "network/interfaces/macs/0e:49:61:0f:c3:11";

/// Below `/latest/meta-data/`; `{M}` is the interface.
const VALUES: &str = "\
ami-id ami-0a887e401f7654935
ami-launch-index 0
ami-manifest-path (unknown)
block-device-mapping/ami /dev/xvda
block-device-mapping/ebs0 sdb
block-device-mapping/ephemeral0 sdb
block-device-mapping/root /dev/xvda
block-device-mapping/swap sdcs
elastic-inference/associations eia-bfa21c7904f64a82a21b9f4540169ce1
hostname ip-172-16-34-43.ec2.internal
iam/security-credentials baskinc-role
instance-action none
instance-id i-1234567890abcdef0
instance-life-cycle on-demand
instance-type m4.xlarge
kernel-id aki-5c21674b
local-hostname ip-172-16-34-43.ec2.internal
local-ipv4 172.16.34.43
mac 0e:49:61:0f:c3:11
{M}/device-number 0
{M}/interface-id eni-0f95d3625f5c521cc
{M}/network-card-index 0
{M}/ipv4-associations/192.0.2.54 192.0.2.54
{M}/ipv6s 2001:db8:8:4::2
{M}/local-hostname ip-172-16-34-43.ec2.internal
{M}/local-ipv4s 172.16.34.43
{M}/mac 0e:49:61:0f:c3:11
{M}/owner-id 515336597381
{M}/public-hostname ec2-192-0-2-54.compute-1.amazonaws.com
{M}/public-ipv4s 192.0.2.54
{M}/security-group-ids sg-0b07f8f6cb485d4df
{M}/security-groups ura-launch-wizard-harry-1
{M}/subnet-id subnet-0ac62554
{M}/subnet-ipv4-cidr-block 192.0.2.0/24
{M}/subnet-ipv6-cidr-blocks 2001:db8::/32
{M}/vpc-id vpc-d295a6a7
{M}/vpc-ipv4-cidr-block 192.0.2.0/24
{M}/vpc-ipv4-cidr-blocks 192.0.2.0/24
{M}/vpc-ipv6-cidr-blocks 2001:db8::/32
placement/availability-zone us-east-1a
placement/availability-zone-id use1-az4
placement/group-name a-placement-group
placement/host-id h-0da999999f9999fb9
placement/partition-number 1
placement/region us-east-1
product-codes 3iplms73etrdhxdepv72l6ywj
public-hostname ec2-192-0-2-54.compute-1.amazonaws.com
public-ipv4 192.0.2.54
ramdisk-id ari-01bb5768
reservation-id r-046cb3eca3e201d2f
security-groups ura-launch-wizard-harry-1
services/domain amazonaws.com
services/partition aws
tags/instance/Name test-instance
tags/instance/Test test-tag
";

/// Below `/latest/`, one blank between entries.
const LISTINGS: &str = "\
meta-data/block-device-mapping: ami ebs0 ephemeral0 root swap
meta-data/spot: instance-action termination-time
meta-data/events: maintenance/ recommendations/
meta-data/events/maintenance: scheduled
meta-data/events/recommendations: rebalance
meta-data/autoscaling: target-lifecycle-state
meta-data/network: interfaces/
meta-data/network/interfaces: macs/
meta-data/network/interfaces/macs: 0e:49:61:0f:c3:11/
meta-data/{M}: device-number interface-id ipv4-associations/ ipv6s local-hostname local-ipv4s mac network-card-index owner-id public-hostname public-ipv4s security-group-ids security-groups subnet-id subnet-ipv4-cidr-block subnet-ipv6-cidr-blocks vpc-id vpc-ipv4-cidr-block vpc-ipv4-cidr-blocks vpc-ipv6-cidr-blocks
meta-data/{M}/ipv4-associations: 192.0.2.54
meta-data/iam: info security-credentials security-credentials/
meta-data/elastic-inference: associations associations/
meta-data/placement: availability-zone availability-zone-id group-name host-id partition-number region
meta-data/public-keys: 0/
meta-data/public-keys/0: openssh-key
meta-data/services: domain partition
meta-data/tags: instance/
meta-data/tags/instance: Name Test
dynamic/fws: instance-monitoring
dynamic/instance-identity: document pkcs7 signature
";

const ROOT: &str = "ami-id ami-launch-index ami-manifest-path autoscaling/ block-device-mapping/ elastic-inference/ events/ \
    hostname iam/ instance-action instance-id instance-life-cycle instance-type kernel-id local-hostname local-ipv4 mac \
    network/ placement/ product-codes public-hostname public-ipv4 public-keys/ ramdisk-id reservation-id \
    security-groups services/ spot/ tags/";

#[test]
fn every_value_is_sent_as_it_is() {
    let server = serve(|_| {});
    let lines: Vec<&str> = VALUES.lines().collect();
    assert_eq!(lines.len(), 55, "the table was misread");
    for line in lines {
        let (path, value) = line.split_once(' ').expect("a path and a value");
        let path = format!("/latest/meta-data/{}", path.replace("{M}", M));
        let found = server.exchange(get(&path));
        assert_eq!((found.status, found.body.as_str()), (200, value), "{path}\n{RERUN}");
        assert!(found.raw.contains("Content-Type: text/plain\r\n"), "{path}: {}\n{RERUN}", found.raw);
    }
}

#[test]
fn every_directory_lists_what_is_directly_below() {
    let server = serve(|_| {});
    let fixed = [
        ("/", "latest\n".to_owned()),
        ("/latest", "dynamic\nmeta-data\nuser-data\n".to_owned()),
        ("/latest/meta-data", ROOT.replace(' ', "\n") + "\n"),
        ("/latest/dynamic", "fws/\ninstance-identity/\n".to_owned()),
    ];
    let below = LISTINGS.lines().map(|line| {
        let (path, entries) = line.split_once(": ").expect("a path and its entries");
        (format!("/latest/{}", path.replace("{M}", M)), entries.replace(' ', "\n"))
    });
    for (path, expected) in fixed.map(|(path, listing)| (path.to_owned(), listing)).into_iter().chain(below) {
        for path in [format!("{}/", path.trim_end_matches('/')), path] {
            let found = server.exchange(get(&path));
            assert_eq!((found.status, found.body.as_str()), (200, expected.as_str()), "{path}\n{RERUN}");
            assert!(found.raw.contains("Content-Type: text/plain\r\n"), "{path}: {}\n{RERUN}", found.raw);
        }
    }
    assert_eq!(ROOT.split(' ').count(), 29, "the listing was misread");
}

#[test]
fn each_mode_lists_its_own() {
    use mock_imds::aemm::AemmMode;
    let cases = [
        (AemmMode::Spot, ["autoscaling/"].as_slice(), Some("recommendations/")),
        (AemmMode::Events, &["autoscaling/", "spot/"], Some("maintenance/")),
        (AemmMode::AsgLifecycle, &["events/", "spot/"], None),
    ];
    for (mode, hidden, events) in cases {
        let server = serve(|config| config.mode = mode);
        let expected: Vec<&str> = ROOT.split(' ').filter(|entry| !hidden.contains(entry)).collect();
        let found = server.exchange(get("/latest/meta-data"));
        assert_eq!(found.body, expected.join("\n") + "\n", "{mode:?}\n{RERUN}");
        let found = server.exchange(get("/latest/meta-data/events"));
        let expected = events.map_or((404, None), |listing| (200, Some(listing)));
        assert_eq!((found.status, events.map(|_| &*found.body)), expected, "{mode:?}\n{RERUN}");
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let server = serve(|_| {});
    for path in [
        "/1.0/meta-data/instance-id",
        "/2021-03-23/meta-data",
        "/latest/meta-data/system",
        "/latest/meta-data/instance",
        "/latest/meta-data/ami-id/x",
        "/latest/meta-data/events/maintenance/history",
        "/latest/dynamic/instance-identity/rsa2048",
        "/latest/Meta-Data",
        "/latest/meta-data//",
        "/latest/api",
        "/meta-data",
        "/x",
    ] {
        assert_eq!(server.exchange(get(path)).status, 404, "{path}\n{RERUN}");
    }
}

#[test]
fn objects_are_json_with_tabs() {
    let server = serve(|_| {});
    let profile = "{\n\t\"Code\": \"Success\",\n\t\"LastUpdated\": \"2020-04-02T18:50:40Z\",\n\t\
        \"InstanceProfileArn\": \"arn:aws:iam::896453262835:instance-profile/baskinc-role\",\n\t\
        \"InstanceProfileId\": \"AIPA5BOGHHXZELSK34VU4\"\n}";
    let credentials = "{\n\t\"Code\": \"Success\",\n\t\"LastUpdated\": \"2020-04-02T18:50:40Z\",\n\t\
        \"Type\": \"AWS-HMAC\",\n\t\"AccessKeyId\": \"12345678901\",\n\t\"SecretAccessKey\": \"v/12345678901\",\n\t\
        \"Token\": \"TEST92test48TEST+y6RpoTEST92test48TEST/8oWVAiBqTEsT5Ky7ty2tEStxC1T==\",\n\t\
        \"Expiration\": \"2020-04-02T00:49:51Z\"\n}";
    for (path, expected, length) in [
        ("meta-data/iam/info", Some(profile), 191),
        ("meta-data/iam/security-credentials/baskinc-role", Some(credentials), 272),
        ("dynamic/instance-identity/document", None, 442),
    ] {
        let found = server.exchange(get(&format!("/latest/{path}")));
        assert!(found.raw.contains("Content-Type: application/json\r\n"), "{path}: {}\n{RERUN}", found.raw);
        assert_eq!(found.body.len(), length, "{path}: {}\n{RERUN}", found.body);
        assert_eq!(found.body, expected.unwrap_or(&found.body), "{path}\n{RERUN}");
    }
    let accelerator = "/latest/meta-data/elastic-inference/associations/eia-bfa21c7904f64a82a21b9f4540169ce1";
    let found = server.exchange(get(accelerator));
    assert!(found.raw.contains("Content-Type: text/plain\r\n"), "{}\n{RERUN}", found.raw);
    assert_eq!((found.status, found.body.len()), (200, 149), "{}\n{RERUN}", found.body);
}

#[test]
fn canned_texts_and_user_data_have_the_lengths_of_the_originals() {
    let server = serve(|_| {});
    for (path, length, kind) in [
        ("meta-data/public-keys/0/openssh-key", 386, "text/plain"),
        ("dynamic/instance-identity/pkcs7", 1118, "text/plain"),
        ("dynamic/instance-identity/signature", 174, "text/plain"),
        ("dynamic/fws/instance-monitoring", 8, "text/plain"),
        ("user-data", 22, "application/octet-stream"),
    ] {
        let found = server.exchange(get(&format!("/latest/{path}")));
        assert_eq!((found.status, found.body.len()), (200, length), "{path}\n{RERUN}");
        assert!(found.raw.contains(&format!("Content-Type: {kind}\r\n")), "{path}: {}\n{RERUN}", found.raw);
    }
    assert_eq!(server.exchange(get("/latest/user-data")).body, "1234,john,reboot,true\n", "{RERUN}");
}
