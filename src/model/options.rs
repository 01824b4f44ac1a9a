//! Metadata options.

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
