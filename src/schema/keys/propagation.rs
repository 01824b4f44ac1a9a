//! `[propagation]`

use crate::model::PropagationProfile;
use crate::schema::form::{FileKey, key};
use crate::schema::form::{Form, Literal, words};
use crate::schema::forms;

/// How late changes are visible.
pub(crate) const PROPAGATION: &[FileKey] = &[
    key(
        "profile",
        r#""instant""#,
        Form::Choice(words::<PropagationProfile>),
        r#""instant": everything is visible at once. "typical": in a few seconds, leaf by leaf, as maintainers of clients observed it. "slow": as late as was reported."#,
    ),
    key(
        "seed",
        "0",
        Form::Integer(0, i64::MAX),
        "The same seed gives the same delays within their ranges: for every client, and after every restart.",
    ),
    key(
        "attach",
        "",
        PARTS,
        r#"Delays of the leaves of an interface that is attached, by name, and of "listed": before it no leaf answers. "public-ipv4s" is of `public-hostname` and `ipv4-associations/` too, "vpc-ipv4-cidr-blocks" of `vpc-ipv4-cidr-block`, and "secondary-ipv4s" of all lines of `local-ipv4s` but the first."#,
    ),
    key(
        "detach",
        "",
        PARTS,
        r#""leaves": how long the leaves of an interface that is detached answer; "listed": how long its MAC address is listed, as long unless set. If longer, it is listed and answers 404."#,
    ),
    key(
        "assign",
        "",
        PARTS,
        r#"Delays of "local-ipv4s", "ipv6s", "ipv4-prefix", "ipv6-prefix" and "public-ipv4s" when addresses are assigned."#,
    ),
    key("unassign", "", PARTS, "The same when they are taken away."),
    key(
        "modify",
        "",
        PARTS,
        r#"Delays of "security-groups" and "security-group-ids" when the groups of an interface change."#,
    ),
    key(
        "instance-profile",
        "",
        PARTS,
        r#"Delays of "info", "listing" and "keys": `iam/info`, the role's name, and its keys."#,
    ),
    key("tags", "", DELAY, "The delay of a change of tags."),
    key("metadata-options", "", DELAY, "The delay of a change of metadata options."),
    key("facts", "", DELAY, "The delay of a change of facts, addresses and groups excepted."),
];

const PARTS: Form = Form::map("^[a-z0-9-]+$", &DELAY);

/// When a part of a change is visible.
pub(super) const DELAY: Form = Form::Any(&[
    Form::Duration,
    Form::Only(Literal::Word("never")),
    Form::Table(&[AFTER]),
    Form::Table(&[RANGE]),
]);

const AFTER: &[FileKey] = &[
    key("after", "", Form::Any(&[Form::Duration, Form::Only(Literal::Word("never"))]), "The delay."),
    MEANWHILE,
];

const RANGE: &[FileKey] = &[
    key("min", "", Form::Duration, "The shortest delay."),
    key("max", "", Form::Duration, "The longest delay."),
    MEANWHILE,
];

const MEANWHILE: FileKey = key(
    "meanwhile",
    "",
    forms::LINE,
    r#"What is visible until then: "absent" (404), "listed" (listed, and 404) or a value. What was there before unless set."#,
);
