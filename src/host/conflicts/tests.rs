//! Which facts refuse which endpoint, and what allows it all the same.

use super::*;

fn settings(allow_takeover: bool) -> HostSettings {
    let endpoints = vec![Endpoint::Imds, Endpoint::Ecs, Endpoint::PodIdentity];
    HostSettings { allow_takeover, endpoints, ..HostSettings::default() }
}

fn refused(facts: &ConflictFacts, allow_takeover: bool) -> Vec<&'static str> {
    refusals(&settings(allow_takeover), facts).iter().map(|refused| refused.endpoint.name()).collect()
}

fn listening(address: &str) -> ConflictFacts {
    let address = address.parse().expect("an address with a port");
    ConflictFacts { listeners: vec![address], ..ConflictFacts::default() }
}

fn link(name: &str) -> ConflictFacts {
    ConflictFacts { links: vec!["lo".into(), name.into()], ..ConflictFacts::default() }
}

fn network(network: &str, interface: &str, routed: bool) -> ConflictFacts {
    let network = network.parse().expect("a network");
    let networks = vec![OtherNetwork { network, interface: interface.into(), routed }];
    ConflictFacts { networks, ..ConflictFacts::default() }
}

fn redirect(address: Ipv4Addr) -> ConflictFacts {
    let rule = ForeignRedirect { address, table: "ip nat".into(), chain: "OUTPUT".into() };
    ConflictFacts { redirects: vec![rule], ..ConflictFacts::default() }
}

#[test]
fn each_finding_refuses_its_endpoint_alone() {
    let none: [&str; 0] = [];
    let (ecs, pods) = (["ecs"], ["pod-identity"]);
    let cases: [(&str, ConflictFacts, &[&str], &[&str]); 20] = [
        ("nothing", ConflictFacts::default(), &none, &none),
        ("the agent", listening("127.0.0.1:51679"), &ecs, &none),
        ("its introspection", listening("127.0.0.1:51678"), &ecs, &none),
        ("its introspection everywhere", listening("[::]:51678"), &ecs, &none),
        ("another host's address", listening("192.168.1.1:51679"), &none, &none),
        ("another port", listening("127.0.0.1:51680"), &none, &none),
        ("the unit", ConflictFacts { ecs_service: true, ..ConflictFacts::default() }, &ecs, &none),
        ("the bridge", link("ecs-bridge"), &ecs, &none),
        ("the link", link("pod-id-link0"), &pods, &none),
        ("another link", link("br-0123456789ab"), &none, &none),
        ("a redirect of ECS", redirect(Ipv4Addr::new(169, 254, 170, 2)), &ecs, &none),
        ("a redirect of pods", redirect(Ipv4Addr::new(169, 254, 170, 23)), &pods, &none),
        (
            "a network",
            network("169.254.170.1/24", "br-0", false),
            &["ecs", "pod-identity"],
            &["ecs", "pod-identity"],
        ),
        ("the IPv6 address", network("fd00:ec2::23/128", "pod-id-link0", false), &pods, &none),
        ("the IPv6 address elsewhere", network("fd00:ec2::23/128", "dummy0", false), &pods, &pods),
        ("another IPv6 address", network("fd00:ec2::254/128", "dummy0", false), &none, &none),
        ("the address at the link", network("169.254.170.23/32", "pod-id-link0", false), &pods, &none),
        ("the route to the link", network("169.254.170.23/32", "pod-id-link0", true), &pods, &none),
        ("the address elsewhere", network("169.254.170.23/32", "dummy0", false), &pods, &pods),
        ("the route to a task", network("169.254.170.2/32", "veth1", true), &ecs, &ecs),
    ];
    for (what, facts, expected, with_takeover) in cases {
        assert_eq!(refused(&facts, false), expected, "{what}");
        assert_eq!(refused(&facts, true), with_takeover, "{what}, with takeover allowed");
    }
}

#[test]
fn an_endpoint_that_is_not_enabled_is_not_refused() {
    let all = ConflictFacts { ecs_service: true, ..network("169.254.170.1/24", "br-0", false) };
    assert_eq!(refusals(&HostSettings::default(), &all), []);
    assert!(!possible(&HostSettings::default()) && possible(&settings(false)));
}

#[test]
fn a_refusal_names_what_was_found_and_the_way_out() {
    let sentence = |facts: &ConflictFacts| {
        let refused = refusals(&settings(false), facts).remove(0).sentence();
        assert_eq!(refused.lines().count(), 1, "a status of systemd is one line: {refused}");
        refused
    };
    for (facts, expected) in [
        (
            listening("127.0.0.1:51679"),
            ["a process listens on 127.0.0.1:51679", "systemctl stop ecs", "set allow-takeover = true"],
        ),
        (
            link("pod-id-link0"),
            ["the endpoint pod-identity is refused", "pod-id-link0 is there", "leave \"pod-identity\" out"],
        ),
        (
            redirect(Ipv4Addr::new(169, 254, 170, 2)),
            ["the chain OUTPUT of the table ip nat", "169.254.170.2:80", "nft -a list chain ip nat OUTPUT"],
        ),
        (
            network("169.254.170.1/24", "br-0123456789ab", false),
            [
                "br-0123456789ab has the address 169.254.170.1/24",
                "docker network rm 0123456789ab",
                "leave \"ecs\" out",
            ],
        ),
        (
            network("169.254.170.1/24", "dummy0", false),
            ["the interface dummy0", "ip addr del 169.254.170.1/24 dev dummy0", "would break that network"],
        ),
        (
            network("169.254.170.1/24", "br-local", false),
            [
                "the interface br-local",
                "ip addr del 169.254.170.1/24 dev br-local",
                "would break that network",
            ],
        ),
        (
            network("169.254.170.1/24", "br-0123456789xy", false),
            ["br-0123456789xy", "ip addr del 169.254.170.1/24 dev br-0123456789xy", "would break"],
        ),
        (
            network("169.254.170.2/32", "veth1", true),
            ["a route to 169.254.170.2/32", "ip route del 169.254.170.2/32 dev veth1", "out of endpoints"],
        ),
    ] {
        let found = sentence(&facts);
        for part in expected {
            assert!(found.contains(part), "expected {part:?} in {found}");
        }
    }
    let unliftable = sentence(&network("169.254.170.1/24", "br-0", false));
    assert!(!unliftable.contains("allow-takeover"), "it would break the network: {unliftable}");
}

#[test]
fn a_refused_endpoint_has_no_address() {
    let endpoints = vec![Endpoint::Imds, Endpoint::Ecs, Endpoint::PodIdentity];
    let settings = HostSettings { ipv6: true, endpoints, ..HostSettings::default() };
    let refused = |endpoint: Endpoint| vec![RefusedEndpoint { endpoint, reason: "an agent runs".into() }];
    assert_eq!(served_addresses(&settings, &[]), settings.addresses());
    let without_pods: Vec<String> = served_addresses(&settings, &refused(Endpoint::PodIdentity))
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(without_pods, ["169.254.169.254", "fd00:ec2::254", "169.254.170.2"]);
    assert_eq!(served_addresses(&HostSettings::default(), &refused(Endpoint::Ecs)).len(), 1);
}
