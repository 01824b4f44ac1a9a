use super::*;

/// "index name kind master lower device", with - for none.
fn links(rows: &[&str]) -> Vec<Link> {
    let read = |row: &&str| {
        let mut cells = row.split(' ').map(|cell| (cell != "-").then_some(cell));
        let mut next = || cells.next().flatten();
        let number = |cell: Option<&str>| cell.map(|text| text.parse::<u32>().expect("an index"));
        let (index, name, kind) = (next(), next(), next());
        Link {
            index: number(index).expect("an index"),
            name: name.expect("a name").into(),
            kind: kind.map(str::to_owned),
            master: number(next()),
            lower: number(next()),
            device: next().is_some(),
        }
    };
    rows.iter().map(read).collect()
}

fn found(rows: &[&str], listed: &[&str]) -> Vec<String> {
    let listed: Vec<InterfacePattern> =
        listed.iter().map(|pattern| pattern.parse().expect("valid")).collect();
    uplinks(&links(rows), &listed).into_iter().map(|up| format!("{}: {}", up.name, up.reason)).collect()
}

const LAN: &[&str] = &["2 eth0 - 3 - device", "3 br-lan bridge - - -"];

#[test]
fn each_topology_has_its_verdict() {
    let default: &[&str] = &["docker*", "br-*", "veth*", "flannel*", "vmnet*", "virbr*"];
    let guests: &[&str] = &[
        "4 docker0 bridge - - -",
        "5 veth5 veth 4 - -",
        "6 virbr0 bridge - - -",
        "7 vnet0 tun 6 - -",
        "8 dummy0 dummy 6 - -",
        "9 vmnet8 - - - -",
        "10 veth10 veth - - -",
        "11 br-empty bridge - - -",
        "12 br-empty.5 vlan - 11 -",
        "13 vmnet1 tun - - -",
        "14 veth14 netkit - - -",
    ];
    let also = |more: &[&'static str]| [LAN, more].concat();
    let cases: &[(&str, Vec<&str>, &[&str])] = &[
        ("guests only", guests.to_vec(), &[]),
        ("a network card in a bridge", LAN.to_vec(), &["br-lan: its port eth0 is a network card"]),
        (
            "on a kernel that does not tell of devices",
            vec!["2 eth0 - 3 - -", "3 br-lan bridge - - -"],
            &["br-lan: its port eth0 is a network card"],
        ),
        (
            "a bond, a VLAN, a tunnel",
            vec![
                "2 br-a bridge - - -",
                "3 bond0 bond 2 - -",
                "4 br-b bridge - - -",
                "5 eth0.10 vlan 4 9 -",
                "6 br-c bridge - - -",
                "7 vx0 vxlan 6 - -",
            ],
            &[
                "br-a: its port bond0 is a bond interface, not a guest's",
                "br-b: its port eth0.10 is a vlan interface, not a guest's",
                "br-c: its port vx0 is a vxlan interface, not a guest's",
            ],
        ),
        (
            "a VLAN and a macvlan on the bridge",
            also(&["4 br-lan.10 vlan - 3 -", "5 br-mac macvlan - 3 -"]),
            &[
                "br-lan: its port eth0 is a network card",
                "br-lan.10: it is a vlan on br-lan, which leads out of this host",
                "br-mac: it is a macvlan on br-lan, which leads out of this host",
            ],
        ),
        (
            "two more bridges, joined by veth pairs",
            also(&[
                "4 veth4 veth 3 5 -",
                "5 veth5 veth 6 4 -",
                "6 br-mid bridge - - -",
                "7 veth7 veth 6 8 -",
                "8 veth8 veth 9 7 -",
                "9 br-far bridge - - -",
            ]),
            &[
                "br-far: its port veth8 is joined to br-mid, which leads out of this host",
                "br-lan: its port eth0 is a network card",
                "br-mid: its port veth5 is joined to br-lan, which leads out of this host",
            ],
        ),
        (
            "this host's own leg in the bridge",
            also(&["4 veth4 veth 3 5 -", "5 veth5 veth - 4 -"]),
            &[
                "br-lan: its port eth0 is a network card",
                "veth5: it is joined to br-lan, which leads out of this host",
            ],
        ),
        (
            "two bridges of guests in a circle",
            vec!["2 br-a bridge - - -", "3 veth3 veth 2 4 -", "4 veth4 veth 5 3 -", "5 br-b bridge - - -"],
            &[],
        ),
        (
            "a tunnel to other hosts",
            vec!["2 flannel.1 vxlan - - -"],
            &["flannel.1: it is a vxlan interface, which leads out of this host"],
        ),
        ("a renamed network card", vec!["2 veth-up - - - device"], &["veth-up: it is a network card"]),
        ("a bridge that is not on the list", vec!["2 eth0 - 3 - device", "3 br0 bridge - - -"], &[]),
    ];
    for (what, rows, expected) in cases {
        assert_eq!(found(rows, default), *expected, "{what}");
    }
}

#[test]
fn an_exact_name_is_the_administrators_decision() {
    assert_eq!(found(LAN, &["br-*", "br-lan"]), [""; 0]);
    assert_eq!(found(LAN, &["br-*", "br-la"]).len(), 1);
}

#[test]
fn thousands_of_interfaces_take_linear_time() {
    let mut rows = vec!["1 br-lan bridge - - -".to_owned(), "2 eth0 - 1 - device".to_owned()];
    rows.extend((10..20_000).map(|index| format!("{index} veth{index} veth 1 - -")));
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    assert_eq!(found(&rows, &["br-*", "veth*"]), ["br-lan: its port eth0 is a network card"]);
}
