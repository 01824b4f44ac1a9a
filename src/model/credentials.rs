//! The instance profile, its role, and the sources of the role's credentials.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::ids::{ProfileId, RoleName};
use super::time::Timestamp;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// The instance profile and its role's credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The role.
    pub role: RoleName,
    /// The instance profile's path and name, as after `instance-profile/` in its ARN.
    pub instance_profile: Option<String>,
    /// The profile's id; made of its name unless set.
    pub instance_profile_id: Option<ProfileId>,
    /// The source of the credentials.
    pub source: CredentialSource,
    /// The duration from `LastUpdated` to `Expiration`, unless the source sets these.
    pub lifetime: Duration,
    /// The duration from one set of credentials to the next; less than the lifetime.
    pub refresh: Duration,
    /// The injected failure.
    pub state: CredentialState,
    /// The duration from the scenario's load to the appearance of the profile, as if it were attached then.
    pub attached_after: Duration,
    /// Whether `iam/security-credentials-extended/` is served.
    pub extended: bool,
}

/// A source of credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialSource {
    /// Generated credentials: well-formed, valid now, worthless.
    Generated,
    /// Keys in the scenario.
    Static(Keys),
    /// A JSON file in the form of a credential process' output, read again when it changes.
    File(PathBuf),
    /// A program and its arguments that print such JSON; never a shell.
    Process {
        /// The program and its arguments; at least one element.
        command: Vec<String>,
        /// The time limit of the program.
        timeout: Duration,
    },
}

/// An injected failure of credentials. The response is a 200 with a `Code`, as on EC2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum CredentialState {
    /// No failure.
    Ok,
    /// The credentials have expired.
    Expired,
    /// EC2 may not assume the role: trust policy, or deleted role.
    AssumeRoleUnauthorized,
    /// Another failure.
    Failed,
    /// The instance profile was deleted.
    ProfileNotFound,
    /// The instance profile has no role.
    NoRole,
}

/// A set of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// `AccessKeyId`.
    pub access_key_id: String,
    /// `SecretAccessKey`.
    pub secret_access_key: Secret,
    /// `Token`; empty for keys that have none.
    pub token: Secret,
    /// The time at which the keys expire, if their source sets it.
    pub expiration: Option<Timestamp>,
}

/// What a credential source gave so far: keys, a failure, or a failure after keys that are still valid.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fetched {
    /// The keys, with the time at which they were fetched; `None`: there are none, or they have expired.
    pub keys: Option<(Keys, Timestamp)>,
    /// The last attempt, if it failed.
    pub failure: Option<FetchFailure>,
}

/// An attempt to fetch keys that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchFailure {
    /// The time of the attempt.
    pub at: Timestamp,
    /// A sentence without a full stop, and without secrets.
    pub why: String,
}

/// A text that never reaches a log: its debug form is `…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl CredentialSource {
    /// Whether the credentials may be valid on AWS.
    pub(crate) fn is_real(&self) -> bool {
        !matches!(self, Self::Generated)
    }
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            role: "dev-role".parse().expect("the built-in role name is well-formed"),
            instance_profile: None,
            instance_profile_id: None,
            source: CredentialSource::Generated,
            lifetime: Duration::from_hours(6),
            // As on EC2: a new set about once an hour.
            refresh: Duration::from_hours(1),
            state: CredentialState::Ok,
            attached_after: Duration::ZERO,
            extended: false,
        }
    }
}
