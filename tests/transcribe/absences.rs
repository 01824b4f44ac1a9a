//! What a file says is not there is not served; nor is what it says that EC2 does not have.

use mock_imds::transcribe::shapes::{self, Reading};
use mock_imds::transcribe::{SecretsPolicy, Transcript};
use serde_json::{Value, json};
use support::{Client, PureService, TOKEN};

use crate::service::{RERUN, written};

pub(crate) fn imported(text: &str) -> Transcript {
    let Reading { observations, .. } = shapes::read(text.as_bytes(), SecretsPolicy::default())
        .unwrap_or_else(|found| panic!("expected a reading of {text}, found {found:?}\n{RERUN}"));
    written(observations, &PureService::new(""))
}

/// Asks a scenario for paths, and compares the status.
#[track_caller]
pub(crate) fn answers(transcript: &Transcript, expected: &[(&str, u16)]) {
    let mut service = PureService::new(&transcript.text);
    let token = service.token(Client::HOST, "21600");
    for (path, status) in expected {
        let reply = service.reply(Client::HOST, "GET", &format!("/latest/{path}"), &[(TOKEN, &token)]);
        assert_eq!(
            reply.status.as_u16(),
            *status,
            "{path} of\n{}\nnotes: {:#?}\n{RERUN}",
            transcript.text,
            transcript.notes
        );
    }
}

#[track_caller]
pub(crate) fn says(transcript: &Transcript, lines: &[&str], notes: &[&str]) {
    for line in lines {
        assert!(transcript.text.contains(line), "expected {line:?} in\n{}\n{RERUN}", transcript.text);
    }
    for note in notes {
        let is_there = transcript.notes.iter().any(|found| found.contains(note));
        assert!(is_there, "expected {note:?}, found {:#?}\n{RERUN}", transcript.notes);
    }
}

#[test]
fn not_available_in_the_text_of_ec2_metadata_is_not_there() {
    let transcript = imported(
        "instance-id: i-0123456789abcdef0\nlocal-ipv4: 10.0.1.23\nplacement: not available\npublic-hostname: not available\n\
         public-ipv4: not available\nuser-data: not available\n",
    );
    answers(
        &transcript,
        &[
            ("meta-data/public-ipv4", 404),
            ("meta-data/public-hostname", 404),
            ("user-data", 404),
            ("meta-data/local-ipv4", 200),
            ("meta-data/placement/availability-zone", 200),
        ],
    );
    says(
        &transcript,
        &["public-ipv4s = []"],
        &[
            "meta-data/placement/availability-zone: every instance has it; that of the built-in one is in its place",
        ],
    );
}

/// An instance as the command prints it, with these members besides.
pub(crate) fn described(more: Value) -> String {
    let mut instance = json!({
        "InstanceId": "i-0123456789abcdef0", "State": {"Code": 16, "Name": "running"},
        "Placement": {"AvailabilityZone": "eu-west-1b", "GroupName": ""}, "PrivateIpAddress": "10.0.1.23",
        "NetworkInterfaces": [{"MacAddress": "06:00:00:00:00:01", "Attachment": {"DeviceIndex": 0},
            "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.23"}]}],
    });
    if let (Some(instance), Value::Object(more)) = (instance.as_object_mut(), more) {
        instance.extend(more);
    }
    json!({"Reservations": [{"Instances": [instance]}]}).to_string()
}

const PUBLICS: &str = "meta-data/network/interfaces/macs/06:00:00:00:00:01/public-ipv4s";

#[test]
fn an_instance_without_a_public_address_has_none() {
    let transcript = imported(&described(json!({"PublicDnsName": ""})));
    answers(
        &transcript,
        &[
            ("meta-data/public-ipv4", 404),
            ("meta-data/public-hostname", 404),
            ("meta-data/public-keys/", 404),
            (PUBLICS, 404),
            ("meta-data/local-ipv4", 200),
            ("meta-data/iam/info", 404),
        ],
    );
    says(&transcript, &["public-ipv4s = []"], &[]);
    let public = json!({"PublicDnsName": "", "PublicIpAddress": "198.51.100.7", "KeyName": "me"});
    answers(
        &imported(&described(public)),
        &[("meta-data/public-ipv4", 200), ("meta-data/public-hostname", 404)],
    );
    // A query may have left out anything.
    let query =
        json!([{"InstanceId": "i-0123456789abcdef0", "ImageId": "ami-0123456789abcdef0"}]).to_string();
    answers(&imported(&query), &[("meta-data/public-ipv4", 200)]);
    let null = json!([{"InstanceId": "i-0123456789abcdef0", "PublicIpAddress": null}]).to_string();
    answers(&imported(&null), &[("meta-data/public-ipv4", 404)]);
}

#[test]
fn options_of_the_metadata_are_taken_along() {
    let options = json!({"MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "disabled",
        "InstanceMetadataTags": "enabled", "HttpPutResponseHopLimit": 2}});
    let lines = [
        "http-tokens = \"required\"\nhttp-put-response-hop-limit = 2",
        "http-endpoint = \"disabled\"",
        "instance-metadata-tags = \"enabled\"",
    ];
    says(&imported(&described(options)), &lines, &[]);
}

#[test]
fn tags_that_the_metadata_cannot_have_are_left_out() {
    let tags = json!({"Tags": [{"Key": "a b", "Value": "x1"}, {"Key": "Name", "Value": "web-1"}]});
    let transcript = imported(&described(tags.clone()));
    answers(&transcript, &[("meta-data/tags/instance/Name", 200)]);
    says(&transcript, &["Name = \"web-1\""], &["the tag \"a b\": EC2 has no tags in the metadata"]);
    assert!(!transcript.text.contains("x1"), "{}", transcript.text);
    let mut off = tags;
    off["MetadataOptions"] = json!({"InstanceMetadataTags": "disabled"});
    let transcript = imported(&described(off));
    answers(&transcript, &[("meta-data/tags/instance/Name", 404)]);
    says(&transcript, &[], &["InstanceMetadataTags is disabled"]);
}

#[test]
fn what_every_instance_has_is_never_written_as_absent() {
    let tree = json!({"instance-id": "i-0123456789abcdef0", "ami-id": "ami-0123456789abcdef0", "ami-launch-index": "0",
        "hostname": "web-1", "local-hostname": "web-1", "instance-type": "m5.large", "reservation-id": "r-0123456789abcdef0",
        "security-groups": "web"});
    let transcript = imported(&tree.to_string());
    answers(
        &transcript,
        &[
            ("meta-data/mac", 200),
            ("meta-data/placement/availability-zone", 200),
            ("meta-data/network/interfaces/macs/", 200),
            ("meta-data/services/domain", 200),
            ("meta-data/public-hostname", 404),
        ],
    );
    says(
        &transcript,
        &[],
        &[
            "meta-data/mac, meta-data/network, meta-data/placement, meta-data/services: every instance has them",
        ],
    );
}

#[test]
fn equal_remarks_are_one() {
    let tags: serde_json::Map<String, Value> = (0..3000).map(|n| (format!("a b{n}"), json!("x"))).collect();
    let tree = json!({"instance-id": "i-0123456789abcdef0", "tags": {"instance": tags}});
    let transcript = imported(&tree.to_string());
    assert!(transcript.notes.len() < 200, "expected few notes, found {}\n{RERUN}", transcript.notes.len());
}
