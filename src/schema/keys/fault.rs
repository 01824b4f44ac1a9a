//! `[[fault]]`

use crate::model::fault::{BodyDamage, ConnectionFailure, FaultEndpoint, Method, TokenFault};
use crate::schema::form::{FileKey, key};
use crate::schema::form::{Form, Literal, words};
use crate::schema::forms;

/// The conditions and the effects of a fault.
pub(crate) const FAULT: &[FileKey] = &[
    key(
        "name",
        "",
        forms::FAULT_NAME,
        r#"Up to 64 letters, digits, -, _ and . that start with a letter or a digit, for `mock-imds fault set` and `fault remove`; no two faults have the same. "fault-1", "fault-2" and so on unless set, by the fault's place in the file."#,
    ),
    key(
        "path",
        r#""/**""#,
        forms::GLOB,
        r#"* matches within a segment, ** any number of segments. With a leading slash it matches whole paths, as "/latest/meta-data/iam/**"; without one also what follows the version, as "meta-data/iam/**". At most 32 segments and 1024 bytes; at most 256 faults."#,
    ),
    key(
        "methods",
        "",
        Form::List(&Form::Choice(words::<Method>)),
        r#"A list of "GET", "HEAD", "PUT", "OPTIONS", "POST", "DELETE", "PATCH". All unless set."#,
    ),
    key(
        "clients",
        "",
        forms::CLIENTS,
        r#"A list of addresses, networks, or "host" for processes of this host. All unless set."#,
    ),
    key(
        "endpoint",
        "",
        Form::Choice(words::<FaultEndpoint>),
        r#""imds", "ecs" or "pod-identity". All unless set. Errors are in the words of the endpoint."#,
    ),
    key("instance", "", forms::LINE, "The name of the instance that the client meets. All unless set."),
    key(
        "from",
        r#""0s""#,
        forms::TIME,
        "When it starts: a duration after the load, or an RFC 3339 timestamp.",
    ),
    key("for", "", Form::Duration, "How long it lasts. Until the next scenario unless set."),
    key(
        "after-n",
        "0",
        Form::Integer(0, 4_294_967_295),
        "Not the first so many matching requests since the load of the scenario.",
    ),
    key(
        "count",
        "",
        Form::Integer(1, 4_294_967_295),
        "Only the first so many matching requests since the load of the scenario, after those of `after-n`.",
    ),
    key("probability", "1", Form::Fraction, "Probability that each of these is affected, from 0 to 1."),
    key(
        "seed",
        "0",
        Form::Integer(0, i64::MAX),
        "The same seed and the same order of requests affect the same requests, with the same latencies.",
    ),
    key(
        "status",
        "",
        Form::Integer(200, 599),
        "A status from 200 to 599. An error has the body that EC2 has for it, others have none unless set by `body`; 204 and 304 never have one.",
    ),
    key(
        "headers",
        "",
        Form::map(forms::HEADER_NAME, &forms::HEADER_VALUE),
        r#"Headers of the response, such as { Retry-After = "1" }; a list sets several values of one, and false removes one. With `throttle` those of the response to excess requests. Not Connection, Content-Length and Transfer-Encoding, which tell where the response ends."#,
    ),
    key(
        "latency",
        "",
        Form::Any(&[Form::Duration, Form::Table(&[LATENCY])]),
        r#"Delay of the response: "200ms", or { min = "100ms", max = "2s" } for a random one between the two. At most "4m"."#,
    ),
    key(
        "body-latency",
        "",
        Form::Any(&[Form::Duration, Form::Table(&[LATENCY])]),
        "Delay of the body alone, as `latency` has it: the head is sent before it.",
    ),
    key(
        "body",
        "",
        Form::Any(&[Form::Choice(words::<BodyDamage>), Form::Table(&[BODY])]),
        r#""empty"; "truncated": Content-Length is that of the whole body, half of it is sent, and the connection closes; "stalled": the head is sent and the body never; or { text = "…" }, another body."#,
    ),
    key(
        "tokens",
        "",
        Form::Choice(words::<TokenFault>),
        r#""lost": requests with a session token get 401, whenever it was issued; others are not counted. With `count` = 1 the next token works."#,
    ),
    key(
        "clock-skew",
        "",
        Form::SignedDuration,
        r#"How far the service's clock is ahead, "5m", or behind, "-5m": the dates of headers and credentials, and the time by which tokens expire. The timeline is not moved."#,
    ),
    key(
        "reset",
        "",
        Form::Boolean,
        "true resets the connection, after `latency` if set. Excludes other effects.",
    ),
    key(
        "hang",
        "",
        Form::Boolean,
        "true accepts the connection and never answers, until the client gives up or five minutes have passed. Excludes other effects.",
    ),
    key(
        "connection",
        "",
        Form::Choice(words::<ConnectionFailure>),
        r#""refused": connections are refused at once, as where nobody listens. "lost": their packets are dropped. The guardian of the host's network does it (`mock-imds net hold`), for the service at port 1690 with a runtime directory, as the packaged one is; other servers reject such a fault. Connections that are open fail at their next packet. Of the conditions it has `clients`, `endpoint`, `from` and `for`; a request that gets through is not affected. Excludes other effects."#,
    ),
    key(
        "throttle",
        "",
        Form::Table(&[THROTTLE]),
        r#"{ per-second = 5, then = 429 | 503 | "drop" }: the maximum of requests per second of one client, and the response to more. "drop" is none, as if packets were lost. 429 unless set. Excludes other effects."#,
    ),
];

const BODY: &[FileKey] = &[key("text", "", Form::Text, "The body that is sent instead.")];

const LATENCY: &[FileKey] = &[
    key("min", "", Form::Duration, "The shortest delay."),
    key("max", "", Form::Duration, "The longest delay, at most \"4m\"."),
];

const THROTTLE: &[FileKey] = &[
    key(
        "per-second",
        "",
        Form::Integer(1, crate::model::fault::Throttle::FASTEST),
        "The maximum of requests per second of one client.",
    ),
    key(
        "then",
        "429",
        Form::Any(&[
            Form::Only(Literal::Number(429)),
            Form::Only(Literal::Number(503)),
            Form::Only(Literal::Word("drop")),
        ]),
        "The response to more; \"drop\" is none, as if packets were lost.",
    ),
];
