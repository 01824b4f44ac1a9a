//! Changes of a running instance as EC2's API makes them: of its interfaces, its profile, or by a stop and start.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::time::Duration;

use ipnet::{Ipv4Net, Ipv6Net};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::ids::{Accepted, InstanceType, MacAddress, RoleName};
use super::interface::NetworkInterface;
use super::propagation::ChangeKind;
use super::resource_ids::{InterfaceId, SecurityGroupId, UsualForm};

/// An interface, by its MAC address or its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InterfaceName {
    /// By its MAC address.
    Mac(MacAddress),
    /// By its id.
    Id(InterfaceId),
}

impl InterfaceName {
    /// Whether it is the name of this interface.
    pub(crate) fn names(&self, interface: &NetworkInterface) -> bool {
        match self {
            Self::Mac(mac) => *mac == interface.mac,
            Self::Id(id) => *id == interface.interface_id,
        }
    }
}

impl FromStr for InterfaceName {
    type Err = Accepted;

    fn from_str(text: &str) -> Result<Self, Accepted> {
        // What is no MAC address is rather a misspelt one than an id of another form than EC2's.
        let id = || text.parse().ok().filter(InterfaceId::has_usual_form).map(Self::Id);
        text.parse().ok().map(Self::Mac).or_else(id).ok_or({
            Accepted(
                "the MAC address of an interface, such as \"0e:49:61:0f:c3:12\", or its id, such as \"eni-0f95d3625f5c521cc\"",
            )
        })
    }
}

impl fmt::Display for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mac(mac) => mac.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

/// Addresses and prefixes that an interface gets, or loses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressChange {
    /// The interface.
    pub interface: InterfaceName,
    /// Private IPv4 addresses, none of them the primary one.
    pub private_ipv4s: Vec<Ipv4Addr>,
    /// Public IPv4 addresses.
    pub public_ipv4s: Vec<Ipv4Addr>,
    /// IPv6 addresses.
    pub ipv6s: Vec<Ipv6Addr>,
    /// Delegated IPv4 prefixes.
    pub ipv4_prefixes: Vec<Ipv4Net>,
    /// Delegated IPv6 prefixes.
    pub ipv6_prefixes: Vec<Ipv6Net>,
}

impl AddressChange {
    /// Whether it changes no address.
    pub(crate) fn is_empty(&self) -> bool {
        self.private_ipv4s.is_empty()
            && self.public_ipv4s.is_empty()
            && self.ipv6s.is_empty()
            && self.ipv4_prefixes.is_empty()
            && self.ipv6_prefixes.is_empty()
    }
}

/// A change of one interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InterfaceChange {
    /// An interface is attached.
    Attach(Box<NetworkInterface>),
    /// An interface is detached.
    Detach(InterfaceName),
    /// An interface gets addresses or prefixes.
    Assign(Box<AddressChange>),
    /// An interface loses addresses or prefixes.
    Unassign(Box<AddressChange>),
    /// An interface gets other security groups.
    Modify {
        /// The interface.
        interface: InterfaceName,
        /// The names of its groups, if they change.
        names: Option<Vec<String>>,
        /// The ids of its groups, if they change.
        ids: Option<Vec<SecurityGroupId>>,
    },
    /// An attached interface is not shown.
    Hide {
        /// The interface.
        interface: InterfaceName,
        /// The duration; until everything pending is settled unless set.
        span: Option<Duration>,
    },
}

impl InterfaceChange {
    /// The kind of the change, if it may be late.
    pub(crate) fn late_kind(&self) -> Option<ChangeKind> {
        match self {
            Self::Attach(_) => Some(ChangeKind::Attach),
            Self::Detach(_) => Some(ChangeKind::Detach),
            Self::Assign(_) => Some(ChangeKind::Assign),
            Self::Unassign(_) => Some(ChangeKind::Unassign),
            Self::Modify { .. } => Some(ChangeKind::Modify),
            Self::Hide { .. } => None,
        }
    }
}

/// How another role comes to the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum RoleChange {
    /// Another instance profile is associated.
    Associate,
    /// The associated instance profile gets another role: visible at the next refresh of the keys.
    RoleInProfile,
}

/// Another instance profile, or another role in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileChange {
    /// The role; `None`: no role any more.
    pub role: Option<RoleName>,
    /// The profile's path and name; the role's name unless set.
    pub name: Option<String>,
    /// What changes.
    pub change: RoleChange,
}

/// What a start does to the user data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserDataChange {
    /// Nothing.
    Keep,
    /// There is none afterwards.
    Remove,
    /// It is this afterwards.
    Set(Vec<u8>),
}

/// A stop and a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopStart {
    /// The duration from the stop to the start.
    pub down: Duration,
    /// The instance type afterwards, if it changes.
    pub instance_type: Option<InstanceType>,
    /// The user data afterwards.
    pub user_data: UserDataChange,
    /// The public addresses afterwards, if they change.
    pub public_ipv4s: Option<Vec<Ipv4Addr>>,
}

/// What an event settles: everything pending of it becomes visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum SettleTarget {
    /// The interfaces.
    Network,
    /// The instance profile.
    InstanceProfile,
    /// The tags.
    Tags,
    /// The metadata options.
    MetadataOptions,
    /// The facts that are visible as a whole.
    Facts,
    /// All of these.
    All,
}

impl SettleTarget {
    /// Whether changes of this kind, which are visible as a whole, become visible.
    pub(crate) fn includes(self, kind: ChangeKind) -> bool {
        match self {
            Self::All => true,
            Self::Tags => kind == ChangeKind::Tags,
            Self::MetadataOptions => kind == ChangeKind::MetadataOptions,
            Self::Facts => kind == ChangeKind::Facts,
            Self::Network | Self::InstanceProfile => false,
        }
    }
}
