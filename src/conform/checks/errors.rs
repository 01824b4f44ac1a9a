//! Statuses and bodies of errors.

use super::bases::{CAPTURES, RETRIEVAL};
use crate::conform::check::{Basis, CheckRow, answer};
use crate::conform::expectation::Expectation::{
    self, EmptyBody, HasHeader, Header, IfStatus, NoHeader, Reason, Status, Text,
};
use crate::conform::probe::{TOKEN_PATH, TTL, TTL_ANSWERED, get, head, put};

const NOWHERE: &str = "/latest/meta-data/nothing-here";
const PAGE: Basis = Basis::Observed("captures of 404 from hosts of 2021 and 2022");

const fn missing(name: &'static str, path: &'static str, breaks: &'static str) -> CheckRow {
    answer(name, get(path), &[Status(404)], RETRIEVAL, breaks)
}

/// A property of a 404.
const fn page(name: &'static str, expected: &'static [Expectation], basis: Basis) -> CheckRow {
    answer(name, get(NOWHERE), expected, basis, "")
}

pub(super) const ROWS: &[CheckRow] = &[
    missing("missing-value", NOWHERE, "AWS SDKs, which take 404 for \"not there\""),
    missing("missing-top", "/nothing-here", ""),
    missing("missing-category", "/latest/nothing-here", ""),
    missing("missing-dynamic", "/latest/dynamic/nothing-here", ""),
    missing("missing-identity", "/latest/dynamic/instance-identity/nothing-here", ""),
    missing("missing-directory", "/latest/meta-data/nothing-here/", ""),
    missing(
        "missing-interface",
        "/latest/meta-data/network/interfaces/macs/00:00:00:00:00:00/",
        "amazon-vpc-cni-k8s",
    ),
    missing(
        "missing-interface-leaf",
        "/latest/meta-data/network/interfaces/macs/{mac}/nothing-here",
        "amazon-vpc-cni-k8s",
    ),
    missing("missing-role", "/latest/meta-data/iam/security-credentials/no-such-role", "AWS SDKs"),
    missing("missing-tag", "/latest/meta-data/tags/instance/no-such-tag", ""),
    missing("missing-key", "/latest/meta-data/public-keys/99/openssh-key", "afterburn"),
    missing("missing-placement", "/latest/meta-data/placement/nothing-here", ""),
    page("missing-reason", &[IfStatus(404), Reason("Not Found")], PAGE),
    page("missing-type", &[IfStatus(404), Header("Content-Type", "text/html")], PAGE),
    page(
        "missing-page",
        &[
            IfStatus(404),
            Text("lighttpd's page, with the title 404 - Not Found", |text| {
                text.starts_with("<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n")
                    && text.contains("<title>404 - Not Found</title>")
                    && text.contains("<h1>404 - Not Found</h1>")
                    && text.ends_with("</html>\n")
            }),
        ],
        PAGE,
    ),
    page(
        "missing-page-length",
        &[IfStatus(404), Text("339 bytes, or 337 on older hosts", |text| matches!(text.len(), 337 | 339))],
        PAGE,
    ),
    page("missing-no-last-modified", &[IfStatus(404), NoHeader("Last-Modified")], CAPTURES),
    page("missing-no-ttl", &[IfStatus(404), NoHeader(TTL_ANSWERED)], CAPTURES),
    page("missing-length", &[IfStatus(404), HasHeader("Content-Length")], CAPTURES),
    page("missing-server", &[IfStatus(404), Header("Server", "EC2ws")], CAPTURES),
    page("missing-date", &[IfStatus(404), HasHeader("Date")], CAPTURES),
    answer("missing-head", head(NOWHERE), &[Status(404), EmptyBody], RETRIEVAL, "EC2 Instance Connect"),
    answer(
        "expect-refused",
        put(TOKEN_PATH, &[(TTL, "60"), ("Expect", "100-continue")]),
        &[Status(417)],
        Basis::Observed("s3fs, issues of 2021 and 2023"),
        "",
    ),
    answer(
        "refused-ttl-type",
        put(TOKEN_PATH, &[(TTL, "0")]),
        &[IfStatus(400), Expectation::HeaderOf("Content-Type", &["text/plain", "text/html"])],
        CAPTURES,
        "",
    ),
    answer(
        "refused-ttl-no-token",
        put(TOKEN_PATH, &[(TTL, "0")]),
        &[IfStatus(400), NoHeader(TTL_ANSWERED)],
        CAPTURES,
        "AWS SDKs for Go, Java and Rust",
    ),
];
