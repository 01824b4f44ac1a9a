//! Who may ask for what.
//!
//! A web page of somebody else's may send requests here: by its address, or by a name of its own that resolves to this host.
//! It gets nothing:
//!
//! | a request | gets |
//! |---|---|
//! | for a name that is no address, not `localhost` and not allowed, without a Host or with two | the same as at the service: 403 or 400 |
//! | with an `Origin` that is not this page's | 403 |
//! | with a `Sec-Fetch-Site` of another page | 403, but for a link to the page itself, which has nothing of the server's |
//! | for something of the server's, without the token | 401 |
//!
//! The token is no cookie: a browser sends it with no request by itself, and to no other port of this host, as it would send
//! a cookie. Only [`/plain`](super::plain) takes it as the password of basic authentication, which browsers do repeat, and
//! there is nothing to change there.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap, ORIGIN};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{Method, StatusCode};

use super::state::ViewState;
use crate::imds::{AccessRefusal, check_host};

/// Refuses what comes from another page.
pub(super) fn check_page(head: &Parts, state: &ViewState) -> Result<(), (StatusCode, String)> {
    let authority = head.uri.authority().map(Authority::as_str);
    if let Some(refusal) = check_host(&head.headers, head.version, authority, &state.allowed_hosts) {
        return Err((refusal.status(), host_sentence(refusal)));
    }
    let is_own = is_own_fetch(&head.headers) || (head.uri.path() == "/" && is_link(head));
    if !is_own_origin(&head.headers) || !is_own {
        let why = "requests of other web pages are refused; open the address of the view by itself, or ask for /api/ with the token";
        return Err((StatusCode::FORBIDDEN, why.to_owned()));
    }
    Ok(())
}

/// Somebody follows a link, as in a web terminal: the page comes in the place of the other one, which reads nothing of it.
fn is_link(head: &Parts) -> bool {
    let is = |name: &str, expected: &str| {
        let mut found = head.headers.get_all(name).iter();
        found.next().is_some_and(|value| value == expected) && found.next().is_none()
    };
    head.method == Method::GET && is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

fn host_sentence(refusal: AccessRefusal) -> String {
    match refusal {
        AccessRefusal::HostNotAllowed => {
            "the name in the Host header is not allowed; use the address, or add the name with --allowed-host"
                .to_owned()
        }
        refusal => refusal.reason().to_owned(),
    }
}

/// No Origin, or that of the page that this process serves: the scheme and the Host, byte for byte.
fn is_own_origin(headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => true,
        (Some(origin), None) => headers.get(HOST).is_some_and(|host| {
            origin
                .as_bytes()
                .strip_prefix(b"http://")
                .is_some_and(|own| own.eq_ignore_ascii_case(host.as_bytes()))
        }),
        (Some(_), Some(_)) => false,
    }
}

/// Sent by whoever typed the address, by the page itself, or by what is no browser. Fetch Metadata, 2.4.
fn is_own_fetch(headers: &HeaderMap) -> bool {
    let mut sites = headers.get_all("sec-fetch-site").iter();
    sites.all(|site| matches!(site.as_bytes(), b"same-origin" | b"none"))
}

/// True with the token as bearer.
pub(super) fn has_token(headers: &HeaderMap, state: &ViewState) -> bool {
    credentials(headers, "bearer").is_some_and(|token| state.token.is(token.as_bytes()))
}

/// The same with the token as password, whatever the name is.
pub(super) fn has_password(headers: &HeaderMap, state: &ViewState) -> bool {
    let pair = credentials(headers, "basic").and_then(|text| BASE64_STANDARD.decode(text).ok());
    let password = pair.as_deref().and_then(|pair| {
        let colon = pair.iter().position(|byte| *byte == b':')?;
        Some(&pair[colon + 1..])
    });
    password.is_some_and(|password| state.token.is(password))
}

fn credentials<'h>(headers: &'h HeaderMap, scheme: &str) -> Option<&'h str> {
    let (found, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    found.eq_ignore_ascii_case(scheme).then_some(rest.trim())
}

pub(super) fn is_of_this_host(peer: SocketAddr) -> bool {
    peer.ip().to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn only_the_origin_of_the_page_itself_is_its_own() {
        for (origin, host, expected) in [
            ("http://127.0.0.1:1339", "127.0.0.1:1339", true),
            ("http://localhost:1339", "LOCALHOST:1339", true),
            ("http://localhost:1339", "127.0.0.1:1339", false),
            ("http://127.0.0.1:3000", "127.0.0.1:1339", false),
            ("http://127.0.0.1", "127.0.0.1:1339", false),
            ("https://127.0.0.1:1339", "127.0.0.1:1339", false),
            ("http://evil.example", "127.0.0.1:1339", false),
            ("http://127.0.0.1:1339.evil.example", "127.0.0.1:1339", false),
            ("null", "127.0.0.1:1339", false),
            ("", "127.0.0.1:1339", false),
        ] {
            let found = is_own_origin(&headers(&[("origin", origin), ("host", host)]));
            assert_eq!(found, expected, "{origin:?} to {host:?}");
        }
        assert!(is_own_origin(&headers(&[("host", "127.0.0.1:1339")])));
        assert!(!is_own_origin(&headers(&[("origin", "http://127.0.0.1:1339")])), "without a Host");
        let two = headers(&[("host", "a:1"), ("origin", "http://a:1")]);
        let mut twice = two.clone();
        twice.append(ORIGIN, HeaderValue::from_static("http://a:1"));
        assert!(is_own_origin(&two) && !is_own_origin(&twice));
    }

    #[test]
    fn this_host_is_the_loopback_in_both_families() {
        for (peer, expected) in [
            ("127.0.0.1:1024", true),
            ("127.9.9.9:1024", true),
            ("[::1]:1024", true),
            ("[::ffff:127.0.0.1]:1024", true),
            ("10.0.0.7:1024", false),
            ("169.254.169.254:1024", false),
            ("[::ffff:10.0.0.7]:1024", false),
            ("[fe80::1]:1024", false),
        ] {
            assert_eq!(is_of_this_host(peer.parse().expect("an address")), expected, "{peer}");
        }
    }

    #[test]
    fn fetches_of_other_pages_are_told_from_those_of_this_one() {
        for (site, expected) in
            [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false), ("", false)]
        {
            assert_eq!(is_own_fetch(&headers(&[("sec-fetch-site", site)])), expected, "{site:?}");
        }
        let link = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        let is_followed = |method: Method, pairs: &[(&'static str, &'static str)]| {
            let (mut head, ()) = hyper::Request::new(()).into_parts();
            (head.method, head.headers) = (method, headers(pairs));
            is_link(&head)
        };
        assert!(is_followed(Method::GET, &link));
        assert!(!is_followed(Method::POST, &link), "a form");
        let frame = [link[0], link[1], ("sec-fetch-dest", "iframe")];
        assert!(!is_followed(Method::GET, &frame) && !is_followed(Method::GET, &link[..2]));
        assert!(is_own_fetch(&headers(&[("sec-fetch-mode", "cors")])), "Node's fetch sends the mode alone");
    }
}
