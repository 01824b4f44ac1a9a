//! Interfaces that are hidden, and that lose addresses.

use super::*;

#[test]
fn a_hidden_interface_is_attached_and_answers_nothing() {
    let mac = interface(1).mac;
    for (span, seconds, is_shown) in
        [(Some(5), 0, false), (Some(5), 4, false), (Some(5), 5, true), (None, 4_000, false)]
    {
        let hide = InterfaceChange::Hide { interface: name(1), span: span.map(Duration::from_secs) };
        let settings = Propagation::default();
        let view = seen(EventEffect::Interface(hide), EventLateness::default(), &settings, seconds);
        let said = format!("hidden for {span:?} s, after {seconds} s");
        assert_eq!(view.lines(MACS).contains(&format!("{mac}/")), is_shown, "{said}");
        assert_eq!(view.get(&format!("{MACS}/{mac}/device-number")).is_some(), is_shown, "{said}");
        assert!(view.lines(MACS).contains(&format!("{}/", view.instance.mac())), "{said}");
        assert_eq!(view.instance.interfaces.len(), 2, "{said}");
    }
}

#[test]
fn a_hidden_interface_that_is_attached_again_is_shown() {
    let settings = Propagation::default();
    let at = |seconds, change| {
        event(
            EventTime::AfterLoad(Duration::from_secs(seconds)),
            EventEffect::Interface(change),
            None,
            &settings,
        )
    };
    let attach = || InterfaceChange::Attach(Box::new(interface(1)));
    let events = [
        at(1, attach()),
        at(2, InterfaceChange::Hide { interface: name(1), span: None }),
        at(3, InterfaceChange::Detach(name(1))),
        at(4, attach()),
    ];
    let (clock, base) = (ScenarioClock::starting(START, START), base(&settings));
    for (seconds, is_shown) in [(1, true), (2, false), (3, false), (4, true)] {
        let view = View::at(&base, &events, &clock, START.plus(Duration::from_secs(seconds)));
        let found = view.lines(MACS).contains(&format!("{}/", interface(1).mac));
        assert_eq!(found, is_shown, "at {seconds} s");
        assert_eq!(view.instance.late.is_settled(), seconds != 2, "at {seconds} s");
    }
}

/// Three addresses of each kind, and two prefixes.
fn with_addresses() -> NetworkInterface {
    let numbers = [1, 2, 3];
    NetworkInterface {
        private_ipv4s: numbers.map(|last| std::net::Ipv4Addr::new(172, 16, 40, last)).into(),
        public_ipv4s: numbers.map(|last| std::net::Ipv4Addr::new(198, 51, 100, last)).into(),
        ipv6s: numbers.map(|last| std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last.into())).into(),
        ipv4_prefixes: ["10.1.0.0/28", "10.1.0.16/28"].map(|text| text.parse().expect("a prefix")).into(),
        ipv6_prefixes: ["2001:db8:1::/80", "2001:db8:2::/80"]
            .map(|text| text.parse().expect("a prefix"))
            .into(),
        ..interface(1)
    }
}

fn picked<T: Clone>(all: &[T], indices: &[usize]) -> Vec<T> {
    indices.iter().map(|index| all[*index].clone()).collect()
}

#[test]
fn what_is_taken_from_an_interface_goes_and_nothing_else() {
    let all = with_addresses();
    let nothing = AddressChange {
        interface: name(1),
        private_ipv4s: vec![],
        public_ipv4s: vec![],
        ipv6s: vec![],
        ipv4_prefixes: vec![],
        ipv6_prefixes: vec![],
    };
    let [second, third] = [1, 2].map(|index| AddressChange {
        private_ipv4s: vec![all.private_ipv4s[index]],
        public_ipv4s: vec![],
        ..nothing.clone()
    });
    // Each change, and the indices of what is left: private and public addresses, IPv6, prefixes of both kinds.
    let cases: [(AddressChange, [&[usize]; 5]); 6] = [
        // A public address goes with the private one that it maps to.
        (second.clone(), [&[0, 2], &[0, 2], &[0, 1, 2], &[0, 1], &[0, 1]]),
        (
            AddressChange { public_ipv4s: vec![all.public_ipv4s[0]], ..third },
            [&[0, 1], &[1], &[0, 1, 2], &[0, 1], &[0, 1]],
        ),
        (
            AddressChange { public_ipv4s: vec![all.public_ipv4s[1]], ..nothing.clone() },
            [&[0, 1, 2], &[0, 2], &[0, 1, 2], &[0, 1], &[0, 1]],
        ),
        (
            AddressChange { ipv6s: vec![all.ipv6s[0], all.ipv6s[2]], ..nothing.clone() },
            [&[0, 1, 2], &[0, 1, 2], &[1], &[0, 1], &[0, 1]],
        ),
        (
            AddressChange { ipv4_prefixes: vec![all.ipv4_prefixes[0]], ..nothing.clone() },
            [&[0, 1, 2], &[0, 1, 2], &[0, 1, 2], &[1], &[0, 1]],
        ),
        (
            AddressChange { ipv6_prefixes: vec![all.ipv6_prefixes[1]], ..nothing },
            [&[0, 1, 2], &[0, 1, 2], &[0, 1, 2], &[0, 1], &[0]],
        ),
    ];
    for (change, [private, public, ipv6s, ipv4_prefixes, ipv6_prefixes]) in cases {
        let mut instance = Instance::default();
        instance.interfaces.push(all.clone());
        let said = format!("{change:?}");
        let obstacle =
            timeline::change_interface_at_once(&mut instance, &InterfaceChange::Unassign(Box::new(change)));
        let expected = NetworkInterface {
            private_ipv4s: picked(&all.private_ipv4s, private),
            public_ipv4s: picked(&all.public_ipv4s, public),
            ipv6s: picked(&all.ipv6s, ipv6s),
            ipv4_prefixes: picked(&all.ipv4_prefixes, ipv4_prefixes),
            ipv6_prefixes: picked(&all.ipv6_prefixes, ipv6_prefixes),
            ..all.clone()
        };
        assert_eq!((obstacle, &instance.interfaces[1]), (None, &expected), "{said}");
    }
}

/// What is taken away is shown until its delay is over; what is not taken away is not late.
#[test]
fn a_public_address_goes_as_late_as_public_addresses_go() {
    let settings = Propagation::default();
    let mac = interface(1).mac;
    for (publics, expected) in [(3, &["local-ipv4s", "public-ipv4s"][..]), (1, &["local-ipv4s"])] {
        let mut instance = base(&settings);
        let mut nic = with_addresses();
        nic.public_ipv4s.truncate(publics);
        instance.interfaces.push(nic);
        let change = AddressChange {
            private_ipv4s: vec![std::net::Ipv4Addr::new(172, 16, 40, 2)],
            ipv6s: vec![],
            ..AddressChange::clone(&addresses(1, 2))
        };
        let effect = EventEffect::Interface(InterfaceChange::Unassign(Box::new(change)));
        let mut unassign = event(EventTime::AfterLoad(Duration::ZERO), effect, None, &settings);
        unassign.lateness.parts =
            [part(LateLeaf::LocalIpv4s, 3, None), part(LateLeaf::PublicIpv4s, 5, None)].into();
        (unassign.lateness.stages, _) = timeline::stages(&unassign, &settings);
        let clock = ScenarioClock::starting(START, START);
        let events = [unassign];
        let seen = |seconds| View::at(&instance, &events, &clock, START.plus(Duration::from_secs(seconds)));

        let late = seen(2).instance.late.pending();
        let late: Vec<&str> = late.iter().filter_map(|(path, ..)| path.rsplit('/').next()).collect();
        assert_eq!(late, expected, "with {publics} public addresses");
        let count = |seconds, leaf: &str| seen(seconds).lines(&format!("{MACS}/{mac}/{leaf}")).len();
        let private = [2, 3, 4, 5].map(|seconds| count(seconds, "local-ipv4s"));
        assert_eq!(private, [3, 2, 2, 2], "with {publics} public addresses");
        let left = if publics == 3 { [3, 3, 3, 2] } else { [1; 4] };
        let public = [2, 3, 4, 5].map(|seconds| count(seconds, "public-ipv4s"));
        assert_eq!(public, left, "with {publics} public addresses");
    }
}

/// All addresses but the first come later, as a part of the same leaf.
#[test]
fn further_addresses_of_a_new_interface_come_after_the_first() {
    let settings = Propagation::default();
    for (count, expected) in [(0, [0, 0]), (1, [1, 1]), (2, [1, 2]), (3, [1, 3])] {
        let mut new = with_addresses();
        new.private_ipv4s.truncate(count);
        new.public_ipv4s.clear();
        let path = format!("{MACS}/{}/local-ipv4s", new.mac);
        let attach = EventEffect::Interface(InterfaceChange::Attach(Box::new(new)));
        let mut attach = event(EventTime::AfterLoad(Duration::ZERO), attach, None, &settings);
        attach.lateness.parts = [part(LateLeaf::SecondaryIpv4s, 5, None)].into();
        (attach.lateness.stages, _) = timeline::stages(&attach, &settings);
        let (clock, events, base) = (ScenarioClock::starting(START, START), [attach], base(&settings));
        let views =
            [4, 5].map(|seconds| View::at(&base, &events, &clock, START.plus(Duration::from_secs(seconds))));
        assert_eq!(views.each_ref().map(|view| view.lines(&path).len()), expected, "of {count} addresses");
        let is_late = views.each_ref().map(|view| !view.instance.late.is_settled());
        assert_eq!(is_late, [count > 1, false], "of {count} addresses");
    }
}

#[test]
fn an_address_is_of_one_interface() {
    let all = with_addresses();
    let mut second = interface(2);
    second.private_ipv4s = vec![std::net::Ipv4Addr::new(172, 16, 40, 99)];
    let of_first = format!("172.16.40.2 is an address of {}", all.mac);
    let of_second = format!("172.16.40.99 is an address of {}", second.mac);
    for (to, last, expected) in [
        (1, 2, None),
        (1, 50, None),
        (1, 99, Some(&of_second)),
        (2, 2, Some(&of_first)),
        (2, 99, None),
        (2, 50, None),
    ] {
        let mut instance = Instance::default();
        instance.interfaces.extend([all.clone(), second.clone()]);
        let change = AddressChange {
            private_ipv4s: vec![std::net::Ipv4Addr::new(172, 16, 40, last)],
            ipv6s: vec![],
            ..AddressChange::clone(&addresses(to, 1))
        };
        let change = InterfaceChange::Assign(Box::new(change));
        let found = timeline::change_interface_at_once(&mut instance, &change).map(|(found, _)| found);
        assert_eq!(found.as_ref(), expected, "172.16.40.{last} for interface {to}");
    }
}

#[test]
fn no_leaf_answers_before_its_interface_is_listed() {
    let settings = Propagation::default();
    let mut new = interface(1);
    new.private_ipv4s.truncate(1);
    let leaf = format!("{MACS}/{}/local-ipv4s", new.mac);
    let attach = EventEffect::Interface(InterfaceChange::Attach(Box::new(new)));
    let mut attach = event(EventTime::AfterLoad(Duration::ZERO), attach, None, &settings);
    attach.lateness.parts = [part(LateLeaf::Listed, 10, None)].into();
    (attach.lateness.stages, _) = timeline::stages(&attach, &settings);
    let assign = EventEffect::Interface(InterfaceChange::Assign(addresses(1, 2)));
    let events = [attach, event(EventTime::AfterLoad(Duration::from_secs(2)), assign, None, &settings)];
    let (clock, base) = (ScenarioClock::starting(START, START), base(&settings));
    for (seconds, count) in [(1, 0), (2, 0), (9, 0), (10, 2)] {
        let view = View::at(&base, &events, &clock, START.plus(Duration::from_secs(seconds)));
        assert_eq!(view.lines(&leaf).len(), count, "at {seconds} s");
        let names: Vec<&str> = leaf.split('/').collect();
        let late = (count == 0).then_some("absent");
        assert_eq!(view.instance.late.shown_at(&names), late, "at {seconds} s");
    }
}

#[test]
fn each_public_address_is_associated_with_a_private_one() {
    let mut instance = Instance::default();
    let mut nic = with_addresses();
    // More of them than private ones: the others belong to the primary one.
    nic.private_ipv4s.truncate(2);
    instance.interfaces.push(nic);
    let view = View::of(instance, Duration::ZERO, START);
    let directory = format!("{MACS}/{}/ipv4-associations", interface(1).mac);
    assert_eq!(view.lines(&directory), ["198.51.100.1", "198.51.100.2", "198.51.100.3"]);
    for (public, private) in [(1, 1), (2, 2), (3, 1)] {
        let found = view.get(&format!("{directory}/198.51.100.{public}"));
        assert_eq!(found, Some(format!("172.16.40.{private}")), "198.51.100.{public}");
    }
}

#[test]
fn an_interface_has_two_names() {
    let mut instance = Instance::default();
    instance.interfaces.push(interface(1));
    let names = [name(1), InterfaceName::Id(interface(1).interface_id)];
    let of_another = [name(2), InterfaceName::Id(interface(2).interface_id)];
    for name in names {
        let mut changed = instance.clone();
        let found = timeline::change_interface_at_once(&mut changed, &InterfaceChange::Detach(name.clone()));
        assert_eq!((found, changed.interfaces.len()), (None, 1), "{name} is detached");
        assert_eq!(changed.interfaces[0].mac, *instance.mac(), "{name} is not the primary one");
    }
    for name in of_another {
        let mut changed = instance.clone();
        let found = timeline::change_interface_at_once(&mut changed, &InterfaceChange::Detach(name.clone()));
        let said = found.map(|(found, _)| found);
        assert_eq!(said, Some(format!("{name} is not attached")));
        assert_eq!(changed.interfaces, instance.interfaces, "{name} is none of them");
    }
}
