//! EC2's replies: headers, and the bodies of errors byte for byte.
//!
//! The `modern` profile is that of hosts from 2019 on: a 404 carries an XHTML page of 339 bytes, other errors have
//! no body. The `legacy` one is that of older hosts: HTTP/1.0, `Accept-Ranges: bytes`, and a page with every error
//! but 405. Every reply has a length, a date and `Server: EC2ws`, and no charset.

use std::sync::LazyLock;

use http::header::{
    ACCEPT_RANGES, ALLOW, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue,
    LAST_MODIFIED, LOCATION, SERVER,
};
use http::{StatusCode, Version};
use hyper::body::Bytes;

use crate::imds::context::RequestContext;
use crate::imds::reply::{Reply, date, number};
use crate::imds::request::TTL_HEADER;
use crate::model::{ContentType, Http, Profile, Timestamp};

const TEXT: HeaderValue = HeaderValue::from_static("text/plain");
const HTML: HeaderValue = HeaderValue::from_static("text/html");
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// The content type of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// Everything but user data, JSON too.
    Text,
    Octets,
    Override(ContentType),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Ec2Replies<'f> {
    now: Timestamp,
    modified: Timestamp,
    http: &'f Http,
}

impl<'f> Ec2Replies<'f> {
    pub(crate) fn new(context: &RequestContext<'f>) -> Self {
        let modified = context.loaded_at.min(context.now);
        Self { now: context.now, modified, http: context.http() }
    }

    /// 200 with a value or a listing; with the remaining seconds of the request's token, if it had one.
    pub(crate) fn data(&self, media: MediaType, body: Bytes, ttl: Option<u32>) -> Reply {
        let media = match media {
            MediaType::Text => TEXT,
            MediaType::Octets => OCTETS,
            MediaType::Override(value) => HeaderValue::from_str(value.as_str()).unwrap_or(TEXT),
        };
        let special = [
            (CONTENT_TYPE, media),
            (ACCEPT_RANGES, HeaderValue::from_static(self.of_profile("none", "bytes"))),
            (LAST_MODIFIED, date(self.modified)),
        ];
        let mut reply = self.reply(StatusCode::OK, special, body);
        reply.headers.extend(ttl.map(|ttl| (TTL_HEADER, number(ttl as usize))));
        reply
    }

    /// 200 with a token.
    pub(crate) fn token(&self, token: String, ttl: u32, hop_limit: u8) -> Reply {
        let special = [(TTL_HEADER, number(ttl as usize)), (CONTENT_TYPE, TEXT)];
        Reply { hop_limit: Some(hop_limit), ..self.reply(StatusCode::OK, special, token.into()) }
    }

    /// 200 to OPTIONS: no body, and what is allowed.
    pub(crate) fn options(&self, allow: &'static str) -> Reply {
        let special = [(ALLOW, HeaderValue::from_static(allow)), (CONTENT_TYPE, TEXT)];
        self.reply(StatusCode::OK, special, Bytes::new())
    }

    /// 301 to a path, as hosts wrote it: with an address, and no body. It is the address that was asked: from another
    /// one of this program, EC2's would lead the client to the real service, where there is one.
    pub(crate) fn redirect(&self, host: Option<&str>, path: &str) -> Reply {
        let host = host.unwrap_or("169.254.169.254");
        let location = HeaderValue::try_from(format!("http://{host}{path}"));
        let special = location.map(|location| [(LOCATION, location), (CONTENT_TYPE, TEXT)]);
        special.map_or_else(
            |_| self.not_found(),
            |special| self.reply(StatusCode::MOVED_PERMANENTLY, special, Bytes::new()),
        )
    }

    /// 400, 401, 403, and what has no form of its own.
    pub(crate) fn refusal(&self, status: StatusCode) -> Reply {
        if self.is_modern() {
            self.reply(status, [(CONTENT_TYPE, TEXT)], Bytes::new())
        } else {
            self.page(status, LEGACY_INDENTATION)
        }
    }

    /// Any error, in the form that the service itself gives it.
    pub(crate) fn error(&self, status: StatusCode) -> Reply {
        match status {
            StatusCode::NOT_FOUND => self.not_found(),
            StatusCode::METHOD_NOT_ALLOWED => self.not_allowed("GET, HEAD"),
            StatusCode::EXPECTATION_FAILED => self.expectation_failed(),
            _ => self.refusal(status),
        }
    }

    /// 405, with what is allowed and the service's own reason phrase.
    pub(crate) fn not_allowed(&self, allow: &'static str) -> Reply {
        let special = [(ALLOW, HeaderValue::from_static(allow)), (CONTENT_TYPE, TEXT)];
        let reply = self.reply(StatusCode::METHOD_NOT_ALLOWED, special, Bytes::new());
        Reply { reason: Some("Not Allowed"), ..reply }
    }

    /// 404 with its page.
    pub(crate) fn not_found(&self) -> Reply {
        let [modern, legacy] = &*NOT_FOUND;
        let page = self.of_profile(modern, legacy).clone();
        self.reply(StatusCode::NOT_FOUND, [(CONTENT_TYPE, HTML)], page)
    }

    /// 417 with its page, which is lighttpd's own: hosts never send 100 Continue.
    pub(crate) fn expectation_failed(&self) -> Reply {
        self.page(StatusCode::EXPECTATION_FAILED, NATIVE_INDENTATION)
    }

    fn page(&self, status: StatusCode, indentation: &str) -> Reply {
        self.reply(status, [(CONTENT_TYPE, HTML)], page(status, indentation).into())
    }

    fn is_modern(&self) -> bool {
        self.http.profile == Profile::Modern
    }

    fn of_profile<T>(&self, modern: T, legacy: T) -> T {
        if self.is_modern() { modern } else { legacy }
    }

    fn reply<const N: usize>(
        &self,
        status: StatusCode,
        special: [(HeaderName, HeaderValue); N],
        body: Bytes,
    ) -> Reply {
        // Room for those below and for the rest of the token's life, so that it never grows.
        let mut headers = Vec::with_capacity(N + 5);
        headers.extend(special);
        headers.push((CONTENT_LENGTH, number(body.len())));
        headers.push((DATE, date(self.now)));
        headers.push((SERVER, HeaderValue::from_static("EC2ws")));
        if !self.http.keep_alive || !self.is_modern() {
            headers.push((CONNECTION, HeaderValue::from_static("close")));
        }
        let version = self.of_profile(Version::HTTP_11, Version::HTTP_10);
        Reply::new(version, status, headers, body)
    }
}

/// The indentation of the third line of a page, where hosts differ.
const MODERN_INDENTATION: &str = "\t\t ";
const LEGACY_INDENTATION: &str = "\t";
const NATIVE_INDENTATION: &str = "         ";

/// The pages of a 404, the most frequent error: of the `modern` and of the `legacy` profile.
static NOT_FOUND: LazyLock<[Bytes; 2]> = LazyLock::new(|| {
    [MODERN_INDENTATION, LEGACY_INDENTATION]
        .map(|indentation| page(StatusCode::NOT_FOUND, indentation).into())
});

fn page(status: StatusCode, indentation: &str) -> String {
    let title = format!("{} - {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
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
        assert_eq!(page(StatusCode::NOT_FOUND, MODERN_INDENTATION).len(), 339);
        assert_eq!(page(StatusCode::NOT_FOUND, LEGACY_INDENTATION).len(), 337);
        assert_eq!(page(StatusCode::UNAUTHORIZED, LEGACY_INDENTATION).len(), 343);
    }
}
