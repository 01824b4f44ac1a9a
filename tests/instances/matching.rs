//! Who meets which instance, and what it inherits.

use mock_imds::imds::Ingress;
use support::{Client, PureService, TOKEN};

const NETWORKS: &str = r#"
[instances.wide]
clients = ["10.0.0.0/8", "fd00::/8"]
instance-id = "i-00000000000000008"
[instances.one]
clients = ["10.1.2.3"]
instance-id = "i-00000000000000032"
[instances.narrow]
clients = ["10.1.0.0/16", "10.1.2.0/24", "fd00:1::/32"]
instance-id = "i-00000000000000016"
[instances.host]
clients = ["host"]
instance-id = "i-00000000000000001"
"#;

fn id(service: &mut PureService, client: Client) -> String {
    service.value(client, "instance-id").expect("every instance has an id")
}

#[test]
fn of_several_networks_the_longest_prefix_counts() {
    let mut service = PureService::new(NETWORKS);
    for (address, expected) in [
        ("10.9.9.9", "i-00000000000000008"),
        ("10.1.9.9", "i-00000000000000016"),
        ("10.1.2.4", "i-00000000000000016"),
        ("10.1.2.3", "i-00000000000000032"),
        ("11.0.0.1", "i-1234567890abcdef0"),
        ("fd00:2::1", "i-00000000000000008"),
        ("fd00:1::1", "i-00000000000000016"),
        ("2001:db8::1", "i-1234567890abcdef0"),
    ] {
        assert_eq!(id(&mut service, Client::bridged(address)), expected, "a client at {address}");
    }
}

#[test]
fn host_is_who_comes_by_lo_whatever_its_address() {
    let mut service = PureService::new(NETWORKS);
    for address in ["127.0.0.1", "169.254.169.254", "10.1.2.3", "fd00:1::1"] {
        let host = Client { ingress: Ingress::Host, ..Client::bridged(address) };
        assert_eq!(id(&mut service, host), "i-00000000000000001", "a process of this host at {address}");
    }
    // Only an instance for "host" takes the host's processes away from their networks.
    let mut service =
        PureService::new("[instances.a]\nclients = [\"10.0.0.0/8\"]\ninstance-id = \"i-0000000a\"\n");
    let host = Client { ingress: Ingress::Host, ..Client::bridged("10.0.0.1") };
    assert_eq!(id(&mut service, host), "i-0000000a");
    let bridged = Client { ingress: Ingress::Bridge, ..Client::HOST };
    assert_eq!(
        id(&mut PureService::new(NETWORKS), bridged),
        "i-1234567890abcdef0",
        "the host's address, over a bridge"
    );
}

const FAMILY: &str = r#"
[instance]
instance-type = "c7g.large"
availability-zone = "eu-west-1b"
life-cycle = "spot"
user-data = "inherited"
security-groups = ["base"]
[instance.tags]
Name = "base"
[[instance.network-interface]]
private-ipv4s = ["10.20.0.5"]
[metadata-options]
instance-metadata-tags = "enabled"
[credentials]
role = "base-role"
lifetime = "2h"
[metadata]
"meta-data/shared" = "base"
"meta-data/public-ipv4" = false

[instances.heir]
clients = ["10.0.0.1"]
instance-id = "i-0000000000000000a"

[instances.rebel]
clients = ["10.0.0.2"]
instance-id = "i-0000000000000000b"
instance-type = "m5.large"
availability-zone = "us-gov-west-1a"
life-cycle = "on-demand"
user-data = "own"
security-groups = ["other"]
tags = { Name = "rebel", Extra = "yes" }
metadata-options = { http-tokens = "required" }
credentials = { role = "rebel-role" }
metadata = { "meta-data/shared" = "own", "meta-data/mine" = "too" }
[[instances.rebel.network-interface]]
mac = "0e:00:00:00:00:0b"
private-ipv4s = ["10.30.0.5"]

[instances.poor]
clients = ["10.0.0.3"]
instance-id = "i-0000000000000000c"
credentials = { source = "none" }
metadata-options = { instance-metadata-tags = "disabled" }
"#;

#[test]
fn what_is_not_said_is_inherited() {
    let mut service = PureService::new(FAMILY);
    let heir = Client::bridged("10.0.0.1");
    for (leaf, expected) in [
        ("instance-id", Some("i-0000000000000000a")),
        ("instance-type", Some("c7g.large")),
        ("placement/region", Some("eu-west-1")),
        ("instance-life-cycle", Some("spot")),
        ("security-groups", Some("base")),
        ("tags/instance/Name", Some("base")),
        ("local-ipv4", Some("10.20.0.5")),
        ("iam/security-credentials/", Some("base-role")),
        ("shared", Some("base")),
        ("public-ipv4", None),
    ] {
        assert_eq!(service.value(heir, leaf).as_deref(), expected, "{leaf} of the heir");
    }
    assert_eq!(service.ask(heir, "GET", "/latest/user-data", &[]).body, "inherited");
    let document = service.ask(heir, "GET", "/latest/dynamic/instance-identity/document", &[]).body;
    assert!(document.contains("i-0000000000000000a") && document.contains("eu-west-1b"), "{document}");
}

#[test]
fn what_is_said_replaces_what_is_inherited() {
    let mut service = PureService::new(FAMILY);
    let rebel = Client::bridged("10.0.0.2");
    assert_eq!(service.ask(rebel, "GET", "/latest/meta-data/", &[]).status, 401, "it requires tokens");
    let token = service.token(rebel, "60");
    for (path, expected) in [
        ("meta-data/instance-type", "m5.large"),
        ("meta-data/placement/region", "us-gov-west-1"),
        ("meta-data/instance-life-cycle", "on-demand"),
        ("meta-data/security-groups", "other"),
        ("meta-data/tags/instance/", "Extra\nName"),
        ("meta-data/mac", "0e:00:00:00:00:0b"),
        ("meta-data/local-hostname", "ip-10-30-0-5.us-gov-west-1.compute.internal"),
        ("meta-data/network/interfaces/macs/", "0e:00:00:00:00:0b/"),
        ("meta-data/network/interfaces/macs/0e:00:00:00:00:0b/security-groups", "other"),
        ("meta-data/iam/security-credentials/", "rebel-role"),
        ("meta-data/shared", "own"),
        ("meta-data/mine", "too"),
        ("user-data", "own"),
    ] {
        let answer = service.ask(rebel, "GET", &format!("/latest/{path}"), &[(TOKEN, &token)]);
        assert_eq!((answer.status, answer.body.as_str()), (200, expected), "{path} of the rebel");
    }
    let removed = service.ask(rebel, "GET", "/latest/meta-data/public-ipv4", &[(TOKEN, &token)]);
    assert_eq!(removed.status, 404, "what [metadata] removes stays removed");
    let info = service.ask(rebel, "GET", "/latest/meta-data/iam/info", &[(TOKEN, &token)]).body;
    assert!(info.contains("arn:aws-us-gov:iam::123456789012:instance-profile/rebel-role"), "{info}");
    // And none of it reaches the others.
    assert_eq!(service.value(Client::HOST, "shared").as_deref(), Some("base"));
    assert_eq!(service.value(Client::HOST, "mine"), None);
    assert_eq!(service.ask(Client::HOST, "GET", "/latest/meta-data/", &[]).status, 200);
}

#[test]
fn options_and_credentials_can_be_taken_away() {
    let mut service = PureService::new(FAMILY);
    let poor = Client::bridged("10.0.0.3");
    assert_eq!(service.value(poor, "iam/"), None);
    assert_eq!(service.value(poor, "tags/instance/"), None);
    assert!(
        service.value(Client::HOST, "iam/").is_some()
            && service.value(Client::HOST, "tags/instance/").is_some()
    );
}

#[test]
fn each_instance_has_keys_and_tokens_of_its_own() {
    let mut service = PureService::new(FAMILY);
    let (heir, host) = (Client::bridged("10.0.0.1"), Client::HOST);
    let credentials =
        |service: &mut PureService, client| service.value(client, "iam/security-credentials/base-role");
    let (of_heir, of_host) = (credentials(&mut service, heir), credentials(&mut service, host));
    assert!(of_heir.is_some() && of_heir != of_host, "{of_heir:?}");
    let token = service.token(heir, "60");
    let path = "/latest/meta-data/instance-id";
    assert_eq!(service.ask(heir, "GET", path, &[(TOKEN, &token)]).status, 200);
    assert_eq!(service.ask(host, "GET", path, &[(TOKEN, &token)]).status, 401, "a token of another instance");
}
