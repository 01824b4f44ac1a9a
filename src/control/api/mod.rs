//! The JSON that goes over the control socket, typed for both ends.
//!
//! | route | answer |
//! |---|---|
//! | `GET /v1/status` | 200 [`ServiceStatus`] |
//! | `GET /metrics` | 200, metrics as Prometheus reads them |
//! | `GET /v1/requests` | 200, an array of [`RequestLine`]s, the oldest first |
//! | `GET /v1/show?path=PATH` | 200 [`ShownReply`], whatever the service answers there |
//! | `GET /v1/environment?endpoint=ENDPOINT` | 200 [`EnvironmentListing`], 404 [`Refusal`]: no such instance or container, or 503 [`Refusal`]: it is not served |
//! | `GET /v1/tree` | 200 [`TreeListing`], or 404 [`Refusal`]: no such instance |
//! | `POST /v1/reload` [`ReloadOrder`], or nothing | 200 [`Reloaded`], or 422 [`Rejected`]: the former scenario keeps serving |
//! | `POST /v1/use` [`UseOrder`] | 200 [`Reloaded`], or 422 [`Rejected`]: the former scenario keeps serving |
//! | `GET /v1/scenarios` | 200 [`LibraryListing`] |
//! | `POST /v1/events` an event in the words of `[[event]]`, and `in` | 200 [`AcceptedOrder`], or 422 [`Rejected`]: nothing changed |
//! | `POST /v1/faults` a fault in the words of `[[fault]]`, and `in` | 200 [`AcceptedOrder`], or 422 [`Rejected`]: nothing changed |
//! | `GET /v1/faults` | 200, an array of [`FaultStatus`]es |
//! | `DELETE /v1/faults` | 200 [`Cleared`]: those of the file are in force again |
//! | `POST /v1/faults/set` keys of a fault, and its `name` | 200 [`AcceptedOrder`], or 422 [`Rejected`]: nothing changed |
//! | `POST /v1/faults/remove` [`RemoveFaultsOrder`] | 200 [`Cleared`], or 422 [`Rejected`]: nothing changed |
//! | `POST /v1/clear` [`ClearOrder`], or nothing | 200 [`Cleared`], or 422 [`Rejected`]: nothing changed |
//! | `POST /v1/clock` [`ClockOrder`] | 200 [`ClockMoved`], or 422 [`Rejected`]: nothing changed |
//! | a body that is not such JSON | 400 [`Refusal`] |
//! | another path | 404 [`Refusal`] with the routes |
//! | another method | 405 [`Refusal`] with the routes |
//!
//! `/v1/requests` takes `client` (addresses, networks, `host`), `path` (a [`PathGlob`](crate::model::PathGlob)),
//! `status` (`404`, `4xx`, `none`), `method`, `v` (`v1`, `v2`, `token`), `endpoint` (`imds`, `ecs`, `pod-identity`): lists with commas but for the path. Without
//! more it gives the newest `limit` entries, else all. With `since` (a number, `start`, `now`) it gives those that
//! follow, and with `wait` (seconds, 60 at most) it waits until there is one, from now on unless `since` is set.
//! Each answer has the header `journal-position`, which is the `since` to go on with: it has passed also the entries
//! that did not fit.
//!
//! `/v1/show` takes `client`, the address of who asks; a process of this host unless it is set. It needs no token, leaves
//! no entry and changes nothing.
//!
//! `/v1/environment` takes `endpoint` (`imds`, `ecs`, `pod-identity`), `instance`, and for `ecs` `container`.
//!
//! `/v1/tree` takes `instance`, the name of one of `[instances]`; `[instance]` unless it is set.
//!
//! A query that is not understood gets 400, and too many who wait get 503, both with a [`Refusal`].
//!
//! Times are RFC 3339 in UTC. A reader ignores fields that it does not know: later versions add some.

#![warn(missing_docs, clippy::missing_docs_in_private_items)]

mod clock;
mod environment;
mod live;
mod ready;
mod requests;
mod rfc3339;
mod scenario;
mod status;
mod tree;

pub(crate) use clock::{CLOCK, ClockMoved, ClockOrder, ClockStatus};
pub(crate) use environment::{ENVIRONMENT, EnvironmentListing, EnvironmentSetting, TokenFile};
pub(crate) use live::{
    AcceptedOrder, CLEAR, ClearOrder, ClearScope, Cleared, EVENTS, EffectSummary, EventStatus, FAULTS,
    FaultOrigin, FaultStatus, LatePath, LiveOrder, OrderPreview, PathPreview, PathTransition, REMOVE_FAULTS,
    RemoveFaultsOrder, SET_FAULT,
};
pub(crate) use ready::ReadyNotice;
pub(crate) use requests::{POSITION, REQUESTS, Refusal, RequestLine, SHOW, ShownContent, ShownReply};
pub(crate) use scenario::{
    CONTENT_BYTES, FallbackScenario, FallbackStatus, FileContent, LibraryEntry, LibraryListing,
    ProblemSeverity, RELOAD, Rejected, RejectedProblem, ReloadOrder, ReloadStatus, Reloaded, SCENARIOS,
    ScenarioContent, ScenarioStatus, USE, UseOrder,
};
pub(crate) use status::{
    CredentialStatus, EcsTaskStatus, InForceStatus, InstanceFacts, InstanceStatus, ListenerStatus, METRICS,
    PodStatus, STATUS, ServiceStatus,
};
pub(crate) use tree::{HiddenValue, ListedPath, TREE, TreeListing};
