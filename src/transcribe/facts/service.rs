//! `[metadata-options]` and `[http]`: how the service behaves.

use crate::model::{Http, HttpTokens, StringEnum};
use crate::transcribe::draft::{Block, Draft};
use crate::transcribe::observations::Observations;
use crate::transcribe::quote;

pub(super) fn metadata_options(seen: &Observations, draft: &mut Draft) {
    let mut block = Block::new("[metadata-options]");
    match seen.manner.http_tokens {
        Some(HttpTokens::Optional) if seen.real_keys => {
            let why = "The service also answered without tokens; with real credentials, any web page could then read them.";
            block.commented(Some(why.into()), "http-tokens", quote::text(HttpTokens::Required.as_str()));
        }
        Some(tokens) => block.say("http-tokens", tokens.as_str()),
        None => {}
    }
    if seen.is_there("meta-data/tags") && !seen.is_aemm() {
        block.say("instance-metadata-tags", "enabled");
    }
    draft.push(block);
}

/// What is as EC2 does it is not said.
pub(super) fn http(seen: &Observations, draft: &mut Draft) {
    let mut block = Block::new("[http]");
    let (http, usual) = (&seen.manner.http, Http::default());
    if http.keep_alive {
        block.say("keep-alive", true);
    }
    let mut word = |key: &str, word: &'static str, usual: &str| {
        if word != usual {
            block.say(key, word);
        }
    };
    word("profile", http.profile.as_str(), usual.profile.as_str());
    word(
        "directory-without-slash",
        http.directory_without_slash.as_str(),
        usual.directory_without_slash.as_str(),
    );
    word("user-data-listed", http.user_data_listed.as_str(), usual.user_data_listed.as_str());
    if http.open_listings {
        block.say("open-listings", true);
    }
    if let Some(versions) = &http.versions {
        block.raw("versions", quote::list(versions));
    }
    draft.push(block);
}
