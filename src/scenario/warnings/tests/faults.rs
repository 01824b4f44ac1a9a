//! Faults that never hit.

use super::expect;

#[test]
fn only_a_fault_that_takes_every_request_for_ever_hides_the_next() {
    let never = "this fault never hits: fault 1 takes every request";
    let instance = "[instances.a]\nderive = true\nclients = [\"host\"]\n";
    for effect in ["hang = true", "reset = true", "reset = true\nlatency = \"1s\""] {
        expect(&format!("[[fault]]\n{effect}\n[[fault]]\nstatus = 503\n"), &[never]);
    }
    for effect in ["status = 503", "latency = \"1s\"", "tokens = \"lost\"", "throttle = { per-second = 1 }"] {
        expect(&format!("[[fault]]\n{effect}\n[[fault]]\nstatus = 404\n"), &[]);
    }
    for limit in [
        "path = \"meta-data/mac\"",
        "methods = [\"GET\"]",
        "clients = [\"10.0.0.0/8\"]",
        "instance = \"a\"",
        "from = \"1s\"",
        "from = 2030-01-01T00:00:00Z",
        "for = \"1m\"",
        "count = 1",
        "probability = 0.5",
    ] {
        expect(&format!("{instance}[[fault]]\nhang = true\n{limit}\n[[fault]]\nstatus = 503\n"), &[]);
    }
    let several =
        "[[fault]]\nstatus = 404\n[[fault]]\nhang = true\n[[fault]]\nstatus = 503\n[[fault]]\nhang = true\n";
    let never = "this fault never hits: fault 2 takes every request";
    expect(several, &[never, never]);
}

#[test]
fn a_fault_is_for_nobody_if_none_of_its_clients_has_the_instance() {
    let nobody = "the fault never hits: none of these clients has the instance";
    for (audience, clients, expected) in [
        ("clients = [\"10.0.0.0/8\"]", "\"172.16.0.0/12\"", &[nobody][..]),
        ("clients = [\"10.0.0.0/8\"]", "\"172.16.0.0/12\", \"192.168.0.0/16\"", &[nobody]),
        ("clients = [\"10.0.0.0/8\"]", "\"172.16.0.0/12\", \"10.1.0.0/16\"", &[]),
        ("clients = [\"10.0.0.0/8\"]", "\"10.1.0.0/16\"", &[]),
        ("clients = [\"10.1.0.0/16\"]", "\"10.0.0.0/8\"", &[]),
        ("clients = [\"172.16.0.0/12\", \"10.1.0.0/16\"]", "\"10.0.0.0/8\"", &[]),
        ("clients = [\"10.0.0.0/8\"]", "\"host\"", &[]),
        ("clients = [\"host\"]", "\"host\"", &[]),
        ("clients = [\"host\"]", "\"10.0.0.0/8\"", &[]),
        ("nodes = [\"n\"]", "\"10.0.0.0/8\"", &[]),
        ("nodes = [\"n\"]", "\"host\"", &[]),
    ] {
        let text = format!(
            "[instances.a]\nderive = true\n{audience}\n[[fault]]\ninstance = \"a\"\nclients = [{clients}]\nstatus = 503\n"
        );
        expect(&text, expected);
    }
}

#[test]
fn the_path_of_a_fault_is_one_of_its_endpoint() {
    let never = "matches no path that is served: the fault never hits";
    for (fault, expected) in [
        ("path = \"meta-data/iamm/**\"", &[never][..]),
        ("endpoint = \"imds\"\npath = \"meta-data/iamm/**\"", &[never]),
        ("endpoint = \"imds\"\npath = \"meta-data/iam/**\"", &[]),
        ("endpoint = \"ecs\"\npath = \"/creds\"", &[]),
        ("endpoint = \"pod-identity\"\npath = \"/creds\"", &[]),
    ] {
        expect(&format!("[ecs]\n[pod-identity]\n[[fault]]\n{fault}\nstatus = 503\n"), expected);
    }
}
