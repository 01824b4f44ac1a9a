//! One request on a connection of its own. Proxies are not used: link-local addresses are nobody else's.

use std::io::ErrorKind;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::header::{CONNECTION, CONTENT_TYPE, DATE, HOST, HeaderMap, HeaderName, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Version};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::crawl::MAX_BODY_BYTES;
use super::exchange::{CrawlRequest, CrawlResponse, ExchangeOutcome};
use super::target::Target;
use crate::files::io_error_text;
use crate::model::{Timestamp, format_duration};

/// A metadata service is one hop away.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Sends a request and reads the response, within `limit` at most.
pub(crate) async fn exchange(
    target: &Target,
    crawl_request: &CrawlRequest,
    limit: Duration,
) -> ExchangeOutcome {
    let limit = limit.min(RESPONSE_TIMEOUT);
    match timeout(limit, attempt(target, crawl_request)).await {
        Ok(Ok(answer)) => ExchangeOutcome::Response(answer),
        Ok(Err(outcome)) => outcome,
        Err(_) => ExchangeOutcome::TimedOut(format!("no answer within {}", format_duration(limit))),
    }
}

async fn connect(target: &Target) -> Result<TcpStream, ExchangeOutcome> {
    let connecting = timeout(CONNECT_TIMEOUT, TcpStream::connect((target.host.as_str(), target.port)));
    let timed_out =
        |_| ExchangeOutcome::TimedOut(format!("no connection within {}", format_duration(CONNECT_TIMEOUT)));
    connecting.await.map_err(timed_out)?.map_err(|error| match error.kind() {
        ErrorKind::TimedOut => ExchangeOutcome::TimedOut(io_error_text(&error)),
        _ => ExchangeOutcome::Unreachable(io_error_text(&error)),
    })
}

async fn attempt(target: &Target, crawl_request: &CrawlRequest) -> Result<CrawlResponse, ExchangeOutcome> {
    let stream = connect(target).await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let connection = tokio::spawn(connection);
    let mut request = Request::builder()
        .method(&crawl_request.method)
        .uri(&crawl_request.path)
        .header(HOST, target.authority());
    request = request.header(USER_AGENT, concat!("mock-imds/", env!("CARGO_PKG_VERSION")));
    for (name, value) in &crawl_request.headers {
        request = request.header(*name, value);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(failed)?;
    let response = sender.send_request(request).await.map_err(failed)?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, MAX_BODY_BYTES).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { ExchangeOutcome::TooLarge } else { failed(error) }
    })?;
    connection.abort();
    Ok(CrawlResponse {
        status: parts.status.as_u16(),
        legacy: parts.version == Version::HTTP_10,
        closes: closes(&parts.headers),
        retry_after: retry_after(&parts.headers),
        content_type: text(&parts.headers, CONTENT_TYPE),
        date: text(&parts.headers, DATE).and_then(|date| http_date(&date)),
        body: body.to_bytes().to_vec(),
    })
}

#[expect(clippy::needless_pass_by_value, reason = "a callback for errors")]
fn failed(error: impl ToString) -> ExchangeOutcome {
    ExchangeOutcome::Failed(error.to_string())
}

fn closes(headers: &HeaderMap) -> bool {
    headers.get(CONNECTION).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"close"))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// "Thu, 15 Jan 2026 12:00:00 GMT".
fn http_date(text: &str) -> Option<Timestamp> {
    Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp().into())
}

/// In seconds; a date is as good as none, the pause doubles anyway.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_they_are_sent() {
        let noon = Timestamp::from_secs(1_768_478_400);
        assert_eq!(http_date("Thu, 15 Jan 2026 12:00:00 GMT"), Some(noon));
        assert_eq!(http_date(&noon.http_date()), Some(noon));
        assert_eq!(http_date("noon"), None);
    }

    /// A service that answers one request with these bytes.
    fn answering(bytes: &'static str) -> Target {
        use std::io::{Read as _, Write as _};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        std::thread::spawn(move || {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let mut head = vec![];
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                head.push(byte[0]);
            }
            let _ = stream.write_all(bytes.as_bytes());
        });
        address.to_string().parse().expect("it is an address")
    }

    #[tokio::test]
    async fn an_answer_has_its_version_and_its_headers() {
        let request =
            CrawlRequest { method: hyper::Method::GET, path: "/latest/".to_owned(), headers: vec![] };
        for (version, legacy) in [("1.0", true), ("1.1", false)] {
            let bytes = format!(
                "HTTP/{version} 200 OK\r\nConnection: close\r\nRetry-After: 7\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok"
            );
            let target = answering(bytes.leak());
            let ExchangeOutcome::Response(found) = exchange(&target, &request, RESPONSE_TIMEOUT).await else {
                panic!("expected an answer of HTTP/{version}");
            };
            assert_eq!((found.status, found.legacy, found.closes), (200, legacy, true), "HTTP/{version}");
            assert_eq!(found.body, b"ok");
            assert_eq!(found.content_type.as_deref(), Some("a/b"));
            assert_eq!(found.retry_after, Some(Duration::from_secs(7)));
        }
    }

    #[test]
    fn headers_say_when_to_come_again_and_whether_the_connection_stays() {
        let with = |name: HeaderName, value: &'static str| {
            HeaderMap::from_iter([(name, hyper::header::HeaderValue::from_static(value))])
        };
        for (value, expected) in [("close", true), ("Close", true), ("keep-alive", false), ("closed", false)]
        {
            assert_eq!(closes(&with(CONNECTION, value)), expected, "{value}");
        }
        assert!(!closes(&HeaderMap::new()));
        for (value, expected) in [("7", Some(7)), (" 7 ", Some(7)), ("soon", None), ("-1", None)] {
            assert_eq!(retry_after(&with(RETRY_AFTER, value)), expected.map(Duration::from_secs), "{value}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
