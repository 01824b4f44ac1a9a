//! `[metadata-options]`, `[credentials]`, `[http]` and `[metadata]`.

use crate::model::{
    CredentialState, DirectoryWithoutSlash, Expect, ForwardedFor, HttpEndpoint, HttpTokens,
    InstanceMetadataTags, InvalidToken, Profile, UserDataListed,
};
use crate::scenario::{ApiVersion, SourceKind};
use crate::schema::form::{FileKey, key};
use crate::schema::form::{Form, Map, words};
use crate::schema::forms;

/// EC2's `ModifyInstanceMetadataOptions`.
pub(crate) const METADATA_OPTIONS: &[FileKey] = &[
    key(
        "http-tokens",
        r#""optional""#,
        Form::Choice(words::<HttpTokens>),
        r#""required" answers 401 to requests without a session token (IMDSv2 only)."#,
    ),
    key(
        "http-endpoint",
        r#""enabled""#,
        Form::Choice(words::<HttpEndpoint>),
        r#""disabled" answers 403 to every request."#,
    ),
    key(
        "http-put-response-hop-limit",
        "2",
        Form::Integer(1, 64),
        "1 to 64. 2, as on current images, lets containers fetch tokens; 1 shows them failing.",
    ),
    key(
        "instance-metadata-tags",
        r#""disabled""#,
        Form::Choice(words::<InstanceMetadataTags>),
        r#""enabled" shows the tags below `meta-data/tags/instance/`."#,
    ),
];

/// The role and its keys.
pub(crate) const CREDENTIALS: &[FileKey] = &[
    key(
        "source",
        r#""generated""#,
        Form::Choice(words::<SourceKind>),
        r#""generated": well-formed, always valid, worthless; key ids end in EXAMPLE. "static", "file", "process": your own, with the keys below; `http-tokens` is then "required" unless set, and web pages get nothing: see `allowed-hosts` in `[http]`. "none": the instance has no profile."#,
    ),
    key("role", r#""dev-role""#, forms::ROLE, "The name of the role."),
    key(
        "instance-profile",
        "",
        forms::LINE,
        "Name, or path/name, of the instance profile. The role's name unless set.",
    ),
    key(
        "instance-profile-id",
        "",
        forms::PROFILE_ID,
        r#"`InstanceProfileId` in `iam/info`, such as "AIPAIOSFODNN7EXAMPLE0". Made of the profile's name unless set."#,
    ),
    key(
        "lifetime",
        r#""6h""#,
        Form::Duration,
        "How long a set of keys lasts, where its source sets no expiration.",
    ),
    key(
        "refresh",
        r#""1h""#,
        Form::Duration,
        "How often a new set appears. A sixth of the lifetime unless set.",
    ),
    key(
        "state",
        r#""ok""#,
        Form::Choice(words::<CredentialState>),
        r#"Or a failure: "expired", "assume-role-unauthorized", "failed", "profile-not-found", "no-role"."#,
    ),
    key(
        "attached-after",
        r#""0s""#,
        Form::Duration,
        "How long after the load the profile appears. Until then `iam/` is absent, as after attaching one.",
    ),
    key(
        "extended",
        "false",
        Form::Boolean,
        "true serves `iam/security-credentials-extended/`, which names the account too.",
    ),
    key("access-key-id", "", forms::LINE, r#"With source = "static"."#),
    key("secret-access-key", "", Form::Text, r#"With source = "static"."#),
    key("session-token", "", Form::Text, r#"With source = "static"."#),
    key("expiration", "", Form::Instant, r#"With source = "static": a timestamp, 2030-01-01T00:00:00Z."#),
    key(
        "file",
        "",
        forms::LINE,
        r#"With source = "file": JSON as a credential process prints it, read again when it changes."#,
    ),
    key(
        "command",
        "",
        Form::List(&Form::Text),
        r#"With source = "process": a program that prints such JSON, with its arguments, as a list. No shell is involved."#,
    ),
    key(
        "timeout",
        "",
        Form::Duration,
        r#"With source = "process": how long the program may take. "30s" unless set."#,
    ),
];

/// The connection.
pub(crate) const HTTP: &[FileKey] = &[
    key("keep-alive", "false", Form::Boolean, "EC2 answers one request on a connection and closes it."),
    key(
        "profile",
        r#""modern""#,
        Form::Choice(words::<Profile>),
        r#"Which generation of hosts answers. "modern": Nitro hosts from 2019 on. "legacy": older ones, with an HTTP/1.0 status line and pages in errors. "aemm" is none of EC2's: see AMAZON-EC2-METADATA-MOCK."#,
    ),
    key(
        "allowed-hosts",
        "[]",
        Form::List(&forms::ALLOWED_HOST),
        "Names, without a port, by which clients may reach the service while it has real credentials: that of a compose service, or of a host in a test. Where credentials are real (see `[credentials]`), a request whose Host is another name gets 403, and so does one that a browser sent: one with Origin or Sec-Fetch headers. Without this a web page could read the keys by letting its own name resolve to the service. Addresses, localhost, instance-data, instance-data.ec2.internal and instance-data.REGION.compute.internal are always allowed. `mock-imds requests` says why a request was refused.",
    ),
    key(
        "token",
        "",
        forms::TOKEN,
        "A session token that every request for one gets, and that is always valid, with six hours left, for tests that compare it. Others are granted and expire as on EC2 unless set. Not with real credentials.",
    ),
    key(
        "open-listings",
        "false",
        Form::Boolean,
        r#"With profile = "aemm", where tokens are required: whether listings below `meta-data` and `dynamic` need none."#,
    ),
];

/// Choices where the behaviour of EC2 is not documented.
pub(crate) const HTTP_CHOICES: &[FileKey] = &[
    key(
        "directory-without-slash",
        r#""listing""#,
        Form::Choice(words::<DirectoryWithoutSlash>),
        r#"Or "redirect": 301 to the path with the slash, as hosts did until 2018, at the address that was asked. Some clients do not follow it."#,
    ),
    key(
        "expect",
        r#""refuse""#,
        Form::Choice(words::<Expect>),
        r#"What a request with an Expect header gets. "refuse" is 417, "ignore" the answer that it gets without."#,
    ),
    key(
        "invalid-token",
        r#""refuse""#,
        Form::Choice(words::<InvalidToken>),
        r#"What a bad token gets while tokens are optional. "refuse" is 401, "ignore" the answer without a token."#,
    ),
    key(
        "forwarded-for",
        r#""ignore""#,
        Form::Choice(words::<ForwardedFor>),
        r#"What a GET with X-Forwarded-For gets. "ignore" is the answer without the header, "refuse" is 403. A PUT for a token with it is 403 in any case."#,
    ),
    key(
        "user-data-listed",
        r#""when-set""#,
        Form::Choice(words::<UserDataListed>),
        r#"Whether `/latest/` lists user-data when there is none: or "always"."#,
    ),
    key(
        "versions",
        "",
        Form::List(&VERSION),
        r#"The served versions, as a list. "latest" always is. All that are known unless set."#,
    ),
];

/// Its table.
pub(crate) const HTTP_TABLES: &[FileKey] = &[key(
    "paths",
    "",
    FIXED_PATHS,
    r#"Path from the root = content (see VALUES): text at "/", a path outside of the tree such as "/health", or another value in one version, "/2009-04-04/meta-data/ami-id". It is the answer whatever else is there, for every instance, in no listing; false is 404. Requests need a session token where others do. Not with profile = "aemm", whose `[metadata]` takes such paths."#,
)];

const FIXED_PATHS: Form =
    Form::Map(Map { names: forms::FROM_THE_ROOT, known: Vec::new, values: &forms::FIXED_ANSWER });

const VERSION: Form = Form::parsed::<ApiVersion>("^(?:latest|1[.]0|[0-9]{4}-[0-9]{2}-[0-9]{2})$");

/// Paths and their values.
pub(crate) const OVERRIDES: Form =
    Form::Map(Map { names: forms::PATHS, known: known_paths, values: &forms::OVERRIDE });

/// Paths that every instance could have.
fn known_paths() -> Vec<&'static str> {
    crate::imds::category_paths().filter(|path| !path.contains('{')).collect()
}
