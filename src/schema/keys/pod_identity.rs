//! `[pod-identity]` and its table.

use super::ecs::ROLE;
use crate::model::{EcsName, KubernetesName};
use crate::schema::form::{FileKey, Form, Literal, key};
use crate::schema::forms;

const CLUSTER: Form = Form::parsed::<EcsName>("^[A-Za-z0-9_-]{1,255}$");
const KUBERNETES_NAME: Form = Form::loosely::<KubernetesName>("^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$");

/// The pod.
pub(crate) const POD_IDENTITY: &[FileKey] = &[
    key("cluster", r#""dev""#, CLUSTER, "The name of the cluster."),
    key("namespace", r#""default""#, KUBERNETES_NAME, "The namespace of the pod."),
    key("service-account", r#""default""#, KUBERNETES_NAME, "The service account of the pod."),
    key(
        "role",
        "",
        ROLE,
        "The role that is associated with service accounts which `associations` does not name. The role of `[credentials]` unless set. false: no association, 404.",
    ),
    key(
        "token",
        r#""any-jwt""#,
        Form::Text,
        r#"Which tokens are accepted. "any-jwt": every JSON Web Token that has not expired, whoever signed it. "issued": those of `mock-imds env pod-identity`. "any": whatever is not empty. Other text is the one token that is accepted. Where credentials are real, it is "issued" unless a token is set."#,
    ),
    key(
        "token-lifetime",
        r#""24h""#,
        Form::Duration,
        "How long a token of `mock-imds env pod-identity` lasts.",
    ),
    key(
        "check-host",
        "true",
        Form::Boolean,
        "Whether the Host header has to be an address of the agent, where clients ask at such an address. false answers other names too.",
    ),
    key(
        "throttle",
        "{ per-second = 1000, burst = 500 }",
        Form::Any(&[Form::Table(&[RATE]), Form::Only(Literal::False)]),
        "The requests of all clients together, above which they get 429. false: no limit.",
    ),
];

const RATE: &[FileKey] = &[
    key("per-second", "1000", Form::Integer(1, 1_000_000), "Requests in a second."),
    key("burst", "500", Form::Integer(1, 1_000_000), "Requests at once."),
];

/// Its table.
pub(crate) const POD_IDENTITY_TABLES: &[FileKey] = &[key(
    "associations",
    "",
    Form::map("^[a-z0-9][a-z0-9.-]*/[a-z0-9][a-z0-9.-]*$", &forms::ROLE),
    r#"Service account = role, such as "default/web" = "web-role": several roles behind one agent, told by the subject of the token."#,
)];
