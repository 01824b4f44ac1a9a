//! A query of an endpoint's environment, at both ends of the socket.

use super::api::ENVIRONMENT;
use super::query::Query;
use crate::model::{Accepted, Service};

/// Whose environment is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EnvironmentQuery {
    pub endpoint: Service,
    /// The name of one of the instances; `None`: the one that processes of the server's host meet.
    pub instance: Option<String>,
    /// The name of a container of ECS; `None`: the first one.
    pub container: Option<String>,
}

/// Why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EnvironmentError {
    /// There is no instance or no container of a name.
    Unknown(String),
    /// The endpoint is not served, or a file cannot be written.
    Unavailable(String),
}

impl EnvironmentQuery {
    pub(super) fn route(&self) -> String {
        let more = [("instance", self.instance.clone()), ("container", self.container.clone())];
        let more = more.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let endpoint = ("endpoint", self.endpoint.name().to_owned());
        Query::write(ENVIRONMENT, std::iter::once(endpoint).chain(more))
    }

    /// Reads a query. `Err` is a sentence.
    pub(super) fn read(mut query: Query) -> Result<Self, String> {
        let text = |text: &str| Ok(text.to_owned());
        let endpoint = query.take("endpoint", |text| {
            let service = Service::ALL.into_iter().find(|service| service.name() == text);
            service.ok_or(Accepted("imds, ecs or pod-identity"))
        })?;
        let (instance, container) = (query.take("instance", text)?, query.take("container", text)?);
        query.finish()?;
        let endpoint = endpoint.ok_or("no endpoint is given; accepted: endpoint=ecs, for example")?;
        Ok(Self { endpoint, instance, container })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for container in [None, Some("app".to_owned())] {
            let query =
                EnvironmentQuery { endpoint: Service::PodIdentity, instance: Some("a b".into()), container };
            let route = query.route();
            let text = route.split_once('?').map(|(_, text)| text);
            assert_eq!(EnvironmentQuery::read(Query::read(text)), Ok(query));
        }
        let refused = |text| EnvironmentQuery::read(Query::read(Some(text)));
        assert!(refused("").is_err_and(|why| why.contains("no endpoint is given")));
        assert!(refused("endpoint=x").is_err_and(|why| why.contains("accepted: imds, ecs or pod-identity")));
    }
}
