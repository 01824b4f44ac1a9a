//! Bodies of orders at the control socket.

use std::sync::LazyLock;

use mock_imds::fuzzing::Orders;

use super::service::KEYS;

static ORDERS: LazyLock<Orders> = LazyLock::new(|| {
    Orders::new(
        "[[event]]\nat = \"30s\"\nrebalance-recommendation = {}\n[instances.web]\nclients = [\"10.0.0.0/8\"]\n",
        &KEYS,
    )
});

/// The first byte is that of the route: events, faults, clock, clear (`k`), use, or else reload.
pub fn run(input: &[u8]) {
    if let Some((route, body)) = input.split_first() {
        ORDERS.read(*route, body);
    }
}
