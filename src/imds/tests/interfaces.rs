//! Device numbers and leaves of interfaces, and what the instance of a node keeps of its own.

use std::sync::Arc;

use super::{LOADED, named};
use crate::imds::ec2::Directory;
use crate::imds::on_node;
use crate::model::{ClusterNode, Instance, NamedInstance, NetworkInterface, Scenario};

/// The built-in interface has device number 0 on card 0; the MAC address that follows from 3 is on card 1.
#[test]
fn a_free_device_number_is_free_on_its_card_and_its_mac_address_is_free_on_all() {
    let mut scenario = Scenario::default();
    let on_card = |number, card| {
        let mut interface = NetworkInterface::numbered(number);
        interface.network_card = Some(card);
        interface
    };
    scenario.instance.interfaces.extend([on_card(1, 0), on_card(3, 1)]);
    let mut own_mac = on_card(2, 0);
    own_mac.mac = "02:00:00:00:00:07".parse().expect("a MAC address");
    let fleet = |scenario: &Scenario| super::fleet(scenario.clone());
    let free = |scenario: &Scenario, card| fleet(scenario).free_device_number(None, None, card, LOADED);
    assert_eq!([0, 1].map(|card| free(&scenario, card)), [Some(2), Some(2)]);
    scenario.instance.interfaces.push(own_mac);
    // 2 is taken on card 0 alone; the MAC address of 3 is taken for both.
    assert_eq!([0, 1].map(|card| free(&scenario, card)), [Some(4), Some(2)]);
    assert_eq!(fleet(&scenario).free_device_number(Some("web"), None, 0, LOADED), None, "no such instance");
    scenario.instance.interfaces[0].mac = "02:00:00:00:00:08".parse().expect("a MAC address");
    assert_eq!([0, 1].map(|card| free(&scenario, card)), [Some(4), Some(0)], "only card 0 begins with 1");
}

#[test]
fn an_interface_has_a_leaf_for_each_of_its_public_addresses() {
    let mut instance = Instance::default();
    let interface = &instance.interfaces[0];
    let directory = format!("meta-data/network/interfaces/macs/{}/ipv4-associations/", interface.mac);
    let expected: Vec<String> = interface.public_ipv4s.iter().map(ToString::to_string).collect();
    let found = |instance: &Instance| -> Vec<String> {
        let tree = Directory::of(instance);
        let below = |(path, _): (String, _)| path.strip_prefix(&directory).map(str::to_owned);
        tree.leaves().into_iter().filter_map(below).collect()
    };
    assert!(!expected.is_empty(), "the built-in interface has one");
    assert_eq!(found(&instance), expected);
    instance.interfaces[0].public_ipv4s.clear();
    assert_eq!(found(&instance), [""; 0]);
}

/// `version_2018_04_12` is the name of its schema.
#[test]
fn an_accelerator_has_a_leaf_with_its_id_and_its_type() {
    let id = "eia-0123456789abcdef0123456789abcdef";
    let elastic_inference = [(id.to_owned(), "eia1.medium".to_owned())].into();
    let instance = Instance { elastic_inference, ..Instance::default() };
    let answers = super::fleet(Scenario { instance, ..Scenario::default() }).answers("latest", LOADED);
    let found = answers.get(&format!("meta-data/elastic-inference/associations/{id}"));
    let expected = format!(
        r#"{{"version_2018_04_12":{{"elastic-inference-accelerator-id":"{id}","elastic-inference-accelerator-type":"eia1.medium"}}}}"#
    );
    assert_eq!(found.map(|body| &body[..]), Some(expected.as_bytes()));
}

/// The instance of this node's.
fn served_on(node: &Arc<ClusterNode>, instance: &Instance, web: NamedInstance) -> Instance {
    let instance = instance.clone();
    let scenario = Scenario { instance, named_instances: vec![web], ..Scenario::default() };
    on_node(&Arc::new(scenario), Some(node)).named_instances[0].instance.clone()
}

#[test]
fn the_instance_of_a_node_keeps_interfaces_that_are_its_own() {
    let instance = Instance::default();
    let node = Arc::new(ClusterNode { name: "n1".parse().expect("a name"), addresses: vec![] });
    let mut web = named("web", &[]);
    web.nodes = vec!["n1".parse().expect("a name")];
    let inherits = served_on(&node, &instance, web.clone());
    assert_ne!(inherits.interfaces, instance.interfaces, "what it inherits is the other instance's");
    web.instance.interfaces[0].mac = "02:00:00:00:00:07".parse().expect("a MAC");
    let own = web.instance.interfaces.clone();
    assert_eq!(served_on(&node, &instance, web).interfaces, own);
}

/// What it inherits is the other instance's; what it sets of its own it keeps.
#[test]
fn the_instance_of_a_node_keeps_the_host_names_that_are_its_own() {
    let name = |text: &str| Some(text.parse().expect("a host name"));
    let instance = Instance { hostname: name("a.x"), public_hostname: name("b.x"), ..Instance::default() };
    let node = Arc::new(ClusterNode { name: "n1".parse().expect("a name"), addresses: vec![] });
    for (hostname, public_hostname, expected) in [
        ("a.x", "b.x", (None, None)),
        ("own.x", "b.x", (name("own.x"), None)),
        ("a.x", "own.x", (None, name("own.x"))),
    ] {
        let mut web = named("web", &[]);
        web.nodes = vec!["n1".parse().expect("a name")];
        web.instance =
            Instance { hostname: name(hostname), public_hostname: name(public_hostname), ..instance.clone() };
        let found = served_on(&node, &instance, web);
        assert_eq!((found.hostname.clone(), found.public_hostname.clone()), expected, "{hostname}");
        assert_ne!(found.instance_id, instance.instance_id, "of its own");
    }
}
