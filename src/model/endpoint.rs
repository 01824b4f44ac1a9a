//! Addresses and ports of the service. The socket units repeat them; a test compares both.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// The IPv4 address of the service on EC2.
pub const ADDRESS_V4: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
/// The IPv6 address of the service on EC2.
pub const ADDRESS_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
/// The port that clients connect to; the redirect starts here.
pub const METADATA_PORT: u16 = 80;
/// The port that the service listens on, on the two addresses above; the redirect ends here.
///
/// Not 1338, which clashes in both directions with anything on 0.0.0.0:1338.
pub const SERVICE_PORT: u16 = 1690;
/// The default port of `mock-imds serve` in the foreground, as users of amazon-ec2-metadata-mock expect.
pub(crate) const FOREGROUND_PORT: u16 = 1338;
/// The header by which `mock-imds doctor` recognizes a server of this program. Its value is returned in
/// [`Probed`]. Such a request is not one for metadata: it is neither counted nor answered by the scenario.
pub(crate) const PROBE_HEADER: &str = "x-mock-imds-probe";

/// The answer to a probe, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Probed {
    /// The value of [`PROBE_HEADER`].
    pub nonce: String,
    /// The server's version.
    pub version: String,
    /// The server's process id.
    pub pid: u32,
}
