//! The verbs that change the interfaces of a running instance, its profile, and that stop and start it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::change::TimingArgs;
use super::examples;
use super::parsers::{accepted, delays, duration_text, number};
use crate::model::{InstanceType, InterfaceName, MacAddress, RoleName};

/// `mock-imds interface`.
#[derive(Debug, Args)]
#[command(after_help = examples::INTERFACE)]
pub(crate) struct InterfaceArgs {
    #[command(subcommand)]
    pub change: InterfaceCommand,
}

/// What happens to an interface.
#[derive(Debug, Subcommand)]
pub(crate) enum InterfaceCommand {
    /// Attach an interface
    Attach(Box<AttachArgs>),
    /// Detach an interface
    Detach(NamedInterfaceArgs),
    /// Assign addresses or prefixes to an interface
    #[command(after_help = examples::INTERFACE_ASSIGN)]
    Assign(Box<AddressChangeArgs>),
    /// Unassign addresses or prefixes of an interface
    #[command(after_help = examples::INTERFACE_UNASSIGN)]
    Unassign(Box<AddressChangeArgs>),
    /// Change the security groups of an interface
    Modify(ModifyArgs),
    /// Hide an attached interface: it is not in the tree
    Hide(HideArgs),
    /// Make everything visible that is late or hidden
    Settle(SettleArgs),
}

/// How late a change is visible.
#[derive(Debug, Args)]
pub(crate) struct PropagationArgs {
    /// How late it is visible: a duration, "never", or LEAF=DURATION,… for leaves by name [default: as in the scenario]
    #[arg(long, value_name = "DELAY", value_parser = delays)]
    pub propagation: Option<String>,
}

/// Addresses and prefixes.
#[derive(Debug, Args)]
pub(crate) struct AddressArgs {
    /// Private IPv4 address; several with commas, or repeated
    #[arg(long = "private-ipv4", value_name = "ADDR", value_delimiter = ',')]
    pub private_ipv4s: Vec<std::net::Ipv4Addr>,
    /// Public IPv4 address
    #[arg(long = "public-ipv4", value_name = "ADDR", value_delimiter = ',')]
    pub public_ipv4s: Vec<std::net::Ipv4Addr>,
    /// IPv6 address
    #[arg(long = "ipv6", value_name = "ADDR", value_delimiter = ',')]
    pub ipv6s: Vec<std::net::Ipv6Addr>,
    /// Delegated IPv4 prefix
    #[arg(long = "ipv4-prefix", value_name = "NET", value_delimiter = ',')]
    pub ipv4_prefixes: Vec<ipnet::Ipv4Net>,
    /// Delegated IPv6 prefix
    #[arg(long = "ipv6-prefix", value_name = "NET", value_delimiter = ',')]
    pub ipv6_prefixes: Vec<ipnet::Ipv6Net>,
}

/// `mock-imds interface attach`.
#[derive(Debug, Args)]
#[command(after_help = examples::INTERFACE_ATTACH)]
pub(crate) struct AttachArgs {
    /// MAC address [default: counted up from the built-in one]
    #[arg(long, value_name = "MAC", value_parser = accepted::<MacAddress>)]
    pub mac: Option<MacAddress>,
    /// Id of the interface [default: made from the MAC address]
    #[arg(long, value_name = "ENI")]
    pub interface_id: Option<String>,
    /// Device number [default: one that is free on its network card]
    #[arg(long, value_name = "N", value_parser = number::<u8>(0..=255))]
    pub device_number: Option<u8>,
    /// Network card, on instance types with several
    #[arg(long, value_name = "N", value_parser = number::<u8>(0..=255))]
    pub network_card: Option<u8>,
    #[command(flatten)]
    pub addresses: AddressArgs,
    /// Without any address, as an interface for EFA alone
    #[arg(long, conflicts_with_all = ["private_ipv4s", "ipv6s", "public_ipv4s"])]
    pub efa_only: bool,
    /// The subnet [default: that of the primary interface, if the address lies in it]
    #[arg(long, value_name = "SUBNET")]
    pub subnet_id: Option<String>,
    /// The subnet's IPv4 block
    #[arg(long, value_name = "NET")]
    pub subnet_ipv4_cidr_block: Option<ipnet::Ipv4Net>,
    /// Name of a security group [default: those of the instance]
    #[arg(long = "security-group", value_name = "NAME", value_delimiter = ',')]
    pub security_groups: Vec<String>,
    #[command(flatten)]
    pub propagation: PropagationArgs,
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// `mock-imds interface detach`.
#[derive(Debug, Args)]
#[command(after_help = examples::INTERFACE_DETACH)]
pub(crate) struct NamedInterfaceArgs {
    /// MAC address or id of the interface
    #[arg(value_name = "INTERFACE", value_parser = accepted::<InterfaceName>)]
    pub interface: InterfaceName,
    #[command(flatten)]
    pub propagation: PropagationArgs,
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// `mock-imds interface assign` and `unassign`.
#[derive(Debug, Args)]
pub(crate) struct AddressChangeArgs {
    /// MAC address or id of the interface
    #[arg(value_name = "INTERFACE", value_parser = accepted::<InterfaceName>)]
    pub interface: InterfaceName,
    #[command(flatten)]
    pub addresses: AddressArgs,
    #[command(flatten)]
    pub propagation: PropagationArgs,
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// `mock-imds interface modify`.
#[derive(Debug, Args)]
#[command(after_help = examples::INTERFACE_MODIFY)]
pub(crate) struct ModifyArgs {
    /// MAC address or id of the interface
    #[arg(value_name = "INTERFACE", value_parser = accepted::<InterfaceName>)]
    pub interface: InterfaceName,
    /// Name of a security group
    #[arg(long = "security-group", value_name = "NAME", value_delimiter = ',')]
    pub security_groups: Vec<String>,
    /// Id of a security group
    #[arg(long = "security-group-id", value_name = "ID", value_delimiter = ',')]
    pub security_group_ids: Vec<String>,
    #[command(flatten)]
    pub propagation: PropagationArgs,
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// `mock-imds interface hide`.
#[derive(Debug, Args)]
#[command(after_help = examples::INTERFACE_HIDE)]
pub(crate) struct HideArgs {
    /// MAC address or id of the interface
    #[arg(value_name = "INTERFACE", value_parser = accepted::<InterfaceName>)]
    pub interface: InterfaceName,
    /// How long [default: until settled]
    #[arg(long = "for", value_name = "DURATION", value_parser = duration_text)]
    pub span: Option<String>,
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// `mock-imds interface settle`.
#[derive(Debug, Args)]
#[command(after_help = examples::INTERFACE_SETTLE)]
pub(crate) struct SettleArgs {
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// `mock-imds profile`.
#[derive(Debug, Args)]
#[command(after_help = examples::PROFILE)]
pub(crate) struct ProfileArgs {
    /// Role of the instance profile; none removes the profile
    #[arg(value_name = "ROLE", value_parser = accepted::<RoleName>)]
    pub role: RoleName,
    /// Name, or path/name, of the profile [default: the role]
    #[arg(long, value_name = "PROFILE", conflicts_with = "in_profile")]
    pub name: Option<String>,
    /// Keep the profile and change its role: visible at the next refresh of the keys
    #[arg(long)]
    pub in_profile: bool,
    #[command(flatten)]
    pub propagation: PropagationArgs,
    #[command(flatten)]
    pub timing: TimingArgs,
}

/// `mock-imds stop-start`.
#[derive(Debug, Args)]
#[command(after_help = examples::STOP_START)]
pub(crate) struct StopStartArgs {
    /// How long the instance is stopped: every connection is reset
    #[arg(long, value_name = "DURATION", value_parser = duration_text, default_value = "0s")]
    pub down: String,
    /// Instance type that it is started with
    #[arg(long, value_name = "TYPE", value_parser = accepted::<InstanceType>)]
    pub instance_type: Option<InstanceType>,
    /// File with the user data that it is started with
    #[arg(long, value_name = "FILE")]
    pub user_data: Option<PathBuf>,
    /// Public IPv4 address of the primary interface from then on
    #[arg(long = "public-ipv4", value_name = "ADDR", value_delimiter = ',')]
    pub public_ipv4s: Vec<std::net::Ipv4Addr>,
    #[command(flatten)]
    pub timing: TimingArgs,
}
