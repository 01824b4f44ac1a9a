//! The command line: one struct per subcommand.

mod change;
mod check;
mod conform;
mod containers;
mod control;
mod env;
mod examples;
mod fault;
mod fault_flags;
mod global;
mod groups;
mod host;
mod import;
mod init;
mod interface;
mod parsers;
mod plain_serve;
mod quick;
mod requests;
mod serve;
mod version;
mod view;

use clap::{Command, CommandFactory as _, Parser, Subcommand};

pub(crate) use change::{
    ClearArgs, ClockArgs, ClockCommand, LifecycleArgs, MaintenanceArgs, RebalanceArgs, RotateArgs, SetArgs,
    SpotArgs, TimingArgs, UseArgs,
};
pub(crate) use check::{CheckArgs, SchemaArgs};
pub(crate) use conform::ConformArgs;
pub(crate) use containers::{
    AccountArgs, ContainerArgs, EcsArgs, EcsCommand, PodIdentityArgs, PodIdentityCommand, ProtectionArg,
    ProtectionArgs,
};
pub(crate) use control::ControlArgs;
pub(crate) use env::{EndpointArg, EnvArgs, EnvFormat};
pub(crate) use fault::{FaultArgs, FaultCommand, FaultRemoveArgs, FaultSetArgs};
pub(crate) use fault_flags::FaultFlags;
pub(crate) use global::GlobalArgs;
pub(crate) use groups::title as group_title;
pub(crate) use host::{DoctorArgs, NetArgs, NetCommand, NetStatusArgs};
pub(crate) use import::{
    AemmArgs, AemmFileArgs, ImportAemmArgs, ImportArgs, ImportDumpArgs, ImportEc2Args, ImportFormat,
    ImportMode, InstanceListArgs, OutputArgs, RecordArgs, SecretsArgs,
};
pub(crate) use init::InitArgs;
pub(crate) use interface::{
    AddressArgs, AttachArgs, InterfaceArgs, InterfaceCommand, ModifyArgs, ProfileArgs, PropagationArgs,
    StopStartArgs,
};
pub(crate) use quick::parse;
pub(crate) use requests::{AuditArgs, FilterArgs, RequestsArgs, WaitArgs};
pub(crate) use serve::{
    FallbackArg, IdentityCertificateArgs, MetricsArgs, ReloadArgs, ServeArgs, ShowArgs, ShowArtifact,
    StatusArgs,
};
pub(crate) use version::VersionArgs;
pub(crate) use view::ViewArgs;

/// EC2 Instance Metadata Service for developer machines.
#[derive(Debug, Parser)]
#[command(
    name = "mock-imds",
    version,
    propagate_version = true,
    max_term_width = 100,
    disable_help_flag = true,
    disable_version_flag = true,
    args = global::help_and_version(),
    mut_subcommands = global::add,
    after_help = examples::ROOT
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub global: GlobalArgs,
    #[command(subcommand)]
    pub command: CliCommand,
}

/// The whole command line, with the help text of the program.
pub(crate) fn program() -> Command {
    groups::divide(Cli::command())
}

/// The subcommands, in the order of the help text; `groups.rs` divides them.
#[derive(Debug, Subcommand)]
pub(crate) enum CliCommand {
    /// Run the metadata service in the foreground
    Serve(ServeArgs),
    /// Show the status of the running server
    Status(StatusArgs),
    /// Serve a page for the browser, metrics and the control API over HTTP
    ///
    /// It is a client of a running server, with the rights that you have there. The page shows the timeline, the tree, the
    /// requests as they come, instances and faults, and has a form for each command that changes something.
    View(ViewArgs),
    /// List the requests that the running server received
    Requests(RequestsArgs),
    /// Print the value of a path, or the certificate of the identity document
    Show(ShowArgs),
    /// Show which protocol each client speaks, and whether it would work with IMDSv2 only
    Audit(AuditArgs),
    /// Print the metrics of the running server and of the guardian, as Prometheus reads them
    Metrics(MetricsArgs),
    /// Switch to another scenario until the next reload
    Use(UseArgs),
    /// Reload the scenario of the running server
    Reload(ReloadArgs),
    /// Issue a spot interruption notice
    Spot(SpotArgs),
    /// Issue a rebalance recommendation
    Rebalance(RebalanceArgs),
    /// Schedule or update a maintenance event
    Maintenance(Box<MaintenanceArgs>),
    /// Set the Auto Scaling target lifecycle state
    Lifecycle(LifecycleArgs),
    /// Rotate the generated credentials
    Rotate(RotateArgs),
    /// Override the value of a path
    Set(SetArgs),
    /// Attach, detach or change a network interface
    Interface(InterfaceArgs),
    /// Associate another instance profile, or none
    Profile(Box<ProfileArgs>),
    /// Stop and start the instance
    StopStart(Box<StopStartArgs>),
    /// Stop the task of Amazon ECS, change its containers or its protection, restart its agent
    Ecs(EcsArgs),
    /// Change associations of EKS Pod Identity, restart its agent
    PodIdentity(PodIdentityArgs),
    /// Inject a fault; list, change and remove faults
    Fault(Box<FaultArgs>),
    /// Seek, pause or resume the clock of the scenario
    Clock(ClockArgs),
    /// Take back what was ordered: changes, notices, pending events, faults and use
    Clear(ClearArgs),
    /// Write a commented file to start from
    ///
    /// The package makes no configuration: without files the built-in instance is served, and the guardian's defaults hold.
    /// A file that is there is never overwritten.
    Init(InitArgs),
    /// Validate scenario files, or host.toml
    Check(CheckArgs),
    /// Print the JSON Schema of scenario files, or of host.toml, for editors
    Schema(SchemaArgs),
    /// Record a metadata service as a scenario file
    Record(RecordArgs),
    /// Convert other programs' files to a scenario file
    Import(ImportArgs),
    /// Run as amazon-ec2-metadata-mock: its commands, flags, environment, files and answers
    Aemm(AemmArgs),
    /// Wait for a request, exit with 1 if there is none
    Wait(WaitArgs),
    /// Print the variables by which programs find an endpoint: Amazon ECS, EKS Pod Identity, or IMDS
    Env(EnvArgs),
    /// Check whether a metadata service answers as EC2's does
    ///
    /// The checks come from EC2's documentation, published captures, and what widespread clients rely on. The service is only
    /// read: GET, HEAD, and PUT for tokens.
    Conform(ConformArgs),
    /// Diagnose this host and print the commands that fix it
    Doctor(DoctorArgs),
    /// Manage the link-local address and the nftables redirect (called by the systemd units)
    #[command(subcommand, after_help = examples::NET)]
    Net(NetCommand),
    /// Print the version, and how this program was built
    Version(VersionArgs),
}
