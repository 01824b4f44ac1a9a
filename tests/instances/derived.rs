//! `derive = true`: identities that follow from the client's address.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use mock_imds::imds::Ingress;
use support::{Client, PureService, TOKEN};

const FLEET: &str = r#"
[instance]
availability-zone = "eu-west-1b"
hostname = "said.example"
[[instance.network-interface]]
private-ipv4s = ["10.20.0.5"]
subnet-ipv4-cidr-block = "10.20.0.0/16"
vpc-ipv4-cidr-blocks = ["10.0.0.0/8"]
subnet-id = "subnet-00000001"
vpc-id = "vpc-00000001"
[instances.fleet]
clients = ["10.0.0.0/8", "fd00::/8"]
derive = true
"#;

fn client(number: u32) -> Client {
    let peer = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number));
    Client { peer, ingress: Ingress::Bridge }
}

/// Everything of an identity that should be its own.
fn identity(service: &mut PureService, client: Client) -> Vec<Option<String>> {
    let mac = service.value(client, "mac").expect("every instance has a MAC address");
    let interface = format!("network/interfaces/macs/{mac}/interface-id");
    ["instance-id", "mac", "local-ipv4", "local-hostname", "iam/security-credentials/dev-role", &interface]
        .map(|leaf| service.value(client, leaf))
        .to_vec()
}

#[test]
fn an_identity_is_the_same_at_every_request_and_after_a_reload() {
    let mut service = PureService::new(FLEET);
    let before: Vec<_> = (1..50).map(|number| identity(&mut service, client(number))).collect();
    let again: Vec<_> = (1..50).map(|number| identity(&mut service, client(number))).collect();
    assert_eq!(before, again);
    // Another process with the same file, and one with a file in which other things changed.
    for text in [
        FLEET.to_owned(),
        format!(
            "{FLEET}\n[http]\nkeep-alive = true\n[instances.b]\nclients = [\"192.168.0.0/16\"]\nderive = true\n"
        ),
    ] {
        let mut reloaded = PureService::new(&text);
        let after: Vec<_> = (1..50).map(|number| identity(&mut reloaded, client(number))).collect();
        assert_eq!(before, after, "after a reload of {text}");
    }
}

#[test]
fn no_two_clients_share_anything_of_their_identity() {
    let mut service = PureService::new(FLEET);
    let all: Vec<_> = (0..500).map(|number| identity(&mut service, client(number * 257))).collect();
    for part in 0..all[0].len() {
        let distinct: BTreeSet<_> = all.iter().map(|identity| &identity[part]).collect();
        assert!(!distinct.contains(&None), "part {part} is missing somewhere");
        assert_eq!(distinct.len(), all.len(), "part {part} of 500 identities");
    }
}

#[test]
fn the_parts_of_an_identity_hang_together() {
    let mut service = PureService::new(FLEET);
    let guest = Client::bridged("10.20.30.40");
    let mac = service.value(guest, "mac").expect("a MAC address");
    let id = service.value(guest, "instance-id").expect("an id");
    assert_eq!(service.value(guest, "network/interfaces/macs/"), Some(format!("{mac}/")));
    let of_interface = |leaf: &str| format!("network/interfaces/macs/{mac}/{leaf}");
    for (leaf, expected) in [
        ("local-ipv4", "10.20.30.40"),
        ("hostname", "ip-10-20-30-40.eu-west-1.compute.internal"),
        (&of_interface("mac"), &mac),
        (&of_interface("local-ipv4s"), "10.20.30.40"),
        (&of_interface("local-hostname"), "ip-10-20-30-40.eu-west-1.compute.internal"),
        // The said subnet holds the address.
        (&of_interface("subnet-id"), "subnet-00000001"),
        (&of_interface("subnet-ipv4-cidr-block"), "10.20.0.0/16"),
        (&of_interface("vpc-id"), "vpc-00000001"),
        (&of_interface("vpc-ipv4-cidr-blocks"), "10.0.0.0/8"),
    ] {
        assert_eq!(service.value(guest, leaf).as_deref(), Some(expected), "{leaf}");
    }
    for absent in ["public-ipv4", "public-hostname", "ipv6"] {
        assert_eq!(service.value(guest, absent), None, "{absent}");
    }
    let document = service.ask(guest, "GET", "/latest/dynamic/instance-identity/document", &[]).body;
    let document: serde_json::Value = serde_json::from_str(&document).expect("the document is JSON");
    assert_eq!(
        (document["instanceId"].as_str(), document["privateIp"].as_str()),
        (Some(&*id), Some("10.20.30.40"))
    );
    let six = Client::bridged("fd00::17");
    assert_eq!(
        (service.value(six, "ipv6").as_deref(), service.value(six, "local-ipv4")),
        (Some("fd00::17"), None)
    );
}

#[test]
fn a_token_of_one_client_is_none_of_another() {
    let mut service = PureService::new(FLEET);
    let token = service.token(client(1), "60");
    let path = "/latest/meta-data/instance-id";
    assert_eq!(service.ask(client(1), "GET", path, &[(TOKEN, &token)]).status, 200);
    assert_eq!(service.ask(client(2), "GET", path, &[(TOKEN, &token)]).status, 401);
}
