//! A hundred thousand derived identities: stable, distinct, and in bounded memory. A process of its own, so
//! that what it measures is its own.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::thread;

use mock_imds::imds::Ingress;
use support::{Client, PureService};

const IDENTITIES: u32 = 100_000;
const FLEET: &str = "[instances.fleet]\nclients = [\"10.0.0.0/8\"]\nderive = true\n";
const RERUN: &str = "rerun: cargo test --test many";
/// What two services together may grow by.
const LIMIT: u64 = 32 << 20;

/// Addresses all over a /8, each once, in an order without order: a multiplication by an odd number permutes them.
fn address(number: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x0a00_0000 | (number.wrapping_mul(0x009e_3779) & 0x00ff_ffff))
}

/// The digits of a client's instance id.
fn identity(service: &mut PureService, number: u32) -> u64 {
    let client = Client { peer: IpAddr::V4(address(number)), ingress: Ingress::Bridge };
    let id = service.value(client, "instance-id").expect("every instance has an id");
    let digits = id.strip_prefix("i-0").and_then(|digits| u64::from_str_radix(digits, 16).ok());
    digits.unwrap_or_else(|| panic!("{id:?} is not i-0 and 16 digits"))
}

/// Resident memory in bytes. proc(5): the second number of statm, in pages.
fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").expect("Linux has /proc");
    let pages: u64 =
        text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("statm has two numbers");
    let page =
        nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten().expect("pages have a size");
    pages * u64::try_from(page).expect("a size is positive")
}

/// Asks for every identity in turn; gives them by number, and the most memory that was resident meanwhile.
fn ask_all(service: &mut PureService, ids: &mut [u64], numbers: impl Iterator<Item = u32>) -> u64 {
    let mut most = 0;
    for number in numbers {
        ids[number as usize] = identity(service, number);
        if number % 1_000 == 0 {
            most = resident().max(most);
        }
    }
    most
}

#[test]
fn a_hundred_thousand_identities_are_stable_distinct_and_take_little_memory() {
    // Written to, so that their pages are there before the measurement: they are the test's, not the service's.
    let (mut ids, mut again) = (vec![1; IDENTITIES as usize], vec![2; IDENTITIES as usize]);
    // The second one is as after a restart: it shares nothing with the first, and is asked in another order.
    let (mut service, mut restarted) = (PureService::new(FLEET), PureService::new(FLEET));
    assert_eq!(identity(&mut service, IDENTITIES), identity(&mut restarted, IDENTITIES));
    let before = resident();
    let most = thread::scope(|scope| {
        let other = scope.spawn(|| ask_all(&mut restarted, &mut again, (0..IDENTITIES).rev()));
        let most = ask_all(&mut service, &mut ids, 0..IDENTITIES);
        most.max(other.join().expect("the other one did not fail"))
    });
    let grown = most.saturating_sub(before) >> 10;
    let limit = LIMIT >> 10;
    assert!(grown < limit, "expected growth by less than {limit} KiB, found {grown} KiB\n{RERUN}");
    println!("two services of {IDENTITIES} identities: resident memory grew by {grown} KiB");
    for number in 0..IDENTITIES {
        let (first, second) = (ids[number as usize], again[number as usize]);
        assert_eq!(first, second, "{} has another identity after a restart\n{RERUN}", address(number));
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), IDENTITIES as usize, "distinct identities\n{RERUN}");
}
