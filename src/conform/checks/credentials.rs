//! Keys of the role, and of the instance. Their values are never in a finding.

use serde_json::Value;

use super::bases::CATEGORIES;
use super::identity::laid_out_keys;
use crate::clock::now;
use crate::conform::check::{Basis, CheckRow, answer, facts};
use crate::conform::expectation::Expectation::{Body, Status, StatusOf};
use crate::conform::finding::{CheckFinding, Judgement};
use crate::conform::forms::{self, ValueForm, form};
use crate::conform::probe::get;
use crate::conform::service::ServiceUnderTest;

const PROFILE: &str = "/latest/meta-data/iam/info";
const GUIDE: Basis = Basis::Documented("EC2 User Guide, IAM roles for Amazon EC2");
const IDENTITY: Basis = Basis::Documented("EC2 User Guide, Instance identity roles");
const SDKS: &str = "AWS SDKs and CLI";

const KEYS: [&str; 7] =
    ["Code", "LastUpdated", "Type", "AccessKeyId", "SecretAccessKey", "Token", "Expiration"];

const ID_FORM: ValueForm = form("ASIA and 16 characters", |text| {
    text.strip_prefix("ASIA")
        .is_some_and(|rest| rest.len() == 16 && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
});
const SECRET_FORM: ValueForm =
    form("40 characters", |text| text.len() == 40 && text.bytes().all(|b| b.is_ascii_graphic()));
const TOKEN_FORM: ValueForm =
    form("100 characters or more", |text| text.len() >= 100 && text.bytes().all(|b| b.is_ascii_graphic()));
const HMAC: ValueForm = form("AWS-HMAC", |text| text == "AWS-HMAC");

/// The checks of one set of keys.
macro_rules! keys {
    ($prefix:literal, $path:literal, $basis:expr, $breaks:literal) => {
        [
            facts(
                concat!($prefix, "-code"),
                concat!("Code at ", $path),
                "Success, or another code with a Message",
                |s| code(s, $path),
                $basis,
                $breaks,
            ),
            facts(
                concat!($prefix, "-keys"),
                concat!("GET ", $path),
                "Code, LastUpdated, Type, AccessKeyId, SecretAccessKey, Token, Expiration, in this order",
                |s| ordered(s, $path),
                $basis,
                $breaks,
            ),
            facts(
                concat!($prefix, "-layout"),
                concat!("GET ", $path),
                "two blanks before a key, \" : \" after it, no line feed at the end",
                |s| layout(s, $path),
                $basis,
                "AWS SDK for Rust, which takes nothing after the object",
            ),
            facts(
                concat!($prefix, "-type"),
                concat!("Type at ", $path),
                HMAC.what,
                |s| field(s, $path, "Type", HMAC),
                $basis,
                "",
            ),
            facts(
                concat!($prefix, "-key-id"),
                concat!("AccessKeyId at ", $path),
                ID_FORM.what,
                |s| field(s, $path, "AccessKeyId", ID_FORM),
                $basis,
                $breaks,
            ),
            facts(
                concat!($prefix, "-secret"),
                concat!("SecretAccessKey at ", $path),
                SECRET_FORM.what,
                |s| field(s, $path, "SecretAccessKey", SECRET_FORM),
                $basis,
                $breaks,
            ),
            facts(
                concat!($prefix, "-token"),
                concat!("Token at ", $path),
                TOKEN_FORM.what,
                |s| field(s, $path, "Token", TOKEN_FORM),
                $basis,
                $breaks,
            ),
            facts(
                concat!($prefix, "-last-updated"),
                concat!("LastUpdated at ", $path),
                "a time in whole seconds that is past",
                |s| updated(s, $path),
                Basis::ReliedOn("botocore's parser refuses fractions"),
                $breaks,
            ),
            facts(
                concat!($prefix, "-expiration"),
                concat!("Expiration at ", $path),
                "a time in whole seconds, more than 4 minutes ahead: new keys come 5 minutes before",
                |s| expires(s, $path),
                $basis,
                $breaks,
            ),
            facts(
                concat!($prefix, "-stay"),
                concat!("GET ", $path, ", twice"),
                "the same keys: they do not change with each request",
                |s| stay(s, $path),
                $basis,
                "programs that sign with the keys that they got",
            ),
        ]
    };
}

const OF_ROLE: [CheckRow; 10] =
    keys!("role-keys", "/latest/meta-data/iam/security-credentials/{role}", GUIDE, "AWS SDKs and CLI");
const OF_INSTANCE: [CheckRow; 10] = keys!(
    "instance-keys",
    "/latest/meta-data/identity-credentials/ec2/security-credentials/ec2-instance",
    IDENTITY,
    "amazon-ssm-agent"
);

/// The profile, and paths that are not there.
const OTHERS: [CheckRow; 7] = [
    facts(
        "profile-code",
        "Code of iam/info",
        "Success, or another code with a Message",
        |s| code(s, PROFILE),
        GUIDE,
        "",
    ),
    facts(
        "profile-arn",
        "InstanceProfileArn of iam/info",
        ARN.what,
        |s| field(s, PROFILE, "InstanceProfileArn", ARN),
        GUIDE,
        "",
    ),
    facts(
        "profile-id",
        "InstanceProfileId of iam/info",
        PROFILE_ID.what,
        |s| field(s, PROFILE, "InstanceProfileId", PROFILE_ID),
        GUIDE,
        "",
    ),
    facts(
        "profile-last-updated",
        "LastUpdated of iam/info",
        "a time in whole seconds that is past",
        |s| updated(s, PROFILE),
        GUIDE,
        "",
    ),
    facts(
        "instance-info",
        "GET /latest/meta-data/identity-credentials/ec2/info",
        "Code, LastUpdated and AccountId",
        instance_info,
        IDENTITY,
        "amazon-ssm-agent",
    ),
    answer(
        "role-extended",
        get("/latest/meta-data/iam/security-credentials-extended/"),
        &[StatusOf(&[200, 404])],
        Basis::ReliedOn("SDKs ask for it first, and take 404 for a service without it"),
        SDKS,
    ),
    answer(
        "instance-listing",
        get("/latest/meta-data/identity-credentials/ec2/security-credentials/"),
        &[Status(200), Body("ec2-instance")],
        CATEGORIES,
        "amazon-ssm-agent",
    ),
];

const ARN: ValueForm = form("an ARN as arn:aws:iam::123456789012:instance-profile/name", |text| {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    matches!(parts[..], ["arn", partition, "iam", "", account, name] if (forms::PARTITION.holds)(partition)
        && (forms::ACCOUNT.holds)(account) && name.strip_prefix("instance-profile/").is_some_and(|name| !name.is_empty()))
});
const PROFILE_ID: ValueForm = form("AIPA and 17 characters", |text| {
    text.strip_prefix("AIPA")
        .is_some_and(|rest| rest.len() == 17 && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
});

pub(super) const GROUPS: [&[CheckRow]; 3] = [&OF_ROLE, &OF_INSTANCE, &OTHERS];

/// The object at a path.
fn object(service: &mut ServiceUnderTest<'_>, path: &str) -> Result<Value, CheckFinding> {
    let path = service.resolve(path)?;
    service.json(&path)
}

/// The object, if it says success.
fn successful(service: &mut ServiceUnderTest<'_>, path: &str) -> Result<Value, CheckFinding> {
    let object = object(service, path)?;
    match object.get("Code").and_then(Value::as_str) {
        Some("Success") => Ok(object),
        _ => Err(CheckFinding::not_applicable("the code is not Success")),
    }
}

fn code(service: &mut ServiceUnderTest<'_>, path: &str) -> Judgement {
    let object = object(service, path)?;
    match (object.get("Code").and_then(Value::as_str), object.get("Message")) {
        (Some("Success"), _) | (Some(_), Some(Value::String(_))) => Ok(()),
        (Some(code), _) => Err(CheckFinding::fails(format!("{code:?} without a Message"))),
        (None, _) => Err(CheckFinding::fails("no Code")),
    }
}

fn ordered(service: &mut ServiceUnderTest<'_>, path: &str) -> Judgement {
    let object = successful(service, path)?;
    if let Some(missing) = KEYS.iter().find(|key| object.get(key).is_none()) {
        return Err(CheckFinding::fails(format!("no {missing}")));
    }
    let path = service.resolve(path)?;
    let text = service.text(&path)?;
    let at: Vec<_> = KEYS.iter().filter_map(|key| text.find(&format!("\"{key}\""))).collect();
    if at.is_sorted() { Ok(()) } else { Err(CheckFinding::fails("another order")) }
}

fn layout(service: &mut ServiceUnderTest<'_>, path: &str) -> Judgement {
    successful(service, path)?;
    let path = service.resolve(path)?;
    match laid_out_keys(&service.text(&path)?) {
        Some(_) => Ok(()),
        None => Err(CheckFinding::fails("another layout")),
    }
}

fn field(service: &mut ServiceUnderTest<'_>, path: &str, key: &str, form: ValueForm) -> Judgement {
    let object = successful(service, path)?;
    match object.get(key).and_then(Value::as_str) {
        Some(text) if (form.holds)(text) => Ok(()),
        Some(text) => {
            Err(CheckFinding::fails(format!("{} characters of another form", text.chars().count())))
        }
        None => Err(CheckFinding::fails(format!("no {key}"))),
    }
}

/// Seconds since 1970 of a time that has whole seconds.
fn seconds(object: &Value, key: &str) -> Result<i64, CheckFinding> {
    let text =
        object.get(key).and_then(Value::as_str).ok_or_else(|| CheckFinding::fails(format!("no {key}")))?;
    let time = text.parse::<jiff::Timestamp>().ok().filter(|_| forms::is_instant(text));
    time.map(jiff::Timestamp::as_second).ok_or_else(|| CheckFinding::fails(format!("{text:?}")))
}

fn present() -> i64 {
    i64::try_from(now().as_secs()).unwrap_or(i64::MAX)
}

fn updated(service: &mut ServiceUnderTest<'_>, path: &str) -> Judgement {
    let object = object(service, path)?;
    let ahead = seconds(&object, "LastUpdated")? - present();
    // Two clocks are never the same.
    if ahead <= 60 { Ok(()) } else { Err(CheckFinding::fails(format!("a time {ahead} s ahead"))) }
}

fn expires(service: &mut ServiceUnderTest<'_>, path: &str) -> Judgement {
    let object = successful(service, path)?;
    let left = seconds(&object, "Expiration")? - present();
    if left > 240 { Ok(()) } else { Err(CheckFinding::fails(format!("a time {left} s ahead"))) }
}

fn stay(service: &mut ServiceUnderTest<'_>, path: &str) -> Judgement {
    let before = successful(service, path)?;
    let path = service.resolve(path)?;
    let again = service.get_again(&path)?;
    let after: Value = serde_json::from_slice(&again.body).unwrap_or_default();
    if before.get("AccessKeyId") == after.get("AccessKeyId")
        || before.get("LastUpdated") != after.get("LastUpdated")
    {
        return Ok(());
    }
    Err(CheckFinding::fails("other keys, with the same LastUpdated"))
}

fn instance_info(service: &mut ServiceUnderTest<'_>) -> Judgement {
    const PATH: &str = "/latest/meta-data/identity-credentials/ec2/info";
    code(service, PATH)?;
    field(service, PATH, "AccountId", forms::ACCOUNT)?;
    updated(service, PATH)
}
