//! What `aws ec2 describe-instances` says of paths, and what of it is accounted for.

use serde_json::{Value, json};

use crate::transcribe::observations::Observations;
use crate::transcribe::{SecretsPolicy, shapes};

const NIC: &str = "meta-data/network/interfaces/macs/06:00:00:00:00:01";

/// What is read of an instance with these members.
fn described(members: &Value) -> Observations {
    let mut instance = json!({"InstanceId": "i-0123456789abcdef0"});
    for (name, value) in members.as_object().expect("an object") {
        instance[name] = value.clone();
    }
    let document = json!({"Reservations": [{"Instances": [instance]}]});
    shapes::read_json(vec![document], SecretsPolicy::default()).expect("it lists an instance").observations
}

/// The place of a member of the instance.
fn at(names: &str) -> Vec<String> {
    let above = ["Reservations", "0", "Instances", "0"].into_iter();
    above.chain(names.split('.').filter(|name| !name.is_empty())).map(str::to_owned).collect()
}

#[test]
fn a_profile_with_other_members_is_left_out_as_it_is() {
    let other = described(&json!({"IamInstanceProfile": {"Name": "web"}}));
    assert!(other.account.absent.is_empty(), "{:?}", other.account);
    assert!(matches!(other.account.of(&at("IamInstanceProfile.Name")), Some(Err(_))), "{:?}", other.account);
    for blank in [json!(null), json!(""), json!({}), json!({"Arn": "", "Id": null})] {
        let none = described(&json!({"IamInstanceProfile": blank}));
        let found = none.account.absent.get(&at("IamInstanceProfile")).map(String::as_str);
        assert_eq!(found, Some("meta-data/iam/info"), "{blank}");
    }
}

#[test]
fn what_a_whole_instance_omits_it_has_not() {
    let whole = json!({"NetworkInterfaces": [], "State": {"Name": "running"}, "Placement": {}});
    let absent = |members: &Value, name: &str| described(members).account.absent.get(&at(name)).cloned();
    assert_eq!(absent(&whole, "PublicIpAddress").as_deref(), Some("meta-data/public-ipv4"));
    assert_eq!(absent(&whole, "KeyName").as_deref(), Some("meta-data/public-keys"));
    let mut with_both = whole.clone();
    with_both["PublicIpAddress"] = json!("198.51.100.7");
    with_both["KeyName"] = json!("me");
    assert_eq!(absent(&with_both, "PublicIpAddress"), None);
    let observations = described(&with_both);
    assert_eq!(observations.text("meta-data/public-ipv4"), Some("198.51.100.7"));
    assert!(
        !observations.notes.iter().any(|note| note.contains("there and not there")),
        "{:?}",
        observations.notes
    );
    for part in ["NetworkInterfaces", "State", "Placement"] {
        let mut query = whole.clone();
        query.as_object_mut().expect("an object").remove(part);
        assert_eq!(absent(&query, "PublicIpAddress"), None, "a query without {part} may omit more");
    }
}

/// An interface with these members.
fn interface(members: &Value) -> Observations {
    let mut interface = json!({"MacAddress": "06:00:00:00:00:01"});
    for (name, value) in members.as_object().expect("an object") {
        interface[name] = value.clone();
    }
    described(&json!({"NetworkInterfaces": [interface]}))
}

#[test]
fn a_key_without_a_name_is_none() {
    for (name, is_absent) in [("", true), ("me", false)] {
        let seen = described(&json!({"KeyName": name}));
        assert_eq!(seen.account.absent.contains_key(&at("KeyName")), is_absent, "{name:?}");
        let said = seen.notes.iter().any(|note| note.starts_with("the public key me: "));
        assert_eq!(said, !is_absent, "{:?}", seen.notes);
    }
}

#[test]
fn an_address_without_a_list_is_that_of_the_interface() {
    for (address, expected) in [("10.0.1.23", Some("10.0.1.23")), ("", None)] {
        let seen = interface(&json!({"PrivateIpAddress": address}));
        assert_eq!(seen.text(&format!("{NIC}/local-ipv4s")), expected, "{address:?}");
    }
}

#[test]
fn a_first_card_is_not_shown_and_a_first_device_is() {
    for (card, expected) in [(0, None), (1, Some("1"))] {
        let seen = interface(&json!({"Attachment": {"DeviceIndex": 0, "NetworkCardIndex": card}}));
        assert_eq!(seen.text(&format!("{NIC}/device-number")), Some("0"));
        assert_eq!(seen.text(&format!("{NIC}/network-card")), expected, "card {card}");
    }
}

#[test]
fn an_interface_without_an_association_has_no_public_address() {
    let addresses = json!([{"PrivateIpAddress": "10.0.1.23", "Primary": true}]);
    let public = format!("{NIC}/public-ipv4s");
    let absent = |members: &Value| {
        let observations = interface(members);
        let contradictions =
            observations.notes.iter().filter(|note| note.contains("there and not there")).count();
        assert_eq!(contradictions, 0, "{:?}", observations.notes);
        observations.account.absent.into_values().collect::<Vec<_>>()
    };
    assert_eq!(absent(&json!({"PrivateIpAddresses": addresses})), [public.as_str()]);
    let with_one = json!({"PrivateIpAddresses": addresses, "Association": {"PublicIp": "198.51.100.7"}});
    assert_eq!(absent(&with_one), [""; 0]);
    let own = json!([{"PrivateIpAddress": "10.0.1.23", "Association": {"PublicIp": "198.51.100.7"}}]);
    assert_eq!(absent(&json!({"PrivateIpAddresses": own})), [""; 0]);
    assert_eq!(absent(&json!({"PrivateIpAddress": "10.0.1.23"})), [""; 0], "it has no list");
}

#[test]
fn the_mark_of_a_primary_address_is_accounted_for() {
    let seen = interface(&json!({"PrivateIpAddresses": [
        {"PrivateIpAddress": "10.0.1.9", "Primary": false},
        {"PrivateIpAddress": "10.0.1.23", "Primary": true},
    ]}));
    let addresses = format!("{NIC}/local-ipv4s");
    assert_eq!(seen.text(&addresses), Some("10.0.1.23\n10.0.1.9"));
    for number in [0, 1] {
        let mark = at(&format!("NetworkInterfaces.0.PrivateIpAddresses.{number}.Primary"));
        assert_eq!(seen.account.of(&mark), Some(Ok(addresses.as_str())), "{mark:?}");
    }
}
