//! The last credentials of an endpoint, ready for the next request with the same secret: they stay the same within a second.

use std::sync::Arc;

use hyper::body::Bytes;

use super::shared_value::SharedValue;
use super::token::AuthorityMark;
use crate::model::{Fetched, Timestamp};

/// The last body with credentials of an instance's task, or of its pods. Nothing until somebody gets some. Neither readers nor
/// writers wait.
#[derive(Debug, Default)]
pub(crate) struct PreparedKeys(SharedValue<Prepared>);

/// What such a body follows from, beside the instance.
#[derive(Clone, Copy)]
pub(crate) struct KeyOrigin<'o> {
    /// What the client has shown: the id of a task's credentials, or the token of a pod.
    pub(crate) secret: &'o [u8],
    /// The second counts.
    pub(crate) now: Timestamp,
    pub(crate) fetched: Option<&'o Fetched>,
    pub(crate) authority: &'o AuthorityMark,
}

struct Prepared {
    secret: Box<[u8]>,
    second: u64,
    fetched: Option<Fetched>,
    authority: AuthorityMark,
    body: Bytes,
}

impl PreparedKeys {
    /// The body, if it was the last one.
    pub(crate) fn get(&self, origin: KeyOrigin<'_>) -> Option<Bytes> {
        let KeyOrigin { secret, now, fetched, authority } = origin;
        let is_same = |prepared: &Prepared| {
            prepared.second == now.as_secs()
                && prepared.fetched.as_ref() == fetched
                && prepared.authority == *authority
                && is_same_secret(&prepared.secret, secret)
        };
        self.0.get(is_same).map(|prepared| prepared.body.clone())
    }

    pub(crate) fn keep(&self, origin: KeyOrigin<'_>, body: &Bytes) {
        let KeyOrigin { secret, now, fetched, authority } = origin;
        self.0.replace(Some(Arc::new(Prepared {
            secret: secret.into(),
            second: now.as_secs(),
            fetched: fetched.cloned(),
            authority: authority.clone(),
            body: body.clone(),
        })));
    }
}

/// Compares all bytes, so that the time tells nobody how many of a guess were right.
pub(crate) fn is_same_secret(secret: &[u8], guess: &[u8]) -> bool {
    let differences = secret.iter().zip(guess).fold(0, |found, (a, b)| found | (a ^ b));
    secret.len() == guess.len() && differences == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever a body follows from is another one.
    #[test]
    fn a_body_is_for_one_secret_second_authority_and_result_of_the_source() {
        let [own, other] = [AuthorityMark::default(), AuthorityMark::default()];
        let fetched = Fetched::default();
        let now = Timestamp::from_millis(1_250);
        let usual = KeyOrigin { secret: b"abc", now, fetched: None, authority: &own };
        let (prepared, body) = (PreparedKeys::default(), Bytes::from_static(b"keys"));
        assert_eq!(prepared.get(usual), None);
        prepared.keep(usual, &body);
        for (origin, expected) in [
            (usual, true),
            (KeyOrigin { now: Timestamp::from_millis(1_999), ..usual }, true),
            (KeyOrigin { now: Timestamp::from_secs(2), ..usual }, false),
            (KeyOrigin { now: Timestamp::from_secs(0), ..usual }, false),
            (KeyOrigin { secret: b"abd", ..usual }, false),
            (KeyOrigin { secret: b"ab", ..usual }, false),
            (KeyOrigin { secret: b"abcd", ..usual }, false),
            (KeyOrigin { secret: b"", ..usual }, false),
            (KeyOrigin { fetched: Some(&fetched), ..usual }, false),
            (KeyOrigin { authority: &other, ..usual }, false),
        ] {
            let KeyOrigin { secret, now, fetched, .. } = origin;
            assert_eq!(prepared.get(origin).is_some(), expected, "{secret:?} at {now:?}, {fetched:?}");
        }
        prepared.keep(KeyOrigin { secret: b"abd", ..usual }, &body);
        assert_eq!(prepared.get(usual), None, "the last one alone is kept");
    }
}
