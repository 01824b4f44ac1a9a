//! Sixty interfaces cost as much as one, and a change that is not visible yet next to nothing.

use std::fmt::Write as _;
use std::time::Duration;

use support::{Client, PureService};

use crate::{RERUN, time};

const MACS: &str = "/latest/meta-data/network/interfaces/macs/0e:49:61:0f:d0:00/";
/// What sixty may take of what one takes, in hundredths.
const MOST: u32 = 110;
/// No request takes longer; without optimisation five times as long.
const LONGEST: Duration = Duration::from_millis(if cfg!(debug_assertions) { 25 } else { 5 });

/// This many interfaces on four cards.
fn interfaces(count: usize) -> String {
    let mut text = "[instance]\ninstance-type = \"p4d.24xlarge\"\n".to_owned();
    for number in 0..count {
        let (card, device) = (number % 4, number / 4);
        write!(
            text,
            "[[instance.network-interface]]\nmac = \"0e:49:61:0f:d{card}:{device:02x}\"\nnetwork-card = {card}\n\
             device-number = {device}\nprivate-ipv4s = [\"172.16.36.{}\"]\nsubnet-ipv4-cidr-block = \"172.16.36.0/24\"\n\
             vpc-ipv4-cidr-blocks = [\"172.16.0.0/16\"]\n",
            number + 10
        )
        .expect("it fits in memory");
    }
    text
}

/// The least time of several rounds of requests for a path.
fn least(service: &mut PureService, path: &str) -> Duration {
    let mut round = || {
        time(|| {
            for _ in 0..500 {
                assert_eq!(service.ask(Client::HOST, "GET", path, &[]).status, 200, "{path}");
            }
        })
    };
    (0..12).map(|_| round()).min().expect("there are rounds")
}

#[test]
fn sixty_interfaces_cost_as_much_as_one() {
    let [mut one, mut sixty] = [1, 60].map(|count| PureService::new(&interfaces(count)));
    let listing = "/latest/meta-data/network/interfaces/macs/";
    let listed = sixty.ask(Client::HOST, "GET", listing, &[]).body;
    assert_eq!(listed.lines().count(), 60, "{listed}");
    for path in [format!("{MACS}local-ipv4s"), MACS.to_owned(), "/latest/meta-data/mac".to_owned()] {
        let mut found = Vec::new();
        let fits = (0..5).any(|_| {
            let (few, many) = (least(&mut one, &path), least(&mut sixty, &path));
            found.push((few, many));
            many * 100 <= few * MOST
        });
        assert!(
            fits,
            "{path}: expected at most {MOST} % of the time with one interface, found {found:?}\n{RERUN}"
        );
    }
}

#[test]
fn no_request_waits_for_changes_of_a_thousand_instances() {
    let mut text = "[propagation]\nprofile = \"slow\"\nseed = 1\n".to_owned();
    let address = |number: usize| format!("10.1.{}.{}", number / 250, number % 250 + 1);
    for number in 0..1_000 {
        write!(text, "[instances.n{number}]\nderive = true\nclients = [\"{}\"]\n", address(number))
            .expect("it fits in memory");
    }
    text += "[[event]]\nattach-interface = { private-ipv4s = [\"172.16.34.77\"], ipv6s = [\"2001:db8::7\"] }\n\
             propagation = { ipv6s = { min = \"1s\", max = \"60s\" }, device-number = { after = \"30s\", meanwhile = \"0\" } }\n\
             [[event]]\nat = \"1s\"\n\
             assign = { interface = \"0e:49:61:0f:c3:12\", private-ipv4s = [\"172.16.34.78\"] }\n\
             [[event]]\nat = \"2s\"\ninstance-profile = { role = \"new-role\" }\n";
    let mut service = PureService::new(&text);
    let paths = ["0e:49:61:0f:c3:12/", "0e:49:61:0f:c3:12/ipv6s", ""]
        .map(|path| format!("/latest/meta-data/network/interfaces/macs/{path}"));
    let mut slowest = Vec::new();
    for _ in 0..4 {
        service.wait(Duration::from_secs(7));
        for number in 0..1_000 {
            let client = Client::bridged(&address(number));
            for path in &paths {
                let took = time(|| {
                    service.ask(client, "GET", path, &[]);
                });
                slowest.push((took, number, path.clone()));
            }
        }
    }
    slowest.sort_unstable();
    let (took, number, path) = slowest.pop().expect("there were requests");
    let usual = slowest[slowest.len() / 2].0;
    assert!(
        took < LONGEST,
        "expected less than {LONGEST:?} of processor time for each request, found {took:?} for {path} of instance n{number}; \
         half of them take {usual:?}\n{RERUN}"
    );
}
