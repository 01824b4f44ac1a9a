//! Documents of every shape that is read, with names, texts and secrets in them as people's files have.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Names of the tree, and such as nobody has.
const NAMES: [&str; 40] = [
    "ami-id",
    "ami_id",
    "ami-launch-index",
    "block-device-mapping",
    "root",
    "events",
    "maintenance",
    "scheduled",
    "recommendations",
    "rebalance",
    "hostname",
    "iam",
    "info",
    "security-credentials",
    "web",
    "instance-id",
    "instance-type",
    "instance_type",
    "local-ipv4",
    "mac",
    "network",
    "interfaces",
    "macs",
    "0e:49:61:0f:c3:11",
    "subnet-id",
    "device-number",
    "placement",
    "availability-zone",
    "placement/region",
    "public-keys",
    "0",
    "0=me",
    "openssh-key",
    "public-ipv4",
    "security-groups",
    "services",
    "spot",
    "instance-action",
    "tags",
    "instance",
];

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => prop::sample::select(&NAMES[..]).prop_map(str::to_owned),
        1 => "[a-z_]{1,6}",
        1 => prop::sample::select(&["", "..", "a//b", "ü b", "/x/", "a\nb", "user-data", "dynamic"][..]).prop_map(str::to_owned),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(&[
            "i-0123456789abcdef0", "mock-instance-id", "0123456789", "m5.large", "10.0.0.7", "eu-west-1b", "us-east-9z", "",
            "ssh-ed25519 AAAA me", "<html><title>404 - Not Found</title></html>", "redacted for non-root user", "ci-b64:aGk=",
            "ci-b64:?", "web", "a\nb", "0e:49:61:0f:c3:11", "AKIAIOSFODNN7REALKEY", "{}", "true", "none", "06:00:00:00:00:01",
            "export AWS_SECRET_ACCESS_KEY=sREALKEY", "aws_secret_access_key = sREALKEY",
            "AKIAIOSFODNN7EXAMPLE", "2026-01-15T12:00:00Z", "subnet-0ac62554",
        ][..]).prop_map(str::to_owned),
        1 => "[ -~]{0,12}",
        1 => "(?s).{0,6}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        12 => text().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => (0..9).prop_map(Value::from),
        1 => prop::collection::vec(text(), 0..3).prop_map(Value::from),
        1 => Just(json!([{"Code": "instance-reboot"}])),
        1 => Just(json!({})),
        1 => Just(json!({"Code": "Success", "InstanceProfileArn": "arn:aws:iam::111122223333:instance-profile/web"})),
        1 => Just(json!({"Code": "Success", "AccessKeyId": "ASIAIOSFODNN7REALKEY", "SecretAccessKey": "sREALKEY", "Token": "tREALKEY",
                         "Expiration": "2024-01-01T00:00:00Z"})),
        // Taken apart, in spellings that no path has.
        2 => Just(json!({"AccessKeyId": "AKID", "SecretAccessKey": "sREALKEY", "Token": "tREALKEY", "Other": {"x": "oREALKEY"}})),
        1 => Just(json!({"access_key_id": "AKID", "secret_access_key": "sREALKEY", "session_token": "tREALKEY"})),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop::collection::btree_map(name(), inner, 0..5)
            .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()))
    })
}

fn members() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(name(), value(), 0..8).prop_map(|members| members.into_iter().collect())
}

pub(crate) fn document() -> impl Strategy<Value = Value> {
    let wrapping = 0..9_usize;
    let flags = (any::<bool>(), prop::bool::weighted(0.2));
    (wrapping, members(), members(), value(), flags).prop_map(|(wrapping, mut tree, more, user_data, (named, is_over))| {
        if is_over {
            tree.insert("spot".into(), json!({"instance-action": {"action": "stop", "time": "2020-01-01T00:00:00Z"}}));
            tree.insert("iam".into(), json!({"security-credentials": {"web": {
                "Code": "Success", "LastUpdated": "2020-01-01T00:00:00Z", "AccessKeyId": "ASIAIOSFODNN7REALKEY",
                "SecretAccessKey": "sREALKEY", "Token": "tREALKEY", "Expiration": "2020-01-01T06:00:00Z"}}}));
        }
        if named {
            tree.insert("instance-id".into(), json!("i-0123456789abcdef0"));
            tree.insert("ami-id".into(), json!("ami-0123456789abcdef0"));
        }
        let tree = Value::Object(tree);
        let more = Value::Object(more);
        match wrapping {
            0 => tree,
            1 => json!({"meta-data": tree, "dynamic": {"instance-identity": {"document": more}}, "user-data": user_data}),
            2 => json!({"latest": {"meta-data": tree, "dynamic": more, "user-data": user_data}, "2009-04-04": more}),
            3 => json!({"ds": {"meta_data": tree, "user_data": user_data}, "v1": {"cloud_name": "aws"}, "sys_info": more}),
            4 => json!({"ec2_metadata": tree, "ec2_userdata": user_data, "os": more}),
            5 => json!({"meta-data/instance-id": "i-1", "/latest/meta-data/mac": user_data, "x/y": more}),
            6 => json!({"ansible_facts": {"ansible_ec2_ami_id": "ami-1", "ansible_ec2_placement_region": user_data,
                                          "ansible_ec2_instance_identity_document_accountid": "1", "ansible_os": more}}),
            7 => json!({"ec2": {"instance_id": user_data, "ami_id": "ami-1", "iam": tree, "account_id": "1"}, "languages": more}),
            _ => json!({"Reservations": [{"ReservationId": "r-1", "OwnerId": "1", "Instances": [
                {"InstanceId": "i-1", "State": {}, "Placement": {"AvailabilityZone": "eu-west-1b"}, "PublicDnsName": "", "Tags": [{"Key": "a", "Value": user_data}], "IamInstanceProfile": more,
                 "NetworkInterfaces": [{"MacAddress": "06:00:00:00:00:01", "Other": tree, "PrivateIpAddresses": [
                     {"PrivateIpAddress": "10.0.0.7"}, {"PrivateIpAddress": "10.0.0.8"}]}]}, {"InstanceId": "i-2"}]}]}),
        }
    })
}
