//! Ports for programs under test.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// A port below those that the kernel gives out, so that nobody gets it by accident.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 10_000 + u16::try_from(std::process::id() % 200).unwrap_or_default() * 100;
    loop {
        let port = base + NEXT.fetch_add(1, Ordering::Relaxed) % 12_000;
        if TcpListener::bind(("0.0.0.0", port)).is_ok() {
            return port;
        }
    }
}
