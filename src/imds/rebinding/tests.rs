//! Which requests are refused, and why.

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method, Version};
use proptest::prelude::*;

use super::{AccessRefusal, check_headers};
use crate::imds::{RequestHead, RequestHeaders};
use crate::model::AllowedHost;

/// Headers by their names.
type Headers = &'static [(&'static str, &'static str)];

/// The verdict about a request of this version with these headers, when `mock-imds` is an allowed name.
fn verdict(version: Version, authority: Option<&str>, headers: &[(&str, &str)]) -> Option<AccessRefusal> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name: HeaderName = name.parse().expect("a header's name");
        map.append(name, HeaderValue::from_bytes(value.as_bytes()).expect("a header's value"));
    }
    let allowed = ["mock-imds".parse::<AllowedHost>().expect("a host's name")];
    let verdict = check_headers(&map, version, authority, &allowed);
    let headers = &RequestHeaders::from(map);
    let head = RequestHead { method: &Method::GET, path: "/", query: None, headers, version, authority };
    assert_eq!(head.check_access(&allowed), verdict, "with what is known of {headers:?}");
    verdict
}

#[test]
fn a_request_has_one_host() {
    const ONE: (&str, &str) = ("host", "169.254.169.254");
    let (v10, v11) = (Version::HTTP_10, Version::HTTP_11);
    let cases: [(Version, Headers, Option<AccessRefusal>); 6] = [
        (v11, &[ONE], None),
        (v11, &[], Some(AccessRefusal::HostMissing)),
        (v11, &[ONE, ONE], Some(AccessRefusal::HostRepeated)),
        (v10, &[], None),
        (v10, &[ONE], None),
        (v10, &[ONE, ONE], Some(AccessRefusal::HostRepeated)),
    ];
    for (version, headers, expected) in cases {
        assert_eq!(verdict(version, None, headers), expected, "{version:?} {headers:?}");
    }
}

#[test]
fn a_host_is_an_address_or_a_name_that_is_allowed() {
    let refused = Some(AccessRefusal::HostNotAllowed);
    let malformed = Some(AccessRefusal::HostMalformed);
    let cases = [
        ("169.254.169.254", None),
        ("127.0.0.1:1338", None),
        ("[fd00:ec2::254]", None),
        ("[fd00:ec2::254]:80", None),
        ("[fe80::1%25eth0]", None),
        ("localhost", None),
        ("LocalHost:1338", None),
        ("instance-data", None),
        ("instance-data.:8773", None),
        ("instance-data.ec2.internal", None),
        ("instance-data.eu-west-1.compute.internal", None),
        ("mock-imds", None),
        ("MOCK-IMDS:1338", None),
        ("mock-imds.", None),
        ("www.evil.example", refused),
        ("evil.localhost", refused),
        ("localhost.evil.example", refused),
        ("instance-data.evil.example", refused),
        ("instance-data.a.b.compute.internal", refused),
        ("instance-data..compute.internal", refused),
        ("127.0.0.1.evil.example", refused),
        ("127.1", refused),
        ("mock-imds..", refused),
        ("", refused),
        ("user@127.0.0.1", malformed),
        ("a b", malformed),
        ("127.0.0.1/", malformed),
        ("127.0.0.1:80:80", malformed),
        ("127.0.0.1:http", malformed),
        ("[::1", malformed),
        ("[evil.example]", malformed),
        ("::1", malformed),
        ("\u{e9}vil.example", malformed),
    ];
    for (host, expected) in cases {
        assert_eq!(verdict(Version::HTTP_11, None, &[("host", host)]), expected, "Host: {host}");
    }
}

#[test]
fn the_name_in_the_target_counts_too() {
    let address = [("host", "127.0.0.1")];
    let absolute = |authority| verdict(Version::HTTP_11, Some(authority), &address);
    assert_eq!(absolute("127.0.0.1:1338"), None);
    assert_eq!(absolute("www.evil.example"), Some(AccessRefusal::HostNotAllowed));
    assert_eq!(absolute("user:password@127.0.0.1"), None);
    assert_eq!(absolute("127.0.0.1@www.evil.example"), Some(AccessRefusal::HostNotAllowed));
    let named = verdict(Version::HTTP_11, Some("127.0.0.1"), &[("host", "www.evil.example")]);
    assert_eq!(named, Some(AccessRefusal::HostNotAllowed));
}

#[test]
fn what_only_browsers_send_is_refused() {
    let cases: [(Headers, Option<AccessRefusal>); 6] = [
        (&[("origin", "http://169.254.169.254")], Some(AccessRefusal::Origin)),
        (&[("origin", "null")], Some(AccessRefusal::Origin)),
        (&[("sec-fetch-site", "same-origin")], Some(AccessRefusal::FetchMetadata)),
        (&[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")], Some(AccessRefusal::FetchMetadata)),
        // Node's fetch.
        (&[("sec-fetch-mode", "cors")], None),
        (&[("referer", "http://a.example/"), ("user-agent", "Mozilla/5.0")], None),
    ];
    for (headers, expected) in cases {
        let headers = [&[("host", "127.0.0.1")], headers].concat();
        assert_eq!(verdict(Version::HTTP_11, None, &headers), expected, "{headers:?}");
    }
}

proptest! {
    /// No spelling of a name that somebody on the Internet may own gets through.
    #[test]
    fn no_name_of_the_internet_is_allowed(
        name in "[a-zA-Z0-9-]{1,20}(\\.[a-zA-Z0-9-]{1,20}){0,3}",
        top in "(com|net|example|org|io)",
        end in "(|\\.|:80|\\.:80)",
    ) {
        let host = format!("{name}.{top}{end}");
        prop_assert_eq!(verdict(Version::HTTP_11, None, &[("host", &host)]), Some(AccessRefusal::HostNotAllowed));
    }

    #[test]
    fn every_address_is_allowed(v4: std::net::Ipv4Addr, v6: std::net::Ipv6Addr, port: u16) {
        for host in [v4.to_string(), format!("{v4}:{port}"), format!("[{v6}]"), format!("[{v6}]:{port}")] {
            prop_assert_eq!(verdict(Version::HTTP_11, None, &[("host", &host)]), None);
        }
    }
}
