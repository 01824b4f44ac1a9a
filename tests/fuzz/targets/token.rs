//! The values of a token's headers: of the token, and of its lifetime.

use std::sync::LazyLock;

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};

use super::service::{LOADED, STRICT, Service};

const TOKEN: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token");
const TTL: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");

struct Granted {
    service: Service,
    token: Vec<u8>,
}

static GRANTED: LazyLock<Granted> = LazyLock::new(|| {
    let service = Service::new(STRICT);
    let token = grant(&service, b"21600").expect("the longest lifetime is granted");
    Granted { service, token }
});

fn grant(service: &Service, lifetime: &[u8]) -> Option<Vec<u8>> {
    let headers = HeaderMap::from_iter([(TTL, HeaderValue::from_bytes(lifetime).ok()?)]);
    let reply = service.ask(&Method::PUT, "/latest/api/token", &headers, LOADED);
    (reply.status == StatusCode::OK).then(|| reply.body.to_vec())
}

/// The same bytes as a token, as a change of the granted one, and as a lifetime.
pub fn run(input: &[u8]) {
    let Granted { service, token } = &*GRANTED;
    let changed: Vec<u8> =
        token.iter().enumerate().map(|(at, byte)| byte ^ input.get(at).unwrap_or(&0)).collect();
    for candidate in [input, &changed] {
        let Ok(value) = HeaderValue::from_bytes(candidate) else { continue };
        let headers = HeaderMap::from_iter([(TOKEN, value)]);
        let reply = service.ask(&Method::GET, "/latest/meta-data/", &headers, LOADED);
        let good = candidate == token.as_slice();
        let expected = if good { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
        assert_eq!(reply.status, expected, "the token {candidate:?}");
    }
    let seconds = std::str::from_utf8(input).ok().and_then(|text| text.trim().parse::<u32>().ok());
    if grant(service, input).is_some() {
        assert!(seconds.is_some_and(|seconds| (1..=21_600).contains(&seconds)), "a lifetime of {input:?}");
    }
}
