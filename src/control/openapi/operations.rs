//! What each route takes and gives: beside the table of routes, in its order, for people and programs.

use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, Schema};

use super::super::api::{
    AcceptedOrder, CLEAR, CLOCK, ClearOrder, Cleared, ClockMoved, ClockOrder, ENVIRONMENT, EVENTS,
    EnvironmentListing, FAULTS, FaultStatus, LibraryListing, METRICS, RELOAD, REMOVE_FAULTS, REQUESTS,
    ReloadOrder, Reloaded, RemoveFaultsOrder, RequestLine, SCENARIOS, SET_FAULT, SHOW, STATUS, ServiceStatus,
    ShownReply, TREE, TreeListing, USE, UseOrder,
};

/// The type of a body.
pub(super) type BodyType = fn(&mut SchemaGenerator) -> Schema;

/// The body of a request.
pub(super) enum RequestBody {
    Nothing,
    /// One that may be left out.
    Optional(BodyType),
    Type(BodyType),
    /// A component of the document that is made of the keys of scenario files.
    Component(&'static str),
}

/// A route, described.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// The name of the function that a generator makes of it.
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) parameters: &'static [QueryParameter],
    pub(super) takes: RequestBody,
    pub(super) gives: BodyType,
}

/// A parameter of the query.
pub(super) struct QueryParameter {
    pub(super) name: &'static str,
    pub(super) required: bool,
    /// `string`, `integer` or `number`.
    pub(super) kind: &'static str,
    pub(super) description: &'static str,
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

const fn optional(name: &'static str, kind: &'static str, description: &'static str) -> QueryParameter {
    QueryParameter { name, required: false, kind, description }
}

const REQUEST_PARAMETERS: &[QueryParameter] = &[
    optional("client", "string", "Addresses, networks, or \"host\", separated by commas."),
    optional("path", "string", "A path, in which * stands for a part and ** for any number of parts."),
    optional("status", "string", "Statuses, such as 404, 4xx or none, separated by commas."),
    optional("method", "string", "Methods, separated by commas."),
    optional("v", "string", "v1, v2 or token, separated by commas."),
    optional("endpoint", "string", "imds, ecs or pod-identity, separated by commas."),
    optional(
        "since",
        "string",
        "The number after which to begin, \"start\", or \"now\". The newest entries unless set.",
    ),
    optional("limit", "integer", "The most entries."),
    optional("wait", "number", "Seconds, up to 60, to wait for an entry if there is none."),
];

const SHOW_PARAMETERS: &[QueryParameter] = &[
    QueryParameter {
        name: "path",
        required: true,
        kind: "string",
        description: "The path, below /latest unless it begins with a version; or one of another endpoint, `ecs/PATH` or \
                      `pod-identity/PATH`, with names in the place of ids.",
    },
    optional("client", "string", "The address of who asks; a process of this host unless set."),
];

const ENVIRONMENT_PARAMETERS: &[QueryParameter] = &[
    QueryParameter {
        name: "endpoint",
        required: true,
        kind: "string",
        description: "imds, ecs or pod-identity.",
    },
    optional(
        "instance",
        "string",
        "The name of one of `[instances]`; the one that processes of the server's host meet unless set.",
    ),
    optional("container", "string", "The name of a container of ecs; the first one unless set."),
];

const TREE_PARAMETERS: &[QueryParameter] =
    &[optional("instance", "string", "The name of one of `[instances]`; `[instance]` unless set.")];

/// One for each route.
pub(super) const OPERATIONS: &[Operation] = &[
    order("GET", STATUS, "getStatus", "The status.", RequestBody::Nothing, of::<ServiceStatus>),
    order(
        "GET",
        METRICS,
        "getMetrics",
        "Metrics, in the text format that Prometheus reads.",
        RequestBody::Nothing,
        of::<String>,
    ),
    order(
        "POST",
        RELOAD,
        "reload",
        "Reloads the scenario.",
        RequestBody::Optional(of::<ReloadOrder>),
        of::<Reloaded>,
    ),
    Operation {
        parameters: REQUEST_PARAMETERS,
        ..order(
            "GET",
            REQUESTS,
            "listRequests",
            "The requests of clients, the oldest first.",
            RequestBody::Nothing,
            of::<Vec<RequestLine>>,
        )
    },
    Operation {
        parameters: SHOW_PARAMETERS,
        ..order(
            "GET",
            SHOW,
            "showPath",
            "What the service answers at a path. Needs no token, and leaves no entry among the requests.",
            RequestBody::Nothing,
            of::<ShownReply>,
        )
    },
    Operation {
        parameters: TREE_PARAMETERS,
        ..order(
            "GET",
            TREE,
            "listTree",
            "Every path with its value now. Values that may be secrets, or are large, are hidden.",
            RequestBody::Nothing,
            of::<TreeListing>,
        )
    },
    Operation {
        parameters: ENVIRONMENT_PARAMETERS,
        ..order(
            "GET",
            ENVIRONMENT,
            "listEnvironment",
            "The variables by which programs find an endpoint. Of pod-identity a file with a token is written.",
            RequestBody::Nothing,
            of::<EnvironmentListing>,
        )
    },
    order(
        "POST",
        EVENTS,
        "addEvent",
        "Triggers an event, now or later.",
        RequestBody::Component("Event"),
        of::<AcceptedOrder>,
    ),
    order(
        "POST",
        FAULTS,
        "addFault",
        "Injects a fault; one of the same name is replaced.",
        RequestBody::Component("Fault"),
        of::<AcceptedOrder>,
    ),
    order(
        "GET",
        FAULTS,
        "listFaults",
        "The faults of the scenario, and those that were injected.",
        RequestBody::Nothing,
        of::<Vec<FaultStatus>>,
    ),
    order(
        "POST",
        SET_FAULT,
        "setFault",
        "Changes the keys that the body has of the fault that it names; null removes one.",
        RequestBody::Component("FaultChange"),
        of::<AcceptedOrder>,
    ),
    order(
        "POST",
        REMOVE_FAULTS,
        "removeFaults",
        "Removes faults, those of the scenario too.",
        RequestBody::Type(of::<RemoveFaultsOrder>),
        of::<Cleared>,
    ),
    order(
        "DELETE",
        FAULTS,
        "clearFaults",
        "Takes all orders about faults back.",
        RequestBody::Nothing,
        of::<Cleared>,
    ),
    order(
        "POST",
        CLEAR,
        "clear",
        "Takes back what was ordered.",
        RequestBody::Optional(of::<ClearOrder>),
        of::<Cleared>,
    ),
    order(
        "POST",
        CLOCK,
        "moveClock",
        "Seeks, pauses or resumes the scenario's clock.",
        RequestBody::Type(of::<ClockOrder>),
        of::<ClockMoved>,
    ),
    order(
        "POST",
        USE,
        "useScenario",
        "Serves another scenario until the next reload.",
        RequestBody::Type(of::<UseOrder>),
        of::<Reloaded>,
    ),
    order(
        "GET",
        SCENARIOS,
        "listScenarios",
        "The library of scenarios.",
        RequestBody::Nothing,
        of::<LibraryListing>,
    ),
];

const fn order(
    method: &'static str,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    takes: RequestBody,
    gives: BodyType,
) -> Operation {
    Operation { method, path, id, summary, parameters: &[], takes, gives }
}
