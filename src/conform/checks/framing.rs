//! Bytes on the connection, and the time that they take.

use std::time::Duration;

use super::bases::CAPTURES;
use crate::conform::check::{Basis, CheckRow, answer, facts};
use crate::conform::expectation::Expectation::{
    self, Closed, EmptyBody, HasHeader, Header, IfAnswered, IfStatus, NoHeader, NoInterim, Reason, Status,
    WholeBody,
};
use crate::conform::finding::{CheckFinding, Judgement};
use crate::conform::probe::RequestForm::{EmptyChunk, Twice, UntilClosed};
use crate::conform::probe::{CheckProbe, TOKEN_PATH, TTL, get, head, put};
use crate::conform::service::ServiceUnderTest;

const ID: &str = "/latest/meta-data/instance-id";
const LEAF: CheckProbe = get(ID);
const ONE: Basis = Basis::Observed("published captures, and ohai: one request on a connection");
const S3FS: Basis = Basis::Observed("s3fs, issues and a change of 2021 to 2023");
const MINUTE: CheckProbe = put(TOKEN_PATH, &[(TTL, "60")]);

/// The end of the connection after an answer.
const fn closes(name: &'static str, probe: CheckProbe) -> CheckRow {
    answer(name, probe.in_form(UntilClosed), &[Closed], ONE, "")
}

const fn length(name: &'static str, probe: CheckProbe, expected: &'static [Expectation]) -> CheckRow {
    answer(name, probe, expected, CAPTURES, "clients that read with a length alone")
}

const LENGTH: &[Expectation] = &[HasHeader("Content-Length"), NoHeader("Transfer-Encoding")];

pub(super) const ROWS: &[CheckRow] = &[
    answer("status-reason", LEAF, &[IfAnswered, Reason("OK")], CAPTURES, ""),
    length("length-value", LEAF, LENGTH),
    length("length-listing", get("/latest/meta-data/"), LENGTH),
    length("length-document", get("/latest/dynamic/instance-identity/document"), LENGTH),
    length("length-signature", get("/latest/dynamic/instance-identity/rsa2048"), LENGTH),
    length("length-token", MINUTE, LENGTH),
    length("length-method", get(TOKEN_PATH), LENGTH),
    answer("body-whole", LEAF.in_form(UntilClosed), &[WholeBody], CAPTURES, "AWS SDKs"),
    answer(
        "body-whole-document",
        get("/latest/dynamic/instance-identity/document").in_form(UntilClosed),
        &[WholeBody],
        CAPTURES,
        "AWS SDKs",
    ),
    answer("close-header", LEAF, &[IfAnswered, Header("Connection", "close")], ONE, ""),
    answer(
        "close-header-despite-keep-alive",
        LEAF.with_headers(&[("Connection", "keep-alive")]),
        &[IfAnswered, Header("Connection", "close")],
        ONE,
        "",
    ),
    answer(
        "close-header-404",
        get("/latest/meta-data/nothing-here"),
        &[IfStatus(404), Header("Connection", "close")],
        ONE,
        "",
    ),
    answer("close-header-token", MINUTE, &[IfAnswered, Header("Connection", "close")], ONE, ""),
    closes("closes", LEAF),
    closes("closes-despite-keep-alive", LEAF.with_headers(&[("Connection", "keep-alive")])),
    closes("closes-404", get("/latest/meta-data/nothing-here")),
    closes("closes-token", MINUTE),
    answer("closes-before-second-request", LEAF.in_form(Twice), &[Closed], ONE, ""),
    answer(
        "head-value",
        head(ID),
        &[Status(200), EmptyBody],
        super::bases::RETRIEVAL,
        "EC2 Instance Connect",
    ),
    answer(
        "head-value-no-body",
        head(ID).in_form(UntilClosed),
        &[WholeBody],
        super::bases::RETRIEVAL,
        "EC2 Instance Connect",
    ),
    answer(
        "head-listing",
        head("/latest/meta-data/"),
        &[Status(200), EmptyBody],
        super::bases::RETRIEVAL,
        "",
    ),
    answer(
        "head-document",
        head("/latest/dynamic/instance-identity/document"),
        &[Status(200), EmptyBody],
        super::bases::RETRIEVAL,
        "",
    ),
    facts(
        "head-length",
        "HEAD and GET of a leaf",
        "the same Content-Length",
        head_length,
        super::bases::RETRIEVAL,
        "",
    ),
    facts(
        "head-type",
        "HEAD and GET of a leaf",
        "the same Content-Type",
        head_type,
        super::bases::RETRIEVAL,
        "",
    ),
    answer("put-chunked", MINUTE.in_form(EmptyChunk), &[Status(200)], S3FS, "s3fs"),
    answer(
        "no-100-continue",
        put(TOKEN_PATH, &[(TTL, "60"), ("Expect", "100-continue")]),
        &[NoInterim],
        S3FS,
        "",
    ),
    answer(
        "range-no-failure",
        LEAF.with_headers(&[("Range", "bytes=0-")]),
        &[Expectation::StatusOf(&[200, 206])],
        CAPTURES,
        "",
    ),
    answer(
        "header-long",
        LEAF.with_headers(&[("X-Long", LONG)]),
        &[Status(200)],
        Basis::ReliedOn("SDKs with long User-Agent lines"),
        "AWS SDKs",
    ),
    facts(
        "time-token",
        "PUT /latest/api/token",
        "an answer within a second",
        |service| {
            let response = service.token_of(60).map_err(|why| CheckFinding::fails(why.text()))?;
            within(response.took)
        },
        Basis::ReliedOn("botocore and the SDK for Java wait for a second"),
        "botocore, AWS SDK for Java",
    ),
    facts(
        "time-value",
        "GET of a leaf",
        "an answer within a second",
        |service| within(service.get(ID)?.took),
        Basis::ReliedOn("botocore and the SDK for Java wait for a second"),
        "botocore, AWS SDK for Java",
    ),
    facts(
        "time-document",
        "GET /latest/dynamic/instance-identity/document",
        "an answer within a second",
        |service| within(service.get("/latest/dynamic/instance-identity/document")?.took),
        Basis::ReliedOn("the SDKs for Go and Java take the region from it"),
        "AWS SDKs for Go and Java",
    ),
    facts(
        "same-answer-twice",
        "GET of the identity document, twice",
        "the same bytes",
        twice,
        Basis::Documented("EC2 User Guide, Instance identity documents"),
        "",
    ),
];

/// 240 characters, as lines of SDKs have.
const LONG: &str = "aws-sdk-example/1.0 md/internal ua/2.1 os/linux md/arch lang/example md/runtime cfg/retry-mode#standard \
                    m/a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z app/an-application-with-a-rather-long-name \
                    exec-env/somewhere-in-a-container";

fn within(took: Duration) -> Judgement {
    if took <= Duration::from_secs(1) {
        Ok(())
    } else {
        Err(CheckFinding::fails(format!("{} ms", took.as_millis())))
    }
}

fn head_length(service: &mut ServiceUnderTest<'_>) -> Judgement {
    same_header(service, "Content-Length")
}

fn head_type(service: &mut ServiceUnderTest<'_>) -> Judgement {
    same_header(service, "Content-Type")
}

fn same_header(service: &mut ServiceUnderTest<'_>, name: &str) -> Judgement {
    let of_get = service.there(ID)?;
    let of_head = service.ask(&head(ID), ID)?;
    match (of_get.header(name), of_head.header(name)) {
        (get, head) if get == head => Ok(()),
        (get, head) => {
            let shown = |value: Option<&str>| {
                value.map_or_else(|| format!("no {name}"), |value| format!("{name}: {value}"))
            };
            Err(CheckFinding::differs(shown(get), shown(head)))
        }
    }
}

fn twice(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let path = "/latest/dynamic/instance-identity/document";
    let first = service.there(path)?;
    let again = service.get_again(path)?;
    if first.body == again.body { Ok(()) } else { Err(CheckFinding::fails("other bytes")) }
}
