//! The keys of a scenario and of host.toml: the one list that the manual, the schemas and the tests have.

pub(super) mod container_events;
pub(super) mod ecs;
pub(super) mod event;
pub(super) mod fault;
mod host;
pub(super) mod instance;
pub(super) mod interface;
mod live;
pub(super) mod pod_identity;
pub(super) mod propagation;
pub(super) mod service;

use super::form::Form;
use super::form::{FileKey, key};
use super::forms;
use ecs::{ECS, ECS_TABLES};
use instance::{INSTANCE, INSTANCE_TABLES};
use pod_identity::{POD_IDENTITY, POD_IDENTITY_TABLES};
use propagation::PROPAGATION;
use service::{CREDENTIALS, HTTP, HTTP_CHOICES, HTTP_TABLES, METADATA_OPTIONS, OVERRIDES};

pub(crate) use host::HOST_FILE;

/// The tables of a scenario.
pub(crate) const SCENARIO: &[FileKey] = &[
    key("instance", "", Form::Table(&[INSTANCE, INSTANCE_TABLES]), "The emulated instance."),
    key(
        "metadata-options",
        "",
        Form::Table(&[METADATA_OPTIONS]),
        "As in EC2's ModifyInstanceMetadataOptions.",
    ),
    key("credentials", "", Form::Table(&[CREDENTIALS]), "The role behind `iam/security-credentials/`."),
    key(
        "propagation",
        "",
        Form::Table(&[PROPAGATION]),
        r#"How late the changes of events are visible. A delay counts from the event, on the scenario's clock: "3s", { min = "1s", max = "6s" } for one that the seed chooses, "never", or with what is visible meanwhile, { after = "3s", meanwhile = "0" }."#,
    ),
    key(
        "ecs",
        "",
        Form::Table(&[ECS, ECS_TABLES]),
        "The task of Amazon ECS that clients are in: credentials and task metadata at 169.254.170.2, and with this table also below `/v2/`, `/v3/`, `/v4/` and `/api/` of an address that is none of EC2's.",
    ),
    key(
        "pod-identity",
        "",
        Form::Table(&[POD_IDENTITY, POD_IDENTITY_TABLES]),
        "The EKS Pod Identity agent: credentials at 169.254.170.23 and [fd00:ec2::23], and with this table also at `/v1/credentials` of an address that is none of EC2's.",
    ),
    key("http", "", Form::Table(&[HTTP, HTTP_CHOICES, HTTP_TABLES]), "The connection."),
    key(
        "metadata",
        "",
        OVERRIDES,
        r#"Path = content (see VALUES): overrides any path below the version, of at most 1024 bytes, such as "meta-data/public-ipv4". false removes a path and everything below it. { text = "...", content-type = "application/json" } is sent with that type; so is every other form with this key. headers = { ETag = "1", Server = false } sets and removes headers."#,
    ),
    key(
        "instances",
        "",
        Form::map("^[a-z0-9-]{1,64}$", &NAMED),
        "Another instance, for certain clients or nodes. It inherits `[instance]` and its tables, and takes the same keys, those of `[metadata-options]`, `[credentials]` and `[metadata]` as tables within this one. NAME is your choice. On a node (see `nodes`) the instance-id, host names, public addresses and further interfaces of `[instance]` are not served; what is set in this table is. Any `network-interface` here replaces the node's address and MAC address. Instances for clients inherit `[instance]` as it is written.",
    ),
    key(
        "event",
        "",
        Form::Tables(&[event::EVENT, container_events::CONTAINER_EVENTS]),
        "An event: a time, and at least one effect. Events at the same time happen in the order of the file. A notice keeps its time for every request and every client until it is cleared.",
    ),
    key(
        "fault",
        "",
        Form::Tables(&[fault::FAULT]),
        "An injected fault: conditions, all of which a request must match, and at least one effect. If several faults match a request, the first one takes precedence for each effect; all of them count the request.",
    ),
];

/// A named instance.
const NAMED: Form = Form::Table(&[NAMED_INSTANCE, NAMED_TABLES, INSTANCE, INSTANCE_TABLES]);

/// For whom a named instance is.
pub(super) const NAMED_INSTANCE: &[FileKey] = &[
    key(
        "clients",
        "",
        forms::CLIENTS,
        r#"A list of addresses, networks, or "host" for processes of this host. The longest matching prefix takes precedence."#,
    ),
    key(
        "nodes",
        "",
        Form::List(&forms::NODE_NAME),
        r#"A list of names of nodes, such as "worker-1". A server of one of them (`serve --node`) has this instance for every client that is among the `clients` of no other; a server of a node that no instance names has `[instance]`. Instance id, addresses, MAC address and names follow from the node's name and addresses, those excepted that are set here. An instance has clients or nodes, not both."#,
    ),
    key(
        "derive",
        "false",
        Form::Boolean,
        "true gives each client an identity of its own: instance id, addresses, MAC address and names follow from the client's address, and are the same after every reload and restart. Of `nodes` each has an instance id of its own, although one is set.",
    ),
];

/// Its tables beside those of `[instance]`.
const NAMED_TABLES: &[FileKey] = &[
    key(
        "metadata-options",
        "",
        Form::Table(&[METADATA_OPTIONS]),
        "As `[metadata-options]`, for this instance.",
    ),
    key("credentials", "", Form::Table(&[CREDENTIALS]), "As `[credentials]`, for this instance."),
    key("metadata", "", OVERRIDES, "As `[metadata]`, for this instance."),
    key("propagation", "", Form::Table(&[PROPAGATION]), "As `[propagation]`, for this instance."),
    key("ecs", "", Form::Table(&[ECS, ECS_TABLES]), "As `[ecs]`, for this instance."),
    key(
        "pod-identity",
        "",
        Form::Table(&[POD_IDENTITY, POD_IDENTITY_TABLES]),
        "As `[pod-identity]`, for this instance.",
    ),
];
