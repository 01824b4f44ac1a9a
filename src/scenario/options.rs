//! `[metadata-options]`, `[credentials]` and `[http]`.

use std::time::Duration;

use super::said;
use crate::config::{Item, Section};
use crate::model::{
    CredentialSource, Credentials, Http, HttpEndpoint, HttpTokens, InstanceMetadataTags, MetadataOptions,
};

/// Below this remaining lifetime SDKs ask for new credentials. Source: botocore's mandatory refresh window.
const SDK_REFRESH: Duration = Duration::from_mins(15);

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

/// `[credentials]`; `None`: no instance profile.
pub fn credentials(section: &Section<'_>) -> Option<Credentials> {
    #[derive(Clone, Copy)]
    enum Source {
        Generated,
        None,
    }
    let mut credentials = Credentials::default();
    let role = section.get("role");
    said(&mut credentials.role, role.as_ref().and_then(Item::parse));
    credentials.instance_profile = section.get("instance-profile").and_then(|item| {
        let profile = item.line()?;
        let legal = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-/".contains(c);
        if profile.starts_with('/') || profile.ends_with('/') || !profile.chars().all(legal) {
            item.error(
                format!("{} is {profile:?}", item.name()),
                "accepted: a name, or path/name, of letters, digits and + = , . @ _ - without a slash at the ends",
            );
            return None;
        }
        Some(profile)
    });
    let choices = [("generated", Source::Generated), ("none", Source::None)];
    let source = section.get("source").and_then(|item| item.choice(&choices)).unwrap_or(Source::Generated);
    credentials.source = generated(section);
    section.finish();
    match (source, role) {
        (Source::Generated, _) => Some(credentials),
        (Source::None, role) => {
            if let Some(role) = role {
                role.warn(
                    "credentials.role has no effect: source is \"none\"",
                    "source = \"generated\" gives the role credentials",
                );
            }
            None
        }
    }
}

fn generated(section: &Section<'_>) -> CredentialSource {
    let Credentials { source: default, .. } = Credentials::default();
    let lifetime_item = section.get("lifetime");
    let refresh_item = section.get("refresh");
    let lifetime = lifetime_item.as_ref().and_then(|item| {
        let lifetime = item.duration()?;
        if lifetime < Duration::from_secs(2) {
            item.error("credentials.lifetime is less than 2 seconds", "accepted: \"2s\" or more");
            return None;
        }
        if lifetime < SDK_REFRESH {
            item.warn(
                "credentials.lifetime is less than 15 minutes",
                "SDKs take credentials with less than 15 minutes left for expiring, and fetch them on every use",
            );
        }
        Some(lifetime)
    });
    let CredentialSource::Generated { lifetime, mut refresh } =
        lifetime.map_or(default, CredentialSource::generated);
    if let Some((item, said)) = refresh_item.and_then(|item| item.duration().map(|said| (item, said))) {
        if said >= lifetime || said < Duration::from_secs(1) {
            item.error(
                format!("credentials.refresh is {said:?}, the lifetime {lifetime:?}"),
                "accepted: at least \"1s\" and less than the lifetime, so that valid credentials are always there",
            );
        } else {
            refresh = said;
        }
    }
    CredentialSource::Generated { lifetime, refresh }
}

/// `[http]`
pub fn http(section: &Section<'_>, http: &mut Http) {
    said(&mut http.keep_alive, section.get("keep-alive").and_then(|item| item.boolean()));
    section.finish();
}
