//! Method, path and version.

use std::sync::LazyLock;

use hyper::{HeaderMap, Method};

use super::service::{AEMM, EVERYTHING, LEGACY, LOADED, Service};

static SERVICES: LazyLock<[Service; 4]> = LazyLock::new(|| ["", EVERYTHING, LEGACY, AEMM].map(Service::new));

/// `SERVICE METHOD PATH`: a digit, a name, and the rest.
pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut words = text.splitn(3, ' ');
    let mut word = || words.next().unwrap_or_default();
    let number = word().parse::<usize>().unwrap_or_default();
    let Ok(method) = word().parse::<Method>() else { return };
    let path = word();
    let reply = SERVICES[number % SERVICES.len()].ask(&method, path, &HeaderMap::new(), LOADED);
    assert!(reply.status.as_u16() < 500, "{method} {path:?}: {}", reply.status);
}
