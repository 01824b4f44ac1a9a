//! Where the service is found. The socket units say the same; a test compares them.

use std::net::{Ipv4Addr, Ipv6Addr};

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
pub const FOREGROUND_PORT: u16 = 1338;
