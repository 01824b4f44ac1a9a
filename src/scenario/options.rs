//! `[metadata-options]` and `[http]`.

use std::str::FromStr;

use super::assign::set_if_some;
use super::fixed_paths;
use super::named_files::NamedFiles;
use crate::config::{Item, Section};
use crate::model::{
    AllowedHost, DirectoryWithoutSlash, Expect, FixedToken, ForwardedFor, Http, HttpEndpoint, HttpTokens,
    InstanceMetadataTags, InvalidToken, MetadataOptions, Profile, UserDataListed,
};

/// `[metadata-options]`
pub(crate) fn metadata_options(section: &Section<'_>, options: &mut MetadataOptions) {
    set_if_some(&mut options.http_tokens, section.read("http-tokens", Item::choice::<HttpTokens>));
    set_if_some(&mut options.http_endpoint, section.read("http-endpoint", Item::choice::<HttpEndpoint>));
    let limit = section.read("http-put-response-hop-limit", |item| item.integer(1..=64));
    set_if_some(&mut options.http_put_response_hop_limit, limit.and_then(|limit| u8::try_from(limit).ok()));
    set_if_some(
        &mut options.instance_metadata_tags,
        section.read("instance-metadata-tags", Item::choice::<InstanceMetadataTags>),
    );
    section.finish();
}

/// `[http]`
pub(crate) fn http(section: &Section<'_>, files: &NamedFiles<'_>, http: &mut Http) {
    set_if_some(&mut http.keep_alive, section.read("keep-alive", Item::boolean));
    set_if_some(&mut http.profile, section.read("profile", Item::choice::<Profile>));
    let directory = section.get("directory-without-slash");
    set_if_some(
        &mut http.directory_without_slash,
        directory.and_then(|item| item.choice::<DirectoryWithoutSlash>()),
    );
    set_if_some(&mut http.expect, section.read("expect", Item::choice::<Expect>));
    set_if_some(&mut http.invalid_token, section.read("invalid-token", Item::choice::<InvalidToken>));
    set_if_some(&mut http.forwarded_for, section.read("forwarded-for", Item::choice::<ForwardedFor>));
    let listed = section.get("user-data-listed");
    set_if_some(&mut http.user_data_listed, listed.and_then(|item| item.choice::<UserDataListed>()));
    http.token = section.read("token", Item::parse::<FixedToken>);
    set_if_some(&mut http.open_listings, section.read("open-listings", Item::boolean));
    set_if_some(&mut http.allowed_hosts, section.read("allowed-hosts", Item::list::<AllowedHost>));
    http.versions = section.read("versions", Item::list::<ApiVersion>).map(|versions| {
        let names = versions.into_iter().map(|version| version.0);
        names.filter(|name| name != "latest").collect()
    });
    if let Some(item) = section.get("paths") {
        http.paths = fixed_paths::read(&item, files, http.profile);
    }
    section.finish();
}

/// `1.0`, a date, or `latest`, which is served in any case.
pub(crate) struct ApiVersion(String);

impl FromStr for ApiVersion {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let date = text.len() == 10
            && text
                .bytes()
                .enumerate()
                .all(|(at, b)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
        if date || text == "1.0" || text == "latest" {
            Ok(Self(text.to_owned()))
        } else {
            Err("\"1.0\" or a date such as \"2021-03-23\"; \"latest\" is always served")
        }
    }
}
