//! What the EKS Pod Identity agent knows of a pod: its association with a role.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::credentials::Secret;
use super::ecs::{EndpointRole, RequestRate};
use super::ids::{Accepted, EcsName, KubernetesName, RoleName};

/// A pod's identity, and how the agent judges tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodIdentity {
    /// The name of the cluster.
    pub cluster: EcsName,
    /// The namespace of the pod.
    pub namespace: KubernetesName,
    /// The service account of the pod.
    pub service_account: KubernetesName,
    /// The associated role, for service accounts that `associations` does not name.
    pub role: EndpointRole,
    /// Which tokens are accepted.
    pub token: AcceptedToken,
    /// The lifetime of the tokens that this service issues.
    pub token_lifetime: Duration,
    /// Whether the Host header has to name an address of the agent.
    pub check_host: bool,
    /// The limit of requests, for all clients together; `None`: there is no limit.
    pub throttle: Option<RequestRate>,
    /// Further associations, by service account.
    pub associations: BTreeMap<ServiceAccount, RoleName>,
}

/// The tokens that are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AcceptedToken {
    /// Every JSON Web Token that has not expired, whoever signed it.
    AnyJwt,
    /// Those that this service issued.
    Issued,
    /// Whatever is not empty.
    Any,
    /// This text.
    Fixed(Secret),
}

/// A service account with its namespace: `default/web`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceAccount {
    /// The namespace.
    pub namespace: KubernetesName,
    /// The name.
    pub name: KubernetesName,
}

impl Default for PodIdentity {
    fn default() -> Self {
        let default = KubernetesName::fixed("default");
        Self {
            cluster: EcsName::fixed("dev"),
            namespace: default.clone(),
            service_account: default,
            role: EndpointRole::OfCredentials,
            token: AcceptedToken::AnyJwt,
            token_lifetime: Duration::from_hours(24),
            check_host: true,
            throttle: Some(RequestRate::POD_AGENT),
            associations: BTreeMap::new(),
        }
    }
}

impl ServiceAccount {
    /// The service account that a token's subject names: `system:serviceaccount:NAMESPACE:NAME`.
    pub(crate) fn of_subject(subject: &str) -> Option<Self> {
        let (namespace, name) = subject.strip_prefix("system:serviceaccount:")?.split_once(':')?;
        Some(Self { namespace: namespace.parse().ok()?, name: name.parse().ok()? })
    }

    /// The subject of its tokens.
    pub(crate) fn subject(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.name)
    }
}

impl FromStr for ServiceAccount {
    type Err = Accepted;

    fn from_str(text: &str) -> Result<Self, Accepted> {
        const ACCEPTED: Accepted = Accepted("NAMESPACE/SERVICE-ACCOUNT, such as \"default/web\"");
        let (namespace, name) = text.split_once('/').ok_or(ACCEPTED)?;
        let name_of = |text: &str| text.parse::<KubernetesName>().map_err(|_| ACCEPTED);
        Ok(Self { namespace: name_of(namespace)?, name: name_of(name)? })
    }
}

impl fmt::Display for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}
