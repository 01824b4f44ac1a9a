//! `PUT /latest/api/token`, and what tokens open.

use std::time::Duration;

use super::bases::{CAPTURES, TOKENS};
use crate::conform::check::{Basis, CheckRow, answer, facts};
use crate::conform::expectation::Expectation::{
    self, Header, HeaderOf, IfAnswered, IfStatus, NoHeader, Reason, SpeltHeader, Status, Text,
};
use crate::conform::finding::{CheckFinding, Judgement};
use crate::conform::probe::{CheckProbe, ProbeToken, TOKEN_PATH, TTL, TTL_ANSWERED, get, head, put};
use crate::conform::service::{ServiceUnderTest, remaining, usable_token};

const SDKS: &str = "AWS SDKs and CLI";
const ID: &str = "/latest/meta-data/instance-id";
const MINUTE: CheckProbe = put(TOKEN_PATH, &[(TTL, "60")]);
const HEADER_VALUE: Basis = Basis::ReliedOn("the SDK for Rust and systemd refuse control characters");
const TTL_READ: Basis = Basis::ReliedOn("the SDKs for Go, Java and Rust, aws-node-termination-handler");
const FORWARDED: Basis =
    Basis::Documented("AWS Security Blog, enhancements to the EC2 Instance Metadata Service");
/// 56 characters that no service issued.
const MADE_UP: ProbeToken = ProbeToken::Literal("AQAEANoServiceIssuedThisTokenAndNoneWillEverAcceptIt_0==");

/// A lifetime that is refused.
const fn refused(name: &'static str, headers: &'static [(&'static str, &'static str)]) -> CheckRow {
    answer(name, put(TOKEN_PATH, headers), &[Status(400)], TOKENS, SDKS)
}

/// A property of an answer with a token.
const fn issued(
    name: &'static str,
    expected: &'static [Expectation],
    basis: Basis,
    breaks: &'static str,
) -> CheckRow {
    answer(name, MINUTE, expected, basis, breaks)
}

pub(super) const ROWS: &[CheckRow] = &[
    issued("token-issued", &[Status(200)], TOKENS, SDKS),
    issued("token-length", &[IfAnswered, Text("56 characters", |text| text.len() == 56)], CAPTURES, ""),
    issued(
        "token-alphabet",
        &[IfAnswered, Text("URL-safe base64 with == at its end", is_base64url)],
        CAPTURES,
        "",
    ),
    issued(
        "token-is-header-value",
        &[
            IfAnswered,
            Text("visible characters, without a line feed", |text| {
                !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
            }),
        ],
        HEADER_VALUE,
        "AWS SDK for Rust, systemd-imdsd",
    ),
    issued(
        "token-ttl-header",
        &[IfAnswered, Header(TTL_ANSWERED, "60")],
        TTL_READ,
        "AWS SDKs for Go, Java and Rust",
    ),
    issued("token-ttl-spelling", &[IfAnswered, SpeltHeader(TTL_ANSWERED)], CAPTURES, ""),
    issued("token-content-type", &[IfAnswered, Header("Content-Type", "text/plain")], CAPTURES, ""),
    issued("token-no-last-modified", &[IfAnswered, NoHeader("Last-Modified")], CAPTURES, ""),
    issued("token-no-accept-ranges", &[IfAnswered, NoHeader("Accept-Ranges")], CAPTURES, ""),
    answer(
        "token-shortest",
        put(TOKEN_PATH, &[(TTL, "1")]),
        &[Status(200), Header(TTL_ANSWERED, "1")],
        TOKENS,
        "",
    ),
    answer(
        "token-longest",
        put(TOKEN_PATH, &[(TTL, "21600")]),
        &[Status(200), Header(TTL_ANSWERED, "21600")],
        TOKENS,
        "botocore, cloud-init, AWS SDKs for Java and JavaScript",
    ),
    refused("token-without-ttl", &[]),
    refused("token-ttl-empty", &[(TTL, "")]),
    refused("token-ttl-zero", &[(TTL, "0")]),
    refused("token-ttl-negative", &[(TTL, "-1")]),
    refused("token-ttl-too-long", &[(TTL, "21601")]),
    refused("token-ttl-no-number", &[(TTL, "abc")]),
    answer("token-get", get(TOKEN_PATH), &[Status(405)], CAPTURES, ""),
    answer("token-get-reason", get(TOKEN_PATH), &[IfStatus(405), Reason("Not Allowed")], CAPTURES, ""),
    answer(
        "token-get-allow",
        get(TOKEN_PATH),
        &[IfStatus(405), Header("Allow", "OPTIONS, PUT")],
        CAPTURES,
        "",
    ),
    answer("token-get-body", get(TOKEN_PATH), &[IfStatus(405), Expectation::EmptyBody], CAPTURES, ""),
    answer("token-head", head(TOKEN_PATH), &[Status(405)], CAPTURES, ""),
    answer(
        "token-forwarded",
        put(TOKEN_PATH, &[(TTL, "60"), ("X-Forwarded-For", "203.0.113.9")]),
        &[Status(403)],
        FORWARDED,
        "open proxies give tokens away",
    ),
    answer("token-dated-path", put("/2021-03-23/api/token", &[(TTL, "60")]), &[Status(403)], TOKENS, ""),
    answer(
        "token-small-letters",
        get(ID).with_token(ProbeToken::InSmallLetters),
        &[Status(200)],
        TOKENS,
        "clients over HTTP/2 libraries, which write small letters",
    ),
    answer("token-made-up", get(ID).with_token(MADE_UP), &[Status(401)], TOKENS, SDKS),
    answer("token-no-token", get(ID).with_token(ProbeToken::Literal("x")), &[Status(401)], TOKENS, SDKS),
    answer("token-made-up-versions", get("/").with_token(MADE_UP), &[Status(401)], TOKENS, ""),
    answer(
        "token-made-up-listing",
        get("/latest/meta-data/").with_token(MADE_UP),
        &[Status(401)],
        TOKENS,
        "",
    ),
    answer(
        "token-refusal-body",
        get(ID).with_token(MADE_UP),
        &[
            IfStatus(401),
            Text("nothing, or the page of older hosts", |text| {
                text.is_empty() || text.contains("<title>401 - Unauthorized</title>")
            }),
        ],
        CAPTURES,
        "",
    ),
    answer(
        "token-refusal-type",
        get(ID).with_token(MADE_UP),
        &[IfStatus(401), HeaderOf("Content-Type", &["text/plain", "text/html"])],
        CAPTURES,
        "",
    ),
    answer(
        "token-refusal-no-challenge",
        get(ID).with_token(MADE_UP),
        &[IfStatus(401), NoHeader("WWW-Authenticate")],
        CAPTURES,
        "",
    ),
    answer(
        "token-refusal-no-ttl",
        get(ID).with_token(MADE_UP),
        &[IfStatus(401), NoHeader(TTL_ANSWERED)],
        CAPTURES,
        "",
    ),
    answer(
        "token-ttl-not-without-token",
        get(ID).with_token(ProbeToken::None),
        &[IfAnswered, NoHeader(TTL_ANSWERED)],
        CAPTURES,
        "",
    ),
    facts("token-opens", "GET of a leaf with a token", "status 200", opens, TOKENS, SDKS),
    facts(
        "token-remaining",
        "GET of a leaf with a token",
        "X-Aws-Ec2-Metadata-Token-Ttl-Seconds with the remaining seconds",
        says_remaining,
        TTL_READ,
        "aws-node-termination-handler",
    ),
    facts("token-reused", "GET twice with a token", "status 200 twice", reused, TOKENS, SDKS),
    facts(
        "token-two-at-once",
        "GET with an older and a younger token",
        "status 200 twice",
        two_at_once,
        TOKENS,
        SDKS,
    ),
    facts(
        "token-expires",
        "GET with a token of 1 s, 2 s later, and the remaining seconds of another",
        "status 401, and fewer seconds than before",
        expires,
        TOKENS,
        "AWS SDKs, which ask for a new token after 401",
    ),
    facts(
        "token-opens-versions",
        "GET /2009-04-04/meta-data/instance-id with a token",
        "status 200: tokens are of no version",
        |service| with_token(service, 60, "/2009-04-04/meta-data/instance-id"),
        Basis::ReliedOn("Bottlerocket, afterburn"),
        "Bottlerocket, afterburn, cloud-init",
    ),
];

/// Whether a path is open without a token is the same for all of them.
macro_rules! tokenless {
    ($name:literal, $path:literal) => {
        facts(
            concat!("tokenless-", $name),
            concat!("GET ", $path, ", without a token"),
            "401 if the service requires tokens, and else not",
            |service| tokenless(service, $path),
            Basis::Documented("EC2 User Guide, Use the Instance Metadata Service: http-tokens"),
            "programs that find out whether tokens are needed",
        )
    };
}

pub(super) const TOKENLESS: &[CheckRow] = &[
    tokenless!("versions", "/"),
    tokenless!("latest", "/latest/"),
    tokenless!("listing", "/latest/meta-data/"),
    tokenless!("nested-listing", "/latest/meta-data/placement/"),
    tokenless!("dynamic", "/latest/dynamic/"),
    tokenless!("document", "/latest/dynamic/instance-identity/document"),
    tokenless!("user-data", "/latest/user-data"),
    tokenless!("dated", "/2009-04-04/meta-data/instance-id"),
];

fn is_base64url(text: &str) -> bool {
    text.strip_suffix("==").is_some_and(|start| {
        start.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}

fn token(service: &mut ServiceUnderTest<'_>, ttl: u64) -> Result<String, CheckFinding> {
    let answered = service.token_of(ttl).map_err(|why| CheckFinding::fails(why.text()))?;
    usable_token(&answered).ok_or_else(|| CheckFinding::not_applicable("the service gives no token"))
}

fn opened(service: &mut ServiceUnderTest<'_>, path: &str, token: &str) -> Judgement {
    let status = service.get_with(path, token)?.status;
    if status == 200 { Ok(()) } else { Err(CheckFinding::fails(format!("status {status} at {path}"))) }
}

fn with_token(service: &mut ServiceUnderTest<'_>, ttl: u64, path: &str) -> Judgement {
    let token = token(service, ttl)?;
    opened(service, path, &token)
}

fn opens(service: &mut ServiceUnderTest<'_>) -> Judgement {
    with_token(service, 60, ID)
}

fn says_remaining(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let token = token(service, 60)?;
    let response = service.get_with(ID, &token)?;
    match (response.header(TTL_ANSWERED), remaining(&response)) {
        (None, _) => Err(CheckFinding::fails("no such header")),
        (_, Some(1..=60)) => Ok(()),
        (Some(found), _) => Err(CheckFinding::differs("1 to 60", format!("{found:?}"))),
    }
}

fn reused(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let token = token(service, 60)?;
    opened(service, ID, &token)?;
    opened(service, "/latest/meta-data/instance-type", &token)
}

fn two_at_once(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let (older, younger) = (token(service, 60)?, token(service, 60)?);
    opened(service, ID, &younger)?;
    opened(service, ID, &older)
}

fn expires(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let (short, long) = (token(service, 1)?, token(service, 60)?);
    let before = service.get_with(ID, &long)?;
    service.wait(Duration::from_millis(2100));
    let status = service.get_with(ID, &short)?.status;
    if status != 401 {
        return Err(CheckFinding::differs("status 401", format!("status {status}")));
    }
    let after = service.get_with(ID, &long)?;
    match (remaining(&before), remaining(&after)) {
        (Some(before), Some(after)) if after >= before => {
            let found = format!("{after} remaining seconds, and {before} 2 s before");
            Err(CheckFinding::differs("fewer remaining seconds", found))
        }
        _ => Ok(()),
    }
}

fn tokenless(service: &mut ServiceUnderTest<'_>, path: &str) -> Judgement {
    let status = service.ask(&get("").with_token(ProbeToken::None), path)?.status;
    match (service.requires_tokens, status == 401) {
        (true, false) => Err(CheckFinding::differs("status 401, as instance-id", format!("status {status}"))),
        (false, true) => Err(CheckFinding::differs("no 401, as instance-id", "status 401")),
        _ => Ok(()),
    }
}
