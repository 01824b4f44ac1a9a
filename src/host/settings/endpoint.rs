//! Names of the services that host.toml enables.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use crate::config::Item;
use crate::model::Service;

/// A service of `endpoints`, by its name in host.toml.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Endpoint {
    /// The Instance Metadata Service.
    Imds,
    /// Credentials and task metadata of Amazon ECS.
    Ecs,
    /// The EKS Pod Identity agent.
    PodIdentity,
}

impl Endpoint {
    /// What is served, with its addresses.
    pub const fn service(self) -> Service {
        match self {
            Self::Imds => Service::Imds,
            Self::Ecs => Service::Ecs,
            Self::PodIdentity => Service::PodIdentity,
        }
    }

    /// Its name in host.toml.
    pub const fn name(self) -> &'static str {
        self.service().name()
    }

    /// The endpoints that host.toml enables unless it says otherwise.
    pub(super) fn defaults() -> Vec<Self> {
        vec![Self::Imds]
    }

    /// True of the list that a file without the key has. Then neither the record nor the status mentions it.
    pub(super) fn is_default(list: &[Self]) -> bool {
        list == [Self::Imds]
    }
}

/// The list in the order of [`Endpoint`], without repetitions. `None` after an error.
pub(super) fn read(item: &Item<'_>) -> Option<Vec<Endpoint>> {
    let chosen: Vec<Option<Endpoint>> = item.array()?.iter().map(Item::choice).collect();
    let mut endpoints: Vec<Endpoint> = chosen.into_iter().collect::<Option<_>>()?;
    if endpoints.is_empty() {
        item.error("host.endpoints is empty", "accepted: one or more of \"imds\", \"ecs\", \"pod-identity\"; to serve none, systemctl disable --now mock-imds");
        return None;
    }
    endpoints.sort_unstable();
    endpoints.dedup();
    Some(endpoints)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::StringEnum as _;

    #[test]
    fn each_service_has_one_name() {
        let services: Vec<Service> = Endpoint::VARIANTS.iter().map(|endpoint| endpoint.service()).collect();
        assert_eq!(services, Service::ALL);
        for endpoint in Endpoint::VARIANTS {
            assert_eq!(endpoint.as_str(), endpoint.name());
            let json = serde_json::to_value(endpoint).expect("plain data");
            assert_eq!(json, endpoint.name());
        }
    }
}
