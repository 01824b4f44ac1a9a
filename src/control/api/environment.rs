//! The environment by which programs find an endpoint.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::rfc3339;
use crate::model::Timestamp;

/// Path of the environment.
pub(crate) const ENVIRONMENT: &str = "/v1/environment";

/// The variables that a program is to be started with, so that it finds an endpoint of this server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EnvironmentListing {
    /// `imds`, `ecs` or `pod-identity`.
    pub endpoint: String,
    /// The variables, in the order in which they are set.
    pub variables: Vec<EnvironmentSetting>,
    /// The file with the token, of `pod-identity`; it was written for this answer, and is renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_file: Option<TokenFile>,
}

/// A variable with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EnvironmentSetting {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// A file with the token of a service account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TokenFile {
    /// The absolute path.
    pub path: PathBuf,
    /// When the token that is in it now expires.
    #[serde(with = "rfc3339")]
    #[cfg_attr(test, schemars(with = "rfc3339::Text"))]
    pub expires: Timestamp,
}
