//! Metadata options and the role's credentials.

use std::time::Duration;

use super::ids::RoleName;
use super::words::words;

/// As in EC2's `ModifyInstanceMetadataOptions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetadataOptions {
    /// Whether a session token is needed.
    pub http_tokens: HttpTokens,
    /// Whether the service answers at all.
    pub http_endpoint: HttpEndpoint,
    /// How many network hops the answer to a token request may travel, 1 to 64.
    pub http_put_response_hop_limit: u8,
    /// Whether tags are in the tree.
    pub instance_metadata_tags: InstanceMetadataTags,
}

impl Default for MetadataOptions {
    fn default() -> Self {
        Self {
            http_tokens: HttpTokens::Optional,
            http_endpoint: HttpEndpoint::Enabled,
            // As on current AMIs, so that containers work.
            http_put_response_hop_limit: 2,
            instance_metadata_tags: InstanceMetadataTags::Disabled,
        }
    }
}

words! {
    /// Whether a session token is needed.
    HttpTokens {
        /// IMDSv1 and IMDSv2.
        Optional = "optional",
        /// IMDSv2 only.
        Required = "required",
    }
}
words! {
    /// Whether the service answers at all.
    HttpEndpoint {
        /// It answers.
        Enabled = "enabled",
        /// Every request gets 403.
        Disabled = "disabled",
    }
}
words! {
    /// Whether tags are in the tree.
    InstanceMetadataTags {
        /// `tags/instance/` is there.
        Enabled = "enabled",
        /// It is not.
        Disabled = "disabled",
    }
}

/// The instance profile and its role's credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The role.
    pub role: RoleName,
    /// The instance profile's path and name, as after `instance-profile/` in its ARN.
    pub instance_profile: Option<String>,
    /// Where the credentials come from.
    pub source: CredentialSource,
}

/// Where credentials come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialSource {
    /// Made up: well-formed, valid now, worthless.
    Generated {
        /// From `LastUpdated` to `Expiration`.
        lifetime: Duration,
        /// From one set to the next; less than the lifetime.
        refresh: Duration,
    },
}

impl CredentialSource {
    /// Generated credentials of this lifetime: six sets in a lifetime, as on EC2 (6 h, a new set each hour).
    pub fn generated(lifetime: Duration) -> Self {
        Self::Generated { lifetime, refresh: (lifetime / 6).max(Duration::from_secs(1)) }
    }
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            role: "dev-role".parse().expect("the built-in role name is well-formed"),
            instance_profile: None,
            source: CredentialSource::generated(Duration::from_hours(6)),
        }
    }
}
