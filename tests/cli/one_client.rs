//! Events for one client's instance, and for the first clients.

use support::Sandbox;

use crate::orders::{SPOT, done, says, served, status};

const SCENARIO: &str = "[instances.web]\nclients = [\"10.1.0.0/16\"]\ninstance-id = \"i-0fedcba0987654321\"\n\
                        [instances.each]\nclients = [\"10.2.0.0/16\"]\nderive = true\n";

/// Those of these clients whose instance has a notice.
fn noticed<'c>(sandbox: &Sandbox, clients: &[&'c str]) -> Vec<&'c str> {
    let has_notice = |client: &&&str| {
        let found = sandbox.control(&["show", SPOT, "--client", client]);
        assert!(matches!(found.code, Some(0 | 1)), "{client}: {found:#?}");
        found.code == Some(0)
    };
    clients.iter().filter(has_notice).copied().collect()
}

#[test]
fn an_event_happens_to_the_instance_that_a_client_meets() {
    let (sandbox, server) = served(SCENARIO);
    let clients = ["10.1.0.5", "10.1.9.9", "10.2.0.5", "10.2.0.6", "192.0.2.1", "192.0.2.2"];
    for (client, expected) in [
        ("10.1.0.5", &["10.1.0.5", "10.1.9.9"][..]),
        ("10.2.0.6", &["10.2.0.6"]),
        ("192.0.2.2", &["192.0.2.1", "192.0.2.2"]),
    ] {
        let message = done(&sandbox, &["spot", "--client", client]);
        says(&message, &[&format!("the instance of {client}: spot interruption"), "instance-action"]);
        assert_eq!(noticed(&sandbox, &clients), expected, "after spot --client {client}");
        says(&done(&sandbox, &["status"]), &[&format!("(to the instance of {client})")]);
        // The processes of this host meet the instance without a name, too.
        assert_eq!(status(&server, SPOT) == 200, client == "192.0.2.2", "{client}");
        done(&sandbox, &["clear"]);
    }
    done(&sandbox, &["set", "meta-data/x", "1", "--client", "10.1.0.5"]);
    says(&done(&sandbox, &["show", "meta-data/x", "--client", "10.1.0.6"]), &["1\n"]);
    for wrong in [
        &["--client", "ten"][..],
        &["--client", "10.0.0.1", "--instance", "web"],
        &["--first-n-clients", "0"],
    ] {
        assert_eq!(sandbox.control(&[&["spot"], wrong].concat()).code, Some(64), "{wrong:?}");
    }
}

#[test]
fn the_first_clients_see_an_event() {
    let (sandbox, server) = served("");
    done(&sandbox, &["spot", "--first-n-clients", "1"]);
    assert_eq!(noticed(&sandbox, &["192.0.2.1"]), [""; 0], "to show a path asks for nothing");
    assert_eq!(status(&server, SPOT), 200);
    assert_eq!(noticed(&sandbox, &["127.0.0.1", "192.0.2.1"]), ["127.0.0.1"]);
}
