//! `[metadata-options]` and `[http]`.

use super::said;
use crate::config::Section;
use crate::model::{Http, HttpEndpoint, HttpTokens, InstanceMetadataTags, MetadataOptions};

/// `[metadata-options]`
pub fn metadata_options(section: &Section<'_>, options: &mut MetadataOptions) {
    said(
        &mut options.http_tokens,
        section.get("http-tokens").and_then(|item| item.choice(HttpTokens::WORDS)),
    );
    said(
        &mut options.http_endpoint,
        section.get("http-endpoint").and_then(|item| item.choice(HttpEndpoint::WORDS)),
    );
    let limit = section.get("http-put-response-hop-limit").and_then(|item| item.integer(1..=64));
    said(&mut options.http_put_response_hop_limit, limit.and_then(|limit| u8::try_from(limit).ok()));
    said(
        &mut options.instance_metadata_tags,
        section.get("instance-metadata-tags").and_then(|item| item.choice(InstanceMetadataTags::WORDS)),
    );
    section.finish();
}

/// `[http]`
pub fn http(section: &Section<'_>, http: &mut Http) {
    said(&mut http.keep_alive, section.get("keep-alive").and_then(|item| item.boolean()));
    section.finish();
}
