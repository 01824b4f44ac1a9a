//! The instance profile, its role, and where the role's credentials come from.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::ids::RoleName;
use super::time::Timestamp;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// The instance profile and its role's credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The role.
    pub role: RoleName,
    /// The instance profile's path and name, as after `instance-profile/` in its ARN.
    pub instance_profile: Option<String>,
    /// Where the credentials come from.
    pub source: CredentialSource,
    /// From `LastUpdated` to `Expiration`, where the source does not say it.
    pub lifetime: Duration,
    /// From one set to the next; less than the lifetime.
    pub refresh: Duration,
    /// What goes wrong on purpose.
    pub state: CredentialState,
    /// How long after the scenario's load the profile appears, as after attaching one.
    pub attached_after: Duration,
    /// Whether `iam/security-credentials-extended/` is served.
    pub extended: bool,
}

/// Where credentials come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialSource {
    /// Made up: well-formed, valid now, worthless.
    Generated,
    /// Said in the scenario.
    Static(Keys),
    /// A JSON file in the form of a credential process' output, read again when it changes.
    File(PathBuf),
    /// A program and its arguments that print such JSON; never a shell.
    Process {
        /// The program and its arguments; at least one element.
        command: Vec<String>,
        /// How long it may take.
        timeout: Duration,
    },
}

/// What goes wrong on purpose. Errors are 200 with a `Code`, as on EC2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum CredentialState {
    /// Nothing.
    Ok,
    /// The credentials have expired.
    Expired,
    /// EC2 may not assume the role: trust policy, or deleted role.
    AssumeRoleUnauthorized,
    /// Some other failure.
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
    /// When the keys expire, if their source says so.
    pub expiration: Option<Timestamp>,
}

/// What a credential source gave last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// Keys, and when they came.
    Keys(Keys, Timestamp),
    /// The last attempt failed, then; there are no keys, or they have expired.
    Failed(Timestamp),
}

/// A text that never reaches a log: it shows as `…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
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
    /// Whether the credentials may be worth something.
    pub(crate) fn is_real(&self) -> bool {
        !matches!(self, Self::Generated)
    }
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            role: "dev-role".parse().expect("the built-in role name is well-formed"),
            instance_profile: None,
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
