//! Replies: three headers with a value, four with an error, and the error's page.

use http::header::{
    CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue, LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use http::{StatusCode, Version};
use hyper::body::Bytes;

use crate::imds::reply::{Reply, date};
use crate::model::Timestamp;

pub(crate) const TEXT: HeaderValue = HeaderValue::from_static("text/plain");
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(crate) const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");
const ERROR: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// 200 with a value or a listing.
pub(crate) fn data(content_type: HeaderValue, body: Bytes, now: Timestamp) -> Reply {
    reply(StatusCode::OK, vec![(CONTENT_TYPE, content_type)], body, now)
}

/// 200 without a body or a content type.
pub(crate) fn empty(now: Timestamp) -> Reply {
    reply(StatusCode::OK, vec![], Bytes::new(), now)
}

/// 301 to a path.
pub(crate) fn redirect(path: &str, query: Option<&str>, now: Timestamp) -> Reply {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    // It is percent-encoded, and the query came as a part of a request.
    let location = HeaderValue::try_from(format!("{path}{query}")).map(|location| (LOCATION, location));
    reply(StatusCode::MOVED_PERMANENTLY, location.into_iter().collect(), Bytes::new(), now)
}

pub(crate) fn error(status: StatusCode, now: Timestamp) -> Reply {
    let special = vec![(CONTENT_TYPE, ERROR), (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))];
    reply(status, special, page(status).into(), now)
}

fn reply(status: StatusCode, special: Vec<(HeaderName, HeaderValue)>, body: Bytes, now: Timestamp) -> Reply {
    let mut headers = special;
    headers.push((DATE, date(now)));
    headers.push((CONTENT_LENGTH, body.len().into()));
    Reply::new(Version::HTTP_11, status, headers, body)
}

/// The page of an error. That of 404 is EC2's own; the layout of the others differs.
fn page(status: StatusCode) -> String {
    let (encoding, doctype, step) = match status {
        StatusCode::NOT_FOUND => ("iso-8859-1", "\n\t", " "),
        _ => ("UTF-8", " ", "   "),
    };
    let title = format!("{} - {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
    format!(
        r#"<?xml version="1.0" encoding="{encoding}"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"{doctype}"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
{step}<head>
{step}{step}<title>{title}</title>
{step}</head>
{step}<body>
{step}{step}<h1>{title}</h1>
{step}</body>
</html>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_the_lengths_of_the_originals() {
        let lengths = [404, 401, 400].map(|status| {
            let status = StatusCode::from_u16(status).expect("a status");
            page(status).len()
        });
        assert_eq!(lengths, [337, 353, 351]);
    }
}
