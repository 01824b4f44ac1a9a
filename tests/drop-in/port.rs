//! Ports for programs under test.

use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net as unix;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};

/// A port that no other test has, in this run or in one beside it, and that the kernel gives to nobody by itself.
pub fn free_port() -> u16 {
    const PORTS: u16 = 20_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    static RESERVED: Mutex<Vec<unix::UnixListener>> = Mutex::new(Vec::new());
    let first = u16::try_from(std::process::id() % u32::from(PORTS)).expect("below the number of ports");
    loop {
        let port = 10_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS;
        // Its name is known wherever the port is, and is gone with this process.
        let name = unix::SocketAddr::from_abstract_name(format!("mock-imds-drop-in-port-{port}"))
            .expect("a short name");
        let Ok(reserved) = unix::UnixListener::bind_addr(&name) else { continue };
        if TcpListener::bind(("0.0.0.0", port)).is_ok() {
            RESERVED.lock().expect("no test panics with it").push(reserved);
            return port;
        }
    }
}
