//! Where the service is found. The socket units say the same; a test compares them.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// The address that every program on EC2 asks.
pub const ADDRESS_V4: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
/// The same over IPv6.
pub const ADDRESS_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
/// The port that programs ask; the redirect starts here.
pub const METADATA_PORT: u16 = 80;
/// The port that the service listens on, on the two addresses above; the redirect ends here.
///
/// Not 1338, which clashes in both directions with anything on 0.0.0.0:1338.
pub const SERVICE_PORT: u16 = 1690;
/// Where `mock-imds serve` listens in the foreground, as users of amazon-ec2-metadata-mock expect.
pub(crate) const FOREGROUND_PORT: u16 = 1338;
/// The header by which `mock-imds doctor` asks a server of ours whether it is one. Its value comes back in
/// [`Probed`]; such a request is no request for metadata: it is neither counted nor answered by the scenario.
pub(crate) const PROBE_HEADER: &str = "x-mock-imds-probe";

/// The answer to a probe, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Probed {
    /// The value of [`PROBE_HEADER`].
    pub nonce: String,
    /// The server's version.
    pub version: String,
    /// The server's process.
    pub pid: u32,
}
