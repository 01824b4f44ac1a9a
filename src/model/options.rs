//! Metadata options, which decide who can read the metadata.

use strum::{EnumString, IntoStaticStr, VariantArray};

/// The metadata options, as in EC2's `ModifyInstanceMetadataOptions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetadataOptions {
    /// The need for a session token.
    pub http_tokens: HttpTokens,
    /// The state of the service for this instance.
    pub http_endpoint: HttpEndpoint,
    /// The number of network hops that the response to a token request may travel, 1 to 64.
    pub http_put_response_hop_limit: u8,
    /// The presence of tags in the tree.
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

/// The need for a session token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum HttpTokens {
    /// Requests without a token are answered: IMDSv1 and IMDSv2.
    Optional,
    /// Requests without a token get 401: IMDSv2 only.
    Required,
}

/// The state of the service for this instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum HttpEndpoint {
    /// Requests are answered.
    Enabled,
    /// Every request gets 403.
    Disabled,
}

/// The presence of tags in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum InstanceMetadataTags {
    /// `tags/instance/` is in the tree.
    Enabled,
    /// `tags/instance/` is not in the tree.
    Disabled,
}
