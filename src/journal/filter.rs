//! A selection of records.

use super::RequestRecord;
use super::filter_terms::{CommaSeparated, EndpointFilter, MethodFilter, OutcomeFilter};
use crate::imds::{self, Ingress, Protocol};
use crate::model::{ClientMatcher, PathGlob, Service};

/// The conditions that a record must meet; one that is not set is met by all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestFilter {
    pub client: Option<CommaSeparated<ClientMatcher>>,
    pub path: Option<PathGlob>,
    pub status: Option<CommaSeparated<OutcomeFilter>>,
    pub method: Option<CommaSeparated<MethodFilter>>,
    /// Only requests to the metadata service have one.
    pub protocol: Option<CommaSeparated<Protocol>>,
    pub endpoint: Option<CommaSeparated<EndpointFilter>>,
}

impl RequestFilter {
    pub(crate) fn matches(&self, record: &RequestRecord) -> bool {
        let on_this_host = record.ingress == Ingress::Host;
        any(self.status.as_ref(), |status| status.matches(record.status))
            && any(self.protocol.as_ref(), |protocol| {
                record.endpoint == Service::Imds && *protocol == record.protocol
            })
            && any(self.endpoint.as_ref(), |endpoint| endpoint.0 == record.endpoint)
            && any(self.method.as_ref(), |method| method.0 == record.method)
            && any(self.client.as_ref(), |client| client.matches(record.client, on_this_host))
            && self.path.as_ref().is_none_or(|glob| matches_path(glob, &record.path))
    }

    /// The conditions that are set, by their names in a query.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&'static str, String)> {
        let parameters = [
            ("client", self.client.as_ref().map(ToString::to_string)),
            ("path", self.path.as_ref().map(ToString::to_string)),
            ("status", self.status.as_ref().map(ToString::to_string)),
            ("method", self.method.as_ref().map(ToString::to_string)),
            ("v", self.protocol.as_ref().map(ToString::to_string)),
            ("endpoint", self.endpoint.as_ref().map(ToString::to_string)),
        ];
        parameters.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }
}

fn any<T>(list: Option<&CommaSeparated<T>>, matches: impl Fn(&T) -> bool) -> bool {
    list.is_none_or(|CommaSeparated(items)| items.iter().any(matches))
}

fn matches_path(glob: &PathGlob, path: &str) -> bool {
    match imds::segments(path) {
        Some(segments) => glob.matches(&segments.iter().map(AsRef::as_ref).collect::<Vec<_>>()),
        // No path of the service, but somebody may look for it.
        None => glob.matches(&path.split('/').filter(|segment| !segment.is_empty()).collect::<Vec<_>>()),
    }
}
