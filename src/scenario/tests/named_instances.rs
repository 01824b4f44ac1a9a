//! `[instances.NAME]`: who they are for, what they inherit, and where their mistakes are.

use super::{accepted, problems};
use crate::model::Instance;

fn expect(text: &str, expected: &[&str]) {
    let found = problems(text);
    let count = found.matches(": error: ").count() + found.matches(": warning: ").count();
    assert!(
        count == expected.len() && expected.iter().all(|part| found.contains(part)),
        "expected {expected:?} alone of:\n{text}\nfound:\n{found}"
    );
}

#[test]
fn a_name_has_64_letters_digits_and_hyphens_at_most() {
    let (longest, longer, longer_still) = ("x".repeat(64), "x".repeat(65), "x".repeat(66));
    for name in ["a", "1", "a-1", "-", &longest] {
        expect(&format!("[instances.\"{name}\"]\nnodes = [\"n\"]\n"), &[]);
    }
    for name in ["", "A", "a_b", "a.b", "ä", "a b", &longer, &longer_still] {
        let expected = format!("{name:?} is not a name for an instance");
        expect(&format!("[instances.\"{name}\"]\nnodes = [\"n\"]\n"), &[&expected]);
    }
}

#[test]
fn an_instance_is_for_clients_or_for_nodes() {
    let none = "the instance a has no clients";
    let both = "the instance a has both clients and nodes";
    for (keys, expected) in [
        ("nodes = [\"n\"]", &[][..]),
        ("clients = [\"10.0.0.0/8\"]", &[]),
        ("clients = [\"host\"]", &[]),
        ("clients = []\nnodes = [\"n\"]", &[]),
        ("clients = [\"host\"]\nnodes = []", &[]),
        ("", &[none]),
        ("clients = []", &[none]),
        ("nodes = []", &[none]),
        ("clients = []\nnodes = []", &[none]),
        ("clients = [\"host\"]\nnodes = [\"n\"]", &[both]),
    ] {
        expect(&format!("[instances.a]\nderive = true\n{keys}\n"), expected);
    }
}

#[test]
fn clients_that_cannot_tell_two_instances_apart_are_a_warning() {
    let same = "a has the instance-id of [instance]";
    for (keys, expected) in [
        ("clients = [\"10.0.0.0/8\"]", &[same][..]),
        ("clients = [\"host\"]", &[same]),
        ("clients = [\"host\"]\nderive = false", &[same]),
        ("clients = [\"host\"]\nderive = true", &[]),
        ("clients = [\"host\"]\nderive = \"x\"", &["instances.a.derive is a string"]),
        ("clients = [\"host\"]\ninstance-id = \"i-1234abcd\"", &[]),
        ("nodes = [\"n\"]", &[]),
    ] {
        expect(&format!("[instances.a]\n{keys}\n"), expected);
    }
}

/// The mistake is told where it is later in the file, whatever the order of the names.
#[test]
fn what_belongs_to_two_instances_is_an_error_at_the_later_one() {
    for (one, other, expected) in [
        (
            "clients = [\"10.0.0.0/8\"]",
            "clients = [\"10.1.2.3/8\", \"10.9.0.0/16\"]",
            "test.toml:6:12: error: the clients 10.0.0.0/8 belong to both",
        ),
        (
            "nodes = [\"n\"]",
            "nodes = [\"m\", \"n\", \"o\"]",
            "test.toml:6:15: error: the node n belongs to both",
        ),
        (
            "clients = [\"host\"]",
            "clients = [\"10.0.0.0/8\", \"host\", \"10.9.0.0/16\"]",
            "test.toml:6:26: error: the processes of this host belong to both",
        ),
    ] {
        for (first, second) in [("a", "b"), ("b", "a")] {
            let text = format!(
                "[instances.{first}]\nderive = true\n{one}\n[instances.{second}]\nderive = true\n{other}\n"
            );
            expect(&text, &[expected]);
            assert!(problems(&text).contains("both a and b"), "{}", problems(&text));
        }
    }
    for (keys, expected) in [
        (
            "clients = [\"10.0.0.0/8\", \"10.9.0.0/16\", \"10.1.1.1/8\"]",
            "test.toml:3:41: error: the clients 10.0.0.0/8 are twice in those of a",
        ),
        ("nodes = [\"n\", \"m\", \"n\"]", "test.toml:3:20: error: the node n is twice in the nodes of a"),
    ] {
        expect(&format!("[instances.a]\nderive = true\n{keys}\n"), &[expected]);
    }
}

fn groups(instance: &Instance, index: usize) -> (Vec<&str>, Vec<String>) {
    let groups = &instance.interfaces[index].security_groups;
    (groups.names.iter().map(String::as_str).collect(), groups.ids.iter().map(ToString::to_string).collect())
}

#[test]
fn interfaces_have_the_groups_of_the_instance_unless_they_have_their_own() {
    let found = accepted(
        "[instance]\nsecurity-groups = [\"web\"]\nsecurity-group-ids = [\"sg-0000000a\"]\n\
         [[instance.network-interface]]\n[[instance.network-interface]]\n\
         security-groups = [\"db\"]\nsecurity-group-ids = [\"sg-0000000b\"]\n\
         [instances.a]\nnodes = [\"a\"]\nsecurity-groups = [\"api\"]\nsecurity-group-ids = [\"sg-0000000c\"]\n\
         [instances.b]\nnodes = [\"b\"]\n\
         [instances.c]\nnodes = [\"c\"]\nsecurity-groups = [\"api\"]\nsecurity-group-ids = [\"sg-0000000c\"]\n\
         [[instances.c.network-interface]]\nsecurity-groups = [\"web\"]\nsecurity-group-ids = [\"sg-0000000a\"]\n",
    );
    let [web, db, api] = [("web", "a"), ("db", "b"), ("api", "c")]
        .map(|(name, digit)| (vec![name], vec![format!("sg-0000000{digit}")]));
    let named = |name: &str| &found.named(name).expect("it is in the file").instance;
    for (what, instance, index, expected) in [
        ("follows", &found.instance, 0, &web),
        ("has its own", &found.instance, 1, &db),
        ("inherited, follows the named instance", named("a"), 0, &api),
        ("inherited, keeps its own", named("a"), 1, &db),
        ("inherited with its groups", named("b"), 0, &web),
        ("inherited with its own", named("b"), 1, &db),
        ("written with what [instance] has", named("c"), 0, &web),
    ] {
        assert_eq!(&groups(instance, index), expected, "{what}");
    }
}
