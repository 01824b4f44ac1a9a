//! Replies: headers, and the bodies of errors byte for byte.
//!
//! The `modern` profile is that of hosts from 2019 on: a 404 carries an XHTML page of 339 bytes, other errors have
//! no body. The `legacy` one is that of older hosts: HTTP/1.0, `Accept-Ranges: bytes`, and a page with every error
//! but 405. The `aemm` one has forms of its own. In the first two every answer has a length, a date and `Server: EC2ws`, and no charset.

use hyper::body::Bytes;
use hyper::header::{
    ACCEPT_RANGES, ALLOW, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue,
    LAST_MODIFIED, LOCATION, SERVER,
};

use hyper::{StatusCode, Version};

use super::aemm;
use super::fault_injection::Delivery;
use crate::model::{ContentType, Http, Profile, Timestamp};

/// Seconds that a token is valid: asked for in a PUT, granted in its answer, remaining in the answer to a GET.
pub(crate) const TTL_HEADER: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");

const TEXT: HeaderValue = HeaderValue::from_static("text/plain");
const HTML: HeaderValue = HeaderValue::from_static("text/html");
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// What goes back to the client. The server adds nothing and drops only the body of an answer to HEAD.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The version in the status line.
    pub version: Version,
    /// The status.
    pub status: StatusCode,
    /// A reason phrase other than the status' own.
    pub reason: Option<&'static str>,
    /// All headers, `Date`, `Content-Length` and `Connection` among them.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Bytes,
    /// How many network hops the packets may travel: set on the answer to a token request only.
    pub hop_limit: Option<u8>,
    /// How it gets to the client.
    pub delivery: Delivery,
    /// The number of the first fault in the scenario that changed it.
    pub fault: Option<usize>,
}

/// What a value is sent as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// Everything but user data, JSON too.
    Text,
    /// User data.
    Octets,
    /// What the scenario says.
    Said(ContentType),
}

/// What all replies of one request share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ec2Replies<'f> {
    /// The time of the answer.
    pub now: Timestamp,
    /// When the data last changed.
    pub modified: Timestamp,
    /// How the service speaks HTTP.
    pub http: &'f Http,
}

impl Ec2Replies<'_> {
    /// 200 with a value or a listing; with the remaining seconds of the request's token, if it had one.
    pub(crate) fn data(&self, media: MediaType, body: Bytes, ttl: Option<u32>) -> Reply {
        let media = match media {
            MediaType::Text => TEXT,
            MediaType::Octets => OCTETS,
            MediaType::Said(said) => HeaderValue::from_str(said.as_str()).unwrap_or(TEXT),
        };
        let special = vec![
            (CONTENT_TYPE, media),
            (ACCEPT_RANGES, HeaderValue::from_static(self.of_profile("none", "bytes"))),
            (LAST_MODIFIED, header(self.modified.http_date())),
        ];
        let mut reply = self.reply(StatusCode::OK, special, body);
        reply.headers.extend(ttl.map(|ttl| (TTL_HEADER, ttl.into())));
        reply
    }

    /// 200 with a token.
    pub(crate) fn token(&self, token: String, ttl: u32, hop_limit: u8) -> Reply {
        let special = vec![(TTL_HEADER, ttl.into()), (CONTENT_TYPE, TEXT)];
        Reply { hop_limit: Some(hop_limit), ..self.reply(StatusCode::OK, special, token.into()) }
    }

    /// 200 to OPTIONS: no body, and what is allowed.
    pub(crate) fn options(&self, allow: &'static str) -> Reply {
        let special = vec![(ALLOW, HeaderValue::from_static(allow)), (CONTENT_TYPE, TEXT)];
        self.reply(StatusCode::OK, special, Bytes::new())
    }

    /// 301 to a path, as hosts wrote it: with the service's own address, and no body.
    pub(crate) fn redirect(&self, path: &str) -> Reply {
        let location = HeaderValue::try_from(format!("http://169.254.169.254{path}"));
        let special = location.map(|location| vec![(LOCATION, location), (CONTENT_TYPE, TEXT)]);
        special.map_or_else(
            |_| self.not_found(),
            |special| self.reply(StatusCode::MOVED_PERMANENTLY, special, Bytes::new()),
        )
    }

    /// 400, 401, 403, and what has no form of its own.
    pub(crate) fn refusal(&self, status: StatusCode) -> Reply {
        match self.http.profile {
            Profile::Modern => self.reply(status, vec![(CONTENT_TYPE, TEXT)], Bytes::new()),
            Profile::Legacy => self.page(status, LEGACY_INDENTATION),
            Profile::Aemm => aemm::forms::error(status, self.now),
        }
    }

    /// Any error, in the form that it has where the service itself answers so.
    pub(crate) fn error(&self, status: StatusCode) -> Reply {
        match status {
            _ if self.http.profile == Profile::Aemm => self.refusal(status),
            StatusCode::NOT_FOUND => self.not_found(),
            StatusCode::METHOD_NOT_ALLOWED => self.not_allowed("GET, HEAD"),
            StatusCode::EXPECTATION_FAILED => self.expectation_failed(),
            _ => {
                // A status without a name gets an empty phrase, which is legal; the HTTP library would make one up.
                let reason = status.canonical_reason().is_none().then_some("");
                Reply { reason, ..self.refusal(status) }
            }
        }
    }

    /// 405, with what is allowed and the service's own reason phrase.
    pub(crate) fn not_allowed(&self, allow: &'static str) -> Reply {
        let special = vec![(ALLOW, HeaderValue::from_static(allow)), (CONTENT_TYPE, TEXT)];
        let reply = self.reply(StatusCode::METHOD_NOT_ALLOWED, special, Bytes::new());
        Reply { reason: Some("Not Allowed"), ..reply }
    }

    /// 404 with its page.
    pub(crate) fn not_found(&self) -> Reply {
        self.page(StatusCode::NOT_FOUND, self.of_profile(MODERN_INDENTATION, LEGACY_INDENTATION))
    }

    /// 417 with its page, which is lighttpd's own: hosts never send 100 Continue.
    pub(crate) fn expectation_failed(&self) -> Reply {
        self.page(StatusCode::EXPECTATION_FAILED, NATIVE_INDENTATION)
    }

    fn page(&self, status: StatusCode, indentation: &str) -> Reply {
        let title = format!("{} - {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
        self.reply(status, vec![(CONTENT_TYPE, HTML)], page(&title, indentation).into())
    }

    fn of_profile<T>(&self, modern: T, legacy: T) -> T {
        if self.http.profile == Profile::Modern { modern } else { legacy }
    }

    fn reply(&self, status: StatusCode, special: Vec<(HeaderName, HeaderValue)>, body: Bytes) -> Reply {
        let mut headers = special;
        headers.push((CONTENT_LENGTH, body.len().into()));
        headers.push((DATE, header(self.now.http_date())));
        headers.push((SERVER, HeaderValue::from_static("EC2ws")));
        if !self.http.keep_alive || self.http.profile == Profile::Legacy {
            headers.push((CONNECTION, HeaderValue::from_static("close")));
        }
        let version = self.of_profile(Version::HTTP_11, Version::HTTP_10);
        Reply {
            version,
            status,
            reason: None,
            headers,
            body,
            hop_limit: None,
            delivery: Delivery::default(),
            fault: None,
        }
    }
}

pub(super) fn header(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("a date is a legal header value")
}

/// What stands before the quoted address on the third line of a page.
const MODERN_INDENTATION: &str = "\t\t ";
const LEGACY_INDENTATION: &str = "\t";
const NATIVE_INDENTATION: &str = "         ";

/// The page of an error. Hosts differ only in what stands before the quoted address on the third line.
fn page(title: &str, indentation: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
{indentation}"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title>{title}</title>
 </head>
 <body>
  <h1>{title}</h1>
 </body>
</html>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_the_lengths_of_the_captures() {
        assert_eq!(page("404 - Not Found", MODERN_INDENTATION).len(), 339);
        assert_eq!(page("404 - Not Found", LEGACY_INDENTATION).len(), 337);
        assert_eq!(page("401 - Unauthorized", LEGACY_INDENTATION).len(), 343);
    }
}
