//! A reply, and how it is delivered.

use std::cell::RefCell;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use http::{StatusCode, Version};
use hyper::body::Bytes;

use super::rebinding::AccessRefusal;
use crate::model::Timestamp;
use crate::model::fault::HeaderChange;

/// The reply to a request. The server adds nothing and drops only the body of a reply to HEAD.
#[derive(Debug, Clone)]
pub struct Reply {
    pub version: Version,
    pub status: StatusCode,
    /// A reason phrase other than the status' own.
    pub reason: Option<&'static str>,
    /// All headers, `Date`, `Content-Length` and `Connection` among them.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Bytes,
    /// The IP time-to-live of its packets: set on the reply to a token request only.
    pub hop_limit: Option<u8>,
    pub delivery: Delivery,
    /// The number of the first fault in the scenario that changed it.
    pub fault: Option<usize>,
    /// Why the request was refused before anything else looked at it.
    pub refusal: Option<AccessRefusal>,
    /// The request has a token, and none that is valid; the scenario may let it pass.
    pub invalid_token: bool,
    /// What the answer shows in the place of what is true, while a change is not visible yet.
    pub late: Option<&'static str>,
}

/// The delivery of a reply, which the server carries out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivery {
    pub delay: Duration,
    /// Between the head and the body.
    pub body_delay: Duration,
    pub end: DeliveryEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeliveryEnd {
    #[default]
    Whole,
    /// Half of the body is sent under its full length; then the connection closes.
    Truncated,
    /// The head is sent, and nothing of the body that it announces, until the client gives up.
    Stalled,
    /// Nothing is sent; the connection is reset.
    Reset,
    /// Nothing is sent until the client gives up.
    Silence,
}

impl Reply {
    pub(super) fn new(
        version: Version,
        status: StatusCode,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: Bytes,
    ) -> Self {
        Self {
            version,
            status,
            // A status without a name gets an empty phrase, which is legal; the HTTP library would make one up.
            reason: status.canonical_reason().is_none().then_some(""),
            headers,
            body,
            hop_limit: None,
            delivery: Delivery::default(),
            fault: None,
            refusal: None,
            invalid_token: false,
            late: None,
        }
    }

    /// Sets and removes headers.
    pub(super) fn change_headers(&mut self, changes: &[HeaderChange]) {
        // A header may have several values.
        self.headers.retain(|(other, _)| changes.iter().all(|change| change.name != other));
        let set = changes.iter().filter_map(|change| Some((change.name.clone(), change.value.clone()?)));
        self.headers.extend(set);
    }
}

thread_local! {
    /// The dates that were written last, by their second: the latest first. A reply has two at most, `Date` and
    /// `Last-Modified`, and those of the next one are nearly always the same.
    static DATES: RefCell<[(u64, HeaderValue); 2]> =
        RefCell::new([0, 1].map(|second| (second, written_date(Timestamp::from_secs(second)))));
}

/// The value of a `Date` or `Last-Modified` header.
pub(super) fn date(time: Timestamp) -> HeaderValue {
    DATES.with_borrow_mut(|dates| {
        let second = time.as_secs();
        if dates[0].0 != second {
            dates.swap(0, 1);
            if dates[0].0 != second {
                dates[0] = (second, written_date(time));
            }
        }
        dates[0].1.clone()
    })
}

/// The numbers that are remembered.
const NUMBERS: usize = 16;

thread_local! {
    /// Numbers as they were written last: the lengths of bodies and the seconds that a token has left repeat.
    static WRITTEN_NUMBERS: RefCell<[(usize, HeaderValue); NUMBERS]> =
        RefCell::new(std::array::from_fn(|number| (number, number.into())));
}

/// The value of a header that is a number.
pub(super) fn number(number: usize) -> HeaderValue {
    WRITTEN_NUMBERS.with_borrow_mut(|numbers| {
        let last = &mut numbers[number % NUMBERS];
        if last.0 != number {
            *last = (number, number.into());
        }
        last.1.clone()
    })
}

fn written_date(time: Timestamp) -> HeaderValue {
    HeaderValue::try_from(time.http_date()).expect("a date is a legal header value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_itself_whatever_was_written_before() {
        for given in [0, 1, 16, 0, 17, 1, 32, 32, 21_600, usize::MAX, 0] {
            assert_eq!(number(given), HeaderValue::from(given), "{given}");
        }
    }

    #[test]
    fn a_date_is_that_of_its_second_whatever_was_written_before() {
        let seconds = [0, 5, 0, 5, 7, 5, 0, 1, 1, u64::MAX / 1000, 5];
        for time in seconds.map(Timestamp::from_secs) {
            assert_eq!(date(time), written_date(time), "second {}", time.as_secs());
        }
    }
}
