//! What `aws ec2 describe-instances` says of interfaces, roles and states, and what becomes of it.

use mock_imds::transcribe::SecretsPolicy;
use mock_imds::transcribe::shapes;
use serde_json::{Value, json};
use support::PureService;

use crate::absences::{answers, described, imported, says};
use crate::service::{RERUN, written};

const MACS: &str = "meta-data/network/interfaces/macs";

fn interfaces(list: &Value) -> String {
    described(json!({"NetworkInterfaces": list}))
}

/// Compares the lines of a scenario that begin with a key.
#[track_caller]
fn lines(text: &str, key: &str, expected: &[&str]) {
    let transcript = imported(text);
    let found: Vec<&str> =
        transcript.text.lines().filter(|line| line.starts_with(&format!("{key} = "))).collect();
    assert_eq!(found, expected, "{key} of\n{text}\nas\n{}\n{RERUN}", transcript.text);
}

#[test]
fn an_interface_without_a_private_address_has_none() {
    let list = json!([
        {"MacAddress": "06:00:00:00:00:01", "Attachment": {"DeviceIndex": 0}, "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.23"}]},
        {"MacAddress": "06:00:00:00:00:02", "Attachment": {"DeviceIndex": 1}, "PrivateIpAddresses": [], "Ipv6Addresses": []},
    ]);
    let text = interfaces(&list);
    lines(&text, "private-ipv4s", &["private-ipv4s = [\"10.0.1.23\"]", "private-ipv4s = []"]);
    let transcript = imported(&text);
    answers(
        &transcript,
        &[
            (&format!("{MACS}/06:00:00:00:00:01/local-ipv4s"), 200),
            (&format!("{MACS}/06:00:00:00:00:02/local-ipv4s"), 404),
            (&format!("{MACS}/06:00:00:00:00:02/public-ipv4s"), 404),
        ],
    );
    let notes = transcript.notes.join("\n");
    assert!(!notes.contains("PrivateIpAddresses") && !notes.contains("Ipv6Addresses"), "{notes}\n{RERUN}");
}

#[test]
fn an_instance_with_ipv6_only_gets_no_private_address() {
    let text = described(json!({"PrivateIpAddress": "", "NetworkInterfaces": [{
        "MacAddress": "06:00:00:00:00:01", "Attachment": {"DeviceIndex": 0}, "PrivateIpAddresses": [],
        "Ipv6Addresses": [{"Ipv6Address": "2001:db8::7", "IsPrimaryIpv6": false}, {"Ipv6Address": "2001:db8::8", "IsPrimaryIpv6": true}]}]}));
    lines(&text, "private-ipv4s", &["private-ipv4s = []"]);
    lines(&text, "ipv6s", &["ipv6s = [\"2001:db8::8\", \"2001:db8::7\"]"]);
    answers(&imported(&text), &[("meta-data/local-ipv4", 404), ("meta-data/ipv6", 200)]);
}

#[test]
fn the_primary_interface_is_that_with_the_address_of_the_instance() {
    let nic = |mac: &str, address: &str, number: Option<u32>| {
        let mut nic = json!({"MacAddress": mac, "PrivateIpAddresses": [{"PrivateIpAddress": address}]});
        if let Some(number) = number {
            nic["Attachment"] = json!({"DeviceIndex": number});
        }
        nic
    };
    let (one, two, three) = ("06:00:00:00:00:01", "06:00:00:00:00:02", "06:00:00:00:00:03");
    let macs = |order: [&str; 3]| order.map(|mac| format!("mac = \"{mac}\""));
    for (list, expected) in [
        // By the address; then in the order of the list.
        (
            [nic(three, "10.0.1.30", None), nic(one, "10.0.1.40", None), nic(two, "10.0.1.23", None)],
            [two, three, one],
        ),
        // Without a number after those that have one.
        (
            [nic(one, "10.0.1.30", None), nic(two, "10.0.1.40", Some(1)), nic(three, "10.0.1.23", Some(0))],
            [three, two, one],
        ),
    ] {
        let expected = macs(expected);
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        lines(&interfaces(&json!(list)), "mac", &expected);
    }
}

#[test]
fn the_primary_address_of_an_interface_comes_first() {
    let nic = |addresses: Value| json!([{"MacAddress": "06:00:00:00:00:01", "PrivateIpAddress": "10.0.1.23", "PrivateIpAddresses": addresses}]);
    let expected = "private-ipv4s = [\"10.0.1.23\", \"10.0.1.9\"]";
    for flags in [[json!(false), json!(true)], [json!("false"), json!("true")], [Value::Null, Value::Null]] {
        let [first, second] = flags;
        let addresses = json!([
            {"PrivateIpAddress": "10.0.1.9", "Primary": first, "Association": {"PublicIp": "198.51.100.9"}},
            {"PrivateIpAddress": "10.0.1.23", "Primary": second, "Association": {"PublicIp": "198.51.100.23"}},
        ]);
        let text = interfaces(&nic(addresses));
        lines(&text, "private-ipv4s", &[expected]);
        lines(&text, "public-ipv4s", &["public-ipv4s = [\"198.51.100.23\", \"198.51.100.9\"]"]);
    }
    let alone = json!([{"MacAddress": "06:00:00:00:00:01", "PrivateIpAddress": "10.0.1.23"}]);
    lines(&interfaces(&alone), "private-ipv4s", &["private-ipv4s = [\"10.0.1.23\"]"]);
}

#[test]
fn an_empty_profile_is_no_role() {
    for profile in [json!(""), json!(null), json!({}), json!({"Arn": "", "Id": ""})] {
        let transcript = imported(&described(json!({"IamInstanceProfile": profile})));
        answers(&transcript, &[("meta-data/iam/info", 404), ("meta-data/iam/security-credentials/", 404)]);
        says(&transcript, &["source = \"none\""], &[]);
        let notes = transcript.notes.join("\n");
        assert!(!notes.contains("IamInstanceProfile"), "{profile}: {notes}\n{RERUN}");
    }
    let xml = "<DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>i-0123456789abcdef0</instanceId>\
               <iamInstanceProfile/></item></instancesSet></item></reservationSet></DescribeInstancesResponse>";
    says(&imported(xml), &["source = \"none\""], &[]);
    let arn = json!({"IamInstanceProfile": {"Arn": "arn:aws:iam::111122223333:instance-profile/web"}});
    let transcript = imported(&described(arn));
    answers(&transcript, &[("meta-data/iam/info", 200)]);
    // There are no keys in it that an option could take along.
    let notes = transcript.notes.join("\n");
    assert!(
        notes.contains("credentials of the role web: generated ones")
            && !notes.contains("--with-credentials"),
        "{notes}\n{RERUN}"
    );
}

/// What is there, and what the service answers, is not said to be missing.
#[test]
fn what_is_reproduced_is_not_said_to_be_left_out() {
    let group = json!({"GroupName": "web", "GroupId": "sg-0123456789abcdef0"});
    let rest = json!({"SubnetId": "subnet-0123456789abcdef0", "VpcId": "vpc-0123456789abcdef0", "Groups": [group],
        "PrivateIpAddress": "10.0.1.23", "PrivateDnsName": "ip-10-0-1-23.eu-west-1.compute.internal",
        "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.23", "PrivateDnsName": "ip-10-0-1-23.eu-west-1.compute.internal"}]});
    let instance = json!({"KeyName": "me", "SubnetId": "subnet-0123456789abcdef0", "VpcId": "vpc-0123456789abcdef0",
        "SecurityGroups": [group], "PrivateDnsName": "ip-10-0-1-23.eu-west-1.compute.internal"});
    let mut with_mac = rest.clone();
    with_mac["MacAddress"] = json!("06:00:00:00:00:01");
    let mut bare = with_mac.clone();
    for name in ["SubnetId", "VpcId", "Groups"] {
        bare[name] = Value::Null;
        bare.as_object_mut().expect("it is an object").remove(name);
    }
    for nic in [with_mac, bare, rest] {
        let mut instance = instance.clone();
        instance["NetworkInterfaces"] = json!([nic]);
        let transcript = imported(&described(instance));
        let notes = transcript.notes.join("\n");
        for name in [
            "SubnetId",
            "VpcId",
            "GroupId",
            "GroupName",
            "PrivateIpAddress",
            "PrivateDnsName",
            "another instance",
        ] {
            assert!(!notes.contains(name), "expected no {name} of {nic} in\n{notes}\n{RERUN}");
        }
        says(
            &transcript,
            &["subnet-id = \"subnet-0123456789abcdef0\"", "security-group-ids = [\"sg-0123456789abcdef0\"]"],
            &["the public key me: the API has its name only"],
        );
    }
}

#[test]
fn groups_with_an_id_alone_are_taken() {
    let text =
        described(json!({"NetworkInterfaces": [], "SecurityGroups": [{"GroupId": "sg-0123456789abcdef7"}]}));
    says(&imported(&text), &["security-group-ids = [\"sg-0123456789abcdef7\"]"], &[]);
}

#[test]
fn a_state_in_which_nothing_answers_is_said_once() {
    for state in ["stopped", "terminated"] {
        let transcript = imported(&described(json!({"State": {"Code": 80, "Name": state}})));
        let said: Vec<&String> = transcript.notes.iter().filter(|note| note.contains("tate")).collect();
        assert!(
            said.len() == 1 && said[0].starts_with(&format!("the state {state}: ")),
            "expected one remark on {state}, found {said:?}\n{RERUN}"
        );
    }
}

#[test]
fn other_ids_are_named_by_their_keys() {
    let transcript = imported(&json!([{"InstanceId": "i-test", "ImageId": "ami-test"}]).to_string());
    says(&transcript, &["other-ids = true"], &["ids of other forms than EC2's (ami-id, instance-id): "]);
    let zone =
        json!([{"InstanceId": "i-0123456789abcdef0", "Placement": {"AvailabilityZone": "eu-west-1q"}}]);
    says(
        &imported(&zone.to_string()),
        &["other-ids = true"],
        &[
            "mock-imds knows no zone \"eu-west-1q\" in the region eu-west-1: taken as it is, and `other-ids` says so",
        ],
    );
}

/// A parser that needs the square of the length would be busy for minutes.
#[test]
fn an_answer_of_attributes_is_refused_before_it_is_parsed() {
    let attributes = (0..200_000).map(|number| format!(" a{number}=''")).collect::<Vec<_>>().concat();
    let spaces = (0..200_000).map(|number| format!("<a xmlns:n{number}='x'>")).collect::<Vec<_>>().concat();
    for (text, expected) in [(attributes + ">", "attributes"), (format!(">{spaces}"), "namespaces")] {
        let text = format!("<DescribeInstancesResponse{text}");
        let found = shapes::read(text.as_bytes(), SecretsPolicy::default()).expect_err("it is no answer");
        assert!(format!("{found:?}").contains(expected), "expected {expected}, found {found:?}\n{RERUN}");
    }
}

#[test]
fn keys_that_were_left_out_can_be_taken_along() {
    let file = json!({"instance-id": "i-0123456789abcdef0", "iam": {"security-credentials": {"web": {
        "Code": "Success", "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "secret", "Token": "token"}}}});
    for (credentials, expected) in [(false, true), (true, false)] {
        let policy = SecretsPolicy { credentials, user_data: false };
        let read = shapes::read(file.to_string().as_bytes(), policy).expect("it is a tree");
        let notes = written(read.observations, &PureService::new("")).notes.join("\n");
        assert_eq!(
            notes.contains("--with-credentials takes the real ones along"),
            expected,
            "{notes}\n{RERUN}"
        );
    }
}
