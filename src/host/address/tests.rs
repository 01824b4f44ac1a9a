use std::os::unix::net::UnixDatagram;
use std::thread;

use super::*;
use crate::host::netlink::replies;

/// What becomes of an address to which the kernel, played here, answers so; 0 is an acknowledgement.
fn added(address: IpAddr, answer: i32) -> Result<AddResult, HostError> {
    let (ours, kernel) = UnixDatagram::pair().expect("descriptors are left");
    let answering = thread::spawn(move || {
        let mut request = [0; 512];
        kernel.recv(&mut request).expect("a request");
        let answer = NetlinkMessage::new(narrow(libc::NLMSG_ERROR), 0, &(-answer).to_ne_bytes());
        kernel.send(&answer.finish(0, u32_at(&request, 8))).expect("it waits");
    });
    let added = AddressClient { socket: NetlinkSocket::adopt(ours.into()) }.add(address);
    answering.join().expect("no panic");
    added
}

#[test]
fn what_the_kernel_says_of_an_address_decides() {
    let [v4, v6] = ["169.254.169.254", "fd00:ec2::254"].map(|text| text.parse().expect("an address"));
    for address in [v4, v6] {
        assert!(matches!(added(address, 0), Ok(AddResult::Added)), "{address}");
        assert!(matches!(added(address, libc::EEXIST), Ok(AddResult::Existed)), "{address}");
        assert!(matches!(added(address, libc::EPERM), Err(HostError::NotPermitted)), "{address}");
        let found = added(address, libc::ENOBUFS);
        assert!(matches!(found, Err(HostError::Kernel { source: Errno::ENOBUFS, .. })), "{found:?}");
    }
    assert!(matches!(added(v6, libc::EACCES), Ok(AddResult::Unavailable(Errno::EACCES))), "without IPv6");
    let found = added(v4, libc::EACCES);
    assert!(matches!(found, Err(HostError::Kernel { source: Errno::EACCES, .. })), "{found:?}");
}

#[test]
fn what_is_asked_for_is_what_is_read() {
    for address in ["169.254.169.254", "fd00:ec2::254"] {
        let address: IpAddr = address.parse().expect("an address");
        let bytes = message(libc::RTM_NEWADDR, 0, address).finish(0, 1);
        let reply = replies(&bytes).next().expect("a message");
        assert_eq!(read(&reply), Some((address, LOOPBACK)));
    }
    let odd =
        NetlinkMessage::new(libc::RTM_NEWADDR, 0, &[0; ADDRESS_HEAD]).attribute(libc::IFA_LOCAL, &[1; 6]);
    let odd = odd.finish(0, 1);
    assert_eq!(read(&replies(&odd).next().expect("a message")), None, "of no family that we know");
}

#[test]
fn only_ipv6_may_be_what_a_host_cannot_have() {
    let [v4, v6] = ["169.254.169.254", "fd00:ec2::254"].map(|text| text.parse().expect("an address"));
    for error in [Errno::EACCES, Errno::EAFNOSUPPORT, Errno::EOPNOTSUPP, Errno::EADDRNOTAVAIL] {
        assert!(is_unavailable(v6, error) && !is_unavailable(v4, error), "{error}");
    }
    assert!(!is_unavailable(v6, Errno::EPERM));
}

#[test]
fn an_address_is_ours_by_its_label_or_its_protocol() {
    let marked = |label: &str, protocol: Option<u8>| {
        let message = NetlinkMessage::new(libc::RTM_NEWADDR, 0, &[0; ADDRESS_HEAD]);
        let message = message.text(libc::IFA_LABEL, label);
        let message = match protocol {
            Some(protocol) => message.attribute(IFA_PROTO, &[protocol]),
            None => message,
        };
        is_marked(&replies(&message.finish(0, 1)).next().expect("a message"))
    };
    for (label, protocol, expected) in [
        (LABELS[0], None, true),
        ("lo", Some(PROTOCOL), true),
        ("lo", Some(PROTOCOL.wrapping_add(1)), false),
        ("lo", None, false),
    ] {
        assert_eq!(marked(label, protocol), expected, "{label:?}, {protocol:?}");
    }
}

#[test]
fn a_label_names_the_service_and_fits() {
    for service in Service::ALL {
        let label = label(service.ipv4().into());
        assert_eq!(label, format!("lo:{}", service.name()));
        assert!(label.len() < libc::IFNAMSIZ, "the kernel takes no longer one than {label:?}");
    }
}

#[test]
fn the_near_end_of_a_link_counts() {
    let both = NetlinkMessage::new(libc::RTM_NEWADDR, 0, &[0; ADDRESS_HEAD])
        .attribute(libc::IFA_ADDRESS, &[10, 0, 0, 2])
        .attribute(libc::IFA_LOCAL, &[10, 0, 0, 1])
        .finish(0, 1);
    let reply = replies(&both).next().expect("a message");
    assert_eq!(read(&reply), Some(([10, 0, 0, 1].into(), 0)));
}
