//! Interfaces: which is the first, and which keys each has.

use super::facts::with_id;
use super::{MAC, observed, written};
use crate::transcribe::observations::Observations;

const OTHER: &str = "meta-data/network/interfaces/macs/06:00:00:00:00:02";

/// An instance with these leaves of interfaces.
fn with_leaves(leaves: &[(&str, &str, &str)]) -> Observations {
    let paths: Vec<(String, &str)> =
        leaves.iter().map(|(directory, leaf, value)| (format!("{directory}/{leaf}"), *value)).collect();
    let values: Vec<(&str, &str)> = paths.iter().map(|(path, value)| (path.as_str(), *value)).collect();
    with_id(&values)
}

/// The lines of a scenario that set a key.
fn lines(observations: Observations, key: &str) -> Vec<String> {
    let text = written(observations).0.text;
    text.lines().filter(|line| line.starts_with(&format!("{key} = "))).map(str::to_owned).collect()
}

#[test]
fn the_first_interface_is_the_one_that_the_top_names() {
    let both = [(MAC, "local-ipv4s", "10.0.0.12"), (OTHER, "local-ipv4s", "10.0.0.13")];
    let (first, second) = ("mac = \"06:00:00:00:00:01\"", "mac = \"06:00:00:00:00:02\"");
    assert_eq!(lines(with_leaves(&both), "mac"), [first, second]);
    for (path, value) in [("meta-data/mac", "06:00:00:00:00:02"), ("meta-data/local-ipv4", "10.0.0.13")] {
        let mut observations = with_leaves(&both);
        observations.add_value(path, value.into());
        assert_eq!(lines(observations, "mac"), [second, first], "{path}");
    }
    let mut listed = with_leaves(&both);
    listed.interface_order = vec!["06:00:00:00:00:02".to_owned(), "06:00:00:00:00:01".to_owned()];
    assert_eq!(lines(listed, "mac"), [second, first], "in the order of a list");
}

#[test]
fn the_first_interface_has_the_comment() {
    let both = [
        (MAC, "device-number", "0"),
        (MAC, "local-ipv4s", "10.0.0.12"),
        (OTHER, "device-number", "1"),
        (OTHER, "local-ipv4s", "10.0.0.13"),
    ];
    let text = written(with_leaves(&both)).0.text;
    let comment = "# The primary interface.\n[[instance.network-interface]]\nmac = \"06:00:00:00:00:01\"\n";
    assert!(text.contains(comment), "expected {comment:?} in\n{text}");
    assert_eq!(text.matches("# The primary interface.").count(), 1, "{text}");
}

#[test]
fn that_an_interface_has_no_groups_is_said_where_it_is_known() {
    let leaves = [(MAC, "device-number", "0"), (MAC, "local-ipv4s", "10.0.0.12")];
    assert_eq!(lines(with_leaves(&leaves), "security-group-ids"), ["security-group-ids = []"]);
    let mut selection = with_leaves(&leaves);
    selection.partial = true;
    assert_eq!(lines(selection, "security-group-ids"), [""; 0]);
}

#[test]
fn that_an_interface_has_no_address_is_said_where_it_is_known() {
    // The primary interface has one of IPv6 then.
    let leaves = [(MAC, "device-number", "0"), (MAC, "ipv6s", "2001:db8::5")];
    let keys = ["private-ipv4s", "public-ipv4s"];
    for key in keys {
        assert_eq!(lines(with_leaves(&leaves), key), [format!("{key} = []")]);
        let mut selection = with_leaves(&leaves);
        selection.partial = true;
        assert_eq!(lines(selection, key), [""; 0], "nothing is known of them");
    }
    let mut selection = with_leaves(&leaves);
    selection.partial = true;
    selection.add_absent(&format!("{MAC}/public-ipv4s"));
    assert_eq!(lines(selection, "public-ipv4s"), ["public-ipv4s = []"]);
    // What the top lacks the first interface lacks.
    let both = [&leaves[..], &[(OTHER, "device-number", "1"), (OTHER, "ipv6s", "2001:db8::6")]].concat();
    let mut selection = with_leaves(&both);
    selection.partial = true;
    selection.add_absent("meta-data/public-ipv4");
    assert_eq!(lines(selection, "public-ipv4s"), ["public-ipv4s = []"]);
}

#[test]
fn blocks_of_ipv6_are_set_where_they_would_follow_from_an_address() {
    let (own, address) = ((MAC, "local-ipv4s", "10.0.0.12"), (MAC, "ipv6s", "2001:db8::5"));
    let block = (MAC, "subnet-ipv6-cidr-blocks", "2001:db8::/64");
    let of = |leaves: &[(&str, &str, &str)], is_partial: bool| {
        let mut observations = with_leaves(leaves);
        observations.partial = is_partial;
        lines(observations, "subnet-ipv6-cidr-blocks")
    };
    let (none, set) = (["subnet-ipv6-cidr-blocks = []"], ["subnet-ipv6-cidr-blocks = [\"2001:db8::/64\"]"]);
    assert_eq!(of(&[own, address], false), none);
    assert_eq!(of(&[own, address], true), [""; 0], "of a selection it is not known");
    assert_eq!(of(&[own, block], false), set);
    assert_eq!(of(&[own, address, block], true), set);
    assert_eq!(of(&[own], false), [""; 0]);
}

#[test]
fn an_address_at_the_top_is_that_of_an_interface_without_any() {
    let mut observations = observed(&[("meta-data/instance-id", "i-0123456789abcdef0")]);
    observations.add_value(&format!("{MAC}/device-number"), b"0".to_vec());
    observations.add_value("meta-data/local-ipv4", b"10.0.0.12".to_vec());
    observations.add_unknown(&format!("{MAC}/local-ipv4s"));
    assert_eq!(lines(observations, "private-ipv4s"), ["private-ipv4s = [\"10.0.0.12\"]"]);
}

#[test]
fn groups_of_the_instance_are_those_of_its_interface() {
    let leaves = [(MAC, "device-number", "0"), (MAC, "local-ipv4s", "10.0.0.12")];
    let mut without = with_leaves(&leaves);
    without.add_value("meta-data/security-groups", b"web".to_vec());
    assert_eq!(lines(without, "security-groups"), ["security-groups = [\"web\"]"]);
    let mut other = with_leaves(&[&leaves[..], &[(MAC, "security-groups", "ssh")]].concat());
    other.add_value("meta-data/security-groups", b"web".to_vec());
    let both = ["security-groups = [\"web\"]", "security-groups = [\"ssh\"]"];
    assert_eq!(lines(other, "security-groups"), both);
}

/// The document has the private address alone.
#[test]
fn the_address_of_a_document_is_the_private_one() {
    let mut selection = observed(&[
        ("meta-data/instance-id", "i-0123456789abcdef0"),
        ("meta-data/mac", "06:00:00:00:00:01"),
        ("dynamic/instance-identity/document", "{\"privateIp\": \"10.0.0.12\"}"),
    ]);
    selection.partial = true;
    let text = written(selection).0.text;
    assert!(text.contains("private-ipv4s = [\"10.0.0.12\"]"), "{text}");
    assert!(!text.contains("public-ipv4s"), "{text}");
}

#[test]
fn an_address_of_ipv6_at_the_top_is_that_of_the_only_interface() {
    let observations = with_id(&[
        ("meta-data/mac", "06:00:00:00:00:01"),
        ("meta-data/local-ipv4", "10.0.0.12"),
        ("meta-data/ipv6", "2001:db8::5"),
    ]);
    assert_eq!(lines(observations, "ipv6s"), ["ipv6s = [\"2001:db8::5\"]"]);
}
