//! What is listed, and what versions have.

use super::scripted::{ScriptedService, answer, judged, leaf};

const SECOND: &str = "meta-data/network/interfaces/macs/02:00:00:00:00:02";

#[test]
fn versions_have_what_came_before_them() {
    let dated = "/2009-04-04/meta-data/";
    judged(&[
        ("version-list-has-first", &[], "passed"),
        ("version-list-has-first", &[("/", Some("latest"))], "found no 1.0"),
        ("version-all-answer", &[], "passed"),
        ("version-all-answer", &[(dated, None)], "found status 404 at /2009-04-04/meta-data/"),
        ("version-same-instance", &[], "passed"),
        ("version-same-instance", &[("/2009-04-04/meta-data/instance-id", Some("i-2"))], "found \"i-2\""),
        ("version-2009-04-04-listing", &[(dated, Some("ami-id"))], "passed"),
        (
            "version-2009-04-04-listing",
            &[(dated, Some("ami-id\nmac"))],
            "found mac in /2009-04-04/meta-data/",
        ),
        ("version-listings-grow", &[], "passed"),
        (
            "version-listings-grow",
            &[
                ("/1.0/meta-data/", Some("ami-id")),
                (dated, Some("mac")),
                ("/latest/meta-data/", Some("ami-id")),
            ],
            "found ami-id under 1.0, and not under 2009-04-04",
        ),
        ("version-user-data", &[], "passed"),
        ("version-user-data", &[("/1.0/user-data", Some("x"))], "found status 200 and 1 bytes"),
        ("since-mac", &[], "found status 200"),
        ("since-mac", &[("/2009-04-04/meta-data/mac", None)], "passed"),
        (
            "since-mac",
            &[("/", Some("2011-01-01\nlatest"))],
            "skipped: no version older than 2011-01-01 is listed",
        ),
        // 1.0 is older than every date.
        (
            "since-instance-type",
            &[("meta-data/instance-type", Some("m5.large")), ("/1.0/meta-data/instance-type", None)],
            "passed",
        ),
        (
            "since-interface-device-number",
            &[("/2009-04-04/meta-data/network/interfaces/macs/02:00:00:00:00:01/device-number", None)],
            "passed",
        ),
    ]);
}

#[test]
fn what_is_listed_answers() {
    let missing = "/latest/meta-data/public-keys/0/openssh-key";
    let top = "/latest/meta-data/";
    judged(&[
        ("listing-all-answer", &[], "passed"),
        // A name and a value only where keys are.
        ("listing-all-answer", &[("meta-data/tags/instance/a=b", Some("x"))], "passed"),
        ("listing-all-answer", &[(missing, None)], &format!("found status 404 at {missing}")),
        ("listing-directories-have-slashes", &[], "passed"),
        (
            "listing-directories-have-slashes",
            &[("/latest/meta-data/network/interfaces/", Some("macs"))],
            "found /latest/meta-data/network/interfaces/macs is listed without a slash, and is a directory",
        ),
        ("listing-none-has-final-line-feed", &[], "passed"),
        (
            "listing-none-has-final-line-feed",
            &[("/latest/meta-data/placement/", Some("region\n"))],
            "found an empty line in /latest/meta-data/placement/",
        ),
        ("listing-values-have-no-final-line-feed", &[], "passed"),
        (
            "listing-values-have-no-final-line-feed",
            &[("meta-data/instance-id", Some("i-12345678\n"))],
            "found a line feed at the end of /latest/meta-data/instance-id",
        ),
        ("listed-mac", &[], "passed"),
        ("listed-mac", &[("meta-data/mac", None)], "skipped: not listed, and 404"),
        (
            "listed-mac",
            &[(top, Some("ami-id"))],
            "found /latest/meta-data/mac answers 200, and is not listed in /latest/meta-data/",
        ),
        (
            "listed-mac",
            &[(top, Some("mac")), ("meta-data/mac", None)],
            "found mac is listed in /latest/meta-data/, and answers 404",
        ),
        ("leaf-ami-id-answers", &[], "passed"),
        ("leaf-ami-id-answers", &[("meta-data/ami-id", None)], "found HTTP/1.1 404 Not Found"),
        ("leaf-ami-id-form", &[], "passed"),
        (
            "leaf-ami-id-form",
            &[("meta-data/ami-id", Some("ami"))],
            "found \"ami\" at /latest/meta-data/ami-id",
        ),
        (
            "leaf-block-device-mapping-each-form",
            &[("meta-data/block-device-mapping/root", Some("a b"))],
            "found \"a b\" at /latest/meta-data/block-device-mapping/root",
        ),
        ("interface-interface-id", &[], "passed"),
        (
            "interface-interface-id",
            &[(&leaf(SECOND, "interface-id"), None)],
            "found status 404 at /latest/meta-data/network/interfaces/macs/02:00:00:00:00:02/interface-id",
        ),
        ("interface-network-card", &[], "skipped: no interface has network-card"),
        ("interface-network-card", &[(&leaf(SECOND, "network-card"), Some("1"))], "passed"),
        (
            "interface-network-card",
            &[(&leaf(SECOND, "network-card"), Some("x"))],
            "found \"x\" at /latest/meta-data/network/interfaces/macs/02:00:00:00:00:02/network-card",
        ),
        ("value-with-slash-zone", &[], "found status 404"),
        (
            "value-with-slash-zone",
            &[("meta-data/placement/availability-zone/", Some("us-east-1a"))],
            "passed",
        ),
        ("value-with-slash-zone", &[("meta-data/placement/availability-zone/", Some("x"))], "found 1 others"),
    ]);
}

/// How the walk through a tree ends, whose listings are what these paths get.
fn walked(listing: impl Fn(&str) -> String + Send + 'static) -> String {
    let service = ScriptedService::start(move |head| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let body = if path.ends_with('/') { listing(path) } else { "x".to_owned() };
        answer("200 OK", &body)
    });
    service.verdict("listing-all-answer")
}

#[test]
fn a_walk_has_an_end() {
    let wide = |path: &str| {
        let names = if path == "/latest/meta-data/" { 998 } else { 0 };
        (0..names).map(|number| number.to_string()).collect::<Vec<_>>().join("\n")
    };
    std::thread::scope(|scope| {
        let endless = scope.spawn(|| walked(|_| "a/".to_owned()));
        // With the two directories these are 1000.
        let wide = scope.spawn(move || walked(wide));
        let endless = endless.join().expect("it ends");
        assert_eq!(endless, "found more than 1000 paths: the tree does not end");
        assert_eq!(wide.join().expect("it ends"), "passed");
    });
}
