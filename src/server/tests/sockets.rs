//! Listening sockets, and descriptors that this process was started with.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd as _, AsRawFd as _, IntoRawFd as _};

use nix::fcntl::OFlag;
use nix::unistd::pipe2;

use crate::model::{ListenEndpoint, Service};
use crate::server::{bind, sys, take_inherited_for_writing};

#[tokio::test]
async fn a_listener_is_for_the_service_that_it_was_bound_for() {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    for only in [None, Some(Service::Imds), Some(Service::Ecs), Some(Service::PodIdentity)] {
        let listeners = bind(&[ListenEndpoint { address, only }]).expect("a free port");
        assert_eq!(listeners.iter().map(|listener| listener.only).collect::<Vec<_>>(), [only]);
    }
}

/// The end of a pipe that is read has no flag at all.
#[test]
fn what_is_inherited_for_writing_is_taken_over_once() {
    let (reading, writing) = pipe2(OFlag::empty()).expect("descriptors are left");
    let refused = |number| take_inherited_for_writing(number).expect_err("it is refused").to_string();
    assert_eq!(refused(reading.as_raw_fd()), "it is open for reading only");
    let taken = take_inherited_for_writing(writing.into_raw_fd()).expect("it is open for writing");
    assert_eq!(refused(taken.as_raw_fd()), "it is not inherited, or a listening socket");
    assert_eq!(take_inherited_for_writing(-1).expect_err("none").raw_os_error(), Some(libc::EBADF));
}

#[test]
fn what_is_no_tcp_socket_has_no_packet_infos() {
    let (reading, _writing) = pipe2(OFlag::O_CLOEXEC).expect("descriptors are left");
    let mut buffer = [0; sys::CONTROL_BYTES];
    let found = sys::packet_options(reading.as_fd(), libc::SOL_IP, libc::IP_PKTOPTIONS, &mut buffer);
    assert_eq!(found.expect_err("a pipe").raw_os_error(), Some(libc::ENOTSOCK));
}
