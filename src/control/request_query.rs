//! A query of the journal of requests, at both ends of the socket.

use std::time::Duration;

use super::api::REQUESTS;
use super::query::{Query, whole};
use crate::journal::{RequestFilter, SinceFilter};
use crate::model::Accepted;

/// The longest wait in one request. Who wants to wait longer asks again.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_mins(1);

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct RequestQuery {
    pub filter: RequestFilter,
    /// The beginning; the newest entries unless it is set.
    pub since: Option<SinceFilter>,
    /// The most entries; all unless it is set.
    pub limit: Option<usize>,
    /// The longest wait for an entry, up to [`LONGEST_WAIT`].
    pub wait: Duration,
}

impl RequestQuery {
    pub(super) fn route(&self) -> String {
        let wait = (!self.wait.is_zero()).then(|| self.wait.min(LONGEST_WAIT).as_secs_f64().to_string());
        let more = [
            ("since", self.since.map(|since| since.to_string())),
            ("limit", self.limit.map(|limit| limit.to_string())),
            ("wait", wait),
        ];
        let more = more.into_iter().filter_map(|(name, value)| Some((name, value?)));
        Query::write(REQUESTS, self.filter.parameters().chain(more))
    }

    /// Reads a query. `Err` is a sentence.
    pub(super) fn read(mut query: Query) -> Result<Self, String> {
        let filter = RequestFilter {
            client: query.take("client", str::parse)?,
            path: query.take("path", str::parse)?,
            status: query.take("status", str::parse)?,
            method: query.take("method", str::parse)?,
            protocol: query.take("v", str::parse)?,
            endpoint: query.take("endpoint", str::parse)?,
        };
        let since = query.take("since", str::parse)?;
        let limit = query.take("limit", whole)?;
        let wait = query.take("wait", seconds)?.unwrap_or_default();
        query.finish()?;
        Ok(Self { filter, since, limit, wait })
    }
}

fn seconds(text: &str) -> Result<Duration, Accepted> {
    let wait = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    wait.filter(|wait| *wait <= LONGEST_WAIT).ok_or(Accepted("seconds from 0 to 60, such as 2.5"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_it_was_written() {
        let requests = RequestQuery {
            filter: RequestFilter {
                client: Some("host,10.0.0.0/8".parse().unwrap()),
                path: Some("meta-data/tags/instance/My Tag".parse().unwrap()),
                status: Some("4xx,200".parse().unwrap()),
                method: Some("GET".parse().unwrap()),
                protocol: Some("v2,token".parse().unwrap()),
                endpoint: Some("imds,ecs".parse().unwrap()),
            },
            since: Some(SinceFilter::Number(7)),
            limit: Some(3),
            wait: Duration::from_millis(2_500),
        };
        for requests in [requests, RequestQuery::default()] {
            let route = requests.route();
            let query = route.split_once('?').map(|(_, query)| query);
            assert_eq!(RequestQuery::read(Query::read(query)), Ok(requests), "{route}");
        }
    }

    #[test]
    fn waits_have_an_end() {
        let wait =
            |text: &str| RequestQuery::read(Query::read(Some(&format!("wait={text}")))).map(|l| l.wait);
        assert_eq!(wait("60"), Ok(Duration::from_mins(1)));
        assert_eq!(wait("0.25"), Ok(Duration::from_millis(250)));
        for text in ["61", "-1", "NaN", "inf", "1e300", "soon"] {
            let why = wait(text).unwrap_err();
            assert_eq!(why, format!("wait is {text:?}; accepted: seconds from 0 to 60, such as 2.5"));
        }
        let longer = RequestQuery { wait: Duration::from_hours(1), ..RequestQuery::default() };
        assert_eq!(longer.route(), "/v1/requests?wait=60");
    }
}
