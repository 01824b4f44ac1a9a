//! Metadata options.

use strum::{EnumString, IntoStaticStr, VariantArray};

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

/// Whether a session token is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum HttpTokens {
    /// IMDSv1 and IMDSv2.
    Optional,
    /// IMDSv2 only.
    Required,
}

/// Whether the service answers at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum HttpEndpoint {
    /// It answers.
    Enabled,
    /// Every request gets 403.
    Disabled,
}

/// Whether tags are in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum InstanceMetadataTags {
    /// `tags/instance/` is there.
    Enabled,
    /// It is not.
    Disabled,
}
