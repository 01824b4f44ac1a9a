//! Which entries somebody wants to see.

use super::RequestRecord;
use super::terms::{ClientFilter, CommaSeparated, MethodFilter, OutcomeFilter};
use crate::imds::{self, Protocol};
use crate::model::PathGlob;

/// What entries must be; what is not said may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// Who asked.
    pub client: Option<CommaSeparated<ClientFilter>>,
    /// For which path.
    pub path: Option<PathGlob>,
    /// With which outcome.
    pub status: Option<CommaSeparated<OutcomeFilter>>,
    /// By which method.
    pub method: Option<CommaSeparated<MethodFilter>>,
    /// By which protocol.
    pub protocol: Option<CommaSeparated<Protocol>>,
}

impl RequestFilter {
    /// Whether an entry fits.
    pub(crate) fn matches(&self, entry: &RequestRecord) -> bool {
        one_of(self.status.as_ref(), |status| status.is(entry.status))
            && one_of(self.protocol.as_ref(), |protocol| *protocol == entry.protocol)
            && one_of(self.method.as_ref(), |method| method.0 == entry.method)
            && one_of(self.client.as_ref(), |client| client.is(entry))
            && self.path.as_ref().is_none_or(|glob| fits(glob, &entry.path))
    }

    /// The parts that are said, by their names in a query.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&'static str, String)> {
        let parts = [
            ("client", self.client.as_ref().map(ToString::to_string)),
            ("path", self.path.as_ref().map(ToString::to_string)),
            ("status", self.status.as_ref().map(ToString::to_string)),
            ("method", self.method.as_ref().map(ToString::to_string)),
            ("v", self.protocol.as_ref().map(ToString::to_string)),
        ];
        parts.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }
}

fn one_of<T>(list: Option<&CommaSeparated<T>>, is: impl Fn(&T) -> bool) -> bool {
    list.is_none_or(|CommaSeparated(items)| items.iter().any(is))
}

fn fits(glob: &PathGlob, path: &str) -> bool {
    match imds::segments(path) {
        Some(segments) => glob.matches(&segments.iter().map(AsRef::as_ref).collect::<Vec<_>>()),
        // It leads nowhere, but somebody may look for it.
        None => glob.matches(&path.split('/').filter(|segment| !segment.is_empty()).collect::<Vec<_>>()),
    }
}
