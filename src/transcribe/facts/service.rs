//! `[metadata-options]` and `[http]`: how the service behaves.

use crate::model::{Http, HttpEndpoint, HttpTokens, InstanceMetadataTags, StringEnum};
use crate::transcribe::draft::{Draft, DraftTable};
use crate::transcribe::observations::Observations;
use crate::transcribe::quote;

pub(super) fn metadata_options(observations: &Observations, draft: &mut Draft) {
    let mut table = DraftTable::new("[metadata-options]");
    match observations.traits.http_tokens {
        Some(HttpTokens::Optional) if observations.has_real_keys => {
            let why = "The service also answered without tokens; with real credentials, any web page could then read them.";
            table.set_with_comment(
                Some(why.into()),
                "http-tokens",
                quote::text(HttpTokens::Required.as_str()),
            );
        }
        Some(tokens) => table.set("http-tokens", tokens.as_str()),
        None => {}
    }
    if let Some(limit) = observations.traits.hop_limit {
        table.set("http-put-response-hop-limit", i64::from(limit));
    }
    if observations.traits.http_endpoint == Some(HttpEndpoint::Disabled) {
        table.set("http-endpoint", "disabled");
    }
    let tags_are_on = observations.traits.metadata_tags == Some(InstanceMetadataTags::Enabled);
    if (tags_are_on || observations.has("meta-data/tags")) && !observations.is_aemm() {
        table.set("instance-metadata-tags", "enabled");
    }
    draft.push(table);
}

/// Keys that are not as on EC2.
pub(super) fn http(observations: &Observations, draft: &mut Draft) {
    let mut table = DraftTable::new("[http]");
    let (http, usual) = (&observations.traits.http, Http::default());
    if http.keep_alive {
        table.set("keep-alive", true);
    }
    let mut set_unusual = |key: &str, value: &'static str, usual: &str| {
        if value != usual {
            table.set(key, value);
        }
    };
    set_unusual("profile", http.profile.as_str(), usual.profile.as_str());
    set_unusual(
        "directory-without-slash",
        http.directory_without_slash.as_str(),
        usual.directory_without_slash.as_str(),
    );
    set_unusual("user-data-listed", http.user_data_listed.as_str(), usual.user_data_listed.as_str());
    if http.open_listings {
        table.set("open-listings", true);
    }
    if let Some(versions) = &http.versions {
        table.set_toml("versions", quote::list(versions));
    }
    draft.push(table);
}
