//! The link-local services of an EC2 host.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A service that programs reach at a link-local address of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// The Instance Metadata Service: 169.254.169.254 and `fd00:ec2::254`.
    Imds,
    /// Credentials and task metadata of Amazon ECS: 169.254.170.2.
    Ecs,
    /// The EKS Pod Identity agent: 169.254.170.23 and `fd00:ec2::23`.
    PodIdentity,
}

impl Service {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::Imds, Self::Ecs, Self::PodIdentity];

    /// Its name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Imds => "imds",
            Self::Ecs => "ecs",
            Self::PodIdentity => "pod-identity",
        }
    }

    /// Its address, IPv4.
    pub const fn ipv4(self) -> Ipv4Addr {
        match self {
            Self::Imds => Ipv4Addr::new(169, 254, 169, 254),
            Self::Ecs => Ipv4Addr::new(169, 254, 170, 2),
            Self::PodIdentity => Ipv4Addr::new(169, 254, 170, 23),
        }
    }

    /// Its address, IPv6, if it has one.
    pub const fn ipv6(self) -> Option<Ipv6Addr> {
        match self {
            Self::Imds => Some(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
            Self::Ecs => None,
            Self::PodIdentity => Some(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
        }
    }

    /// The service at a link-local address.
    pub fn at(address: IpAddr) -> Option<Self> {
        Self::ALL.into_iter().find(|service| match address {
            IpAddr::V4(address) => service.ipv4() == address,
            IpAddr::V6(address) => service.ipv6() == Some(address),
        })
    }
}

/// An address to listen at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenEndpoint {
    /// Address and port.
    pub address: SocketAddr,
    /// The only service that is served there; `None`: that of the address, or all by their paths.
    pub only: Option<Service>,
}

impl ListenEndpoint {
    /// The service that is served there alone; `None`: all, and the path tells which.
    pub fn service(self) -> Option<Service> {
        self.only.or_else(|| Service::at(self.address.ip().to_canonical()))
    }
}

impl From<SocketAddr> for ListenEndpoint {
    fn from(address: SocketAddr) -> Self {
        Self { address, only: None }
    }
}
