//! The role and what its path answered.

use std::time::Duration;

use serde_json::Value;

use crate::model::{Keys, Secret, Timestamp};

/// A role, and its answer without its keys unless they are kept.
#[derive(Debug)]
pub(super) struct RoleSeen {
    pub(super) name: String,
    /// `Code` of the answer, if there was one.
    pub(super) code: Option<String>,
    /// From `LastUpdated` to `Expiration`.
    pub(super) lifetime: Option<Duration>,
    /// `Expiration`.
    pub(super) expiration: Option<Timestamp>,
    /// The keys, if they are kept.
    pub(super) keys: Option<Keys>,
}

impl RoleSeen {
    /// A role that is listed.
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), code: None, lifetime: None, expiration: None, keys: None }
    }

    /// A role that answered.
    pub(super) fn of(name: &str, answer: &[u8], keep: bool) -> Self {
        let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
        let text = |key: &str| answer.get(key).and_then(Value::as_str);
        let time = |key: &str| text(key)?.parse::<jiff::Timestamp>().ok().map(Timestamp::from);
        let expiration = time("Expiration");
        let lifetime = time("LastUpdated").zip(expiration).map(|(from, to)| to.since(from));
        let keys = || {
            Some(Keys {
                access_key_id: text("AccessKeyId")?.to_owned(),
                secret_access_key: Secret::new(text("SecretAccessKey")?),
                token: Secret::new(text("Token").unwrap_or_default()),
                expiration,
            })
        };
        let keys = if keep { keys() } else { None };
        Self { name: name.to_owned(), code: text("Code").map(str::to_owned), lifetime, expiration, keys }
    }
}
