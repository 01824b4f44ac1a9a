//! [`AemmConfig`] → a scenario in TOML. It is served, and it is what a person reads to go on without the original.

mod entries;
mod events;
mod text;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::config::{AemmConfig, AemmMode};
use super::user_data::decoded;
use crate::scenario::USER_DATA_LIMIT;
use entries::MetadataEntries;
use text::string;

pub(super) use entries::{NOTICES, sent};
pub(crate) use events::{NoticeSet, of_notices as events};

/// A scenario that answers as the original does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledConfig {
    pub toml: String,
    /// Parts of the configuration that it lacks, one sentence each.
    pub not_carried: Vec<String>,
}

/// A scenario that answers as the original does with this configuration. What counts from the start of the process
/// counts from the start of the server, so the same text serves at any time.
pub fn compile(config: &AemmConfig) -> CompiledConfig {
    let mut not_carried = Vec::new();
    let mut entries = MetadataEntries::of(config, &mut not_carried);
    let user_data = user_data(config, &mut entries, &mut not_carried);
    let tokens = if config.imdsv2 { "required" } else { "optional" };
    let listings = if config.open_listings { "open-listings = true\n" } else { "" };
    let instance = user_data.map(|text| format!("\n[instance]\nuser-data = {text}\n")).unwrap_or_default();
    let events = events::of(config, &mut not_carried);
    let toml = format!(
        "# {}.\n\
         #\n\
         # The paths below are all that is there. Under another profile they override their paths, and the\n\
         # others follow from [instance]; see mock-imds.toml(5).\n\
         #:schema file:///usr/share/mock-imds/scenario.schema.json\n\
         \n\
         # Headers, listings and errors in the forms of the original.\n\
         [http]\n\
         profile = \"aemm\"\n\
         {listings}\n\
         [metadata-options]\n\
         http-tokens = \"{tokens}\"\n\
         {instance}\n\
         [metadata]\n\
         {entries}{events}",
        summary(config.mode)
    );
    CompiledConfig { toml, not_carried }
}

fn summary(mode: AemmMode) -> &'static str {
    match mode {
        AemmMode::All => {
            "What amazon-ec2-metadata-mock answers: spot interruption, scheduled event and Auto Scaling state"
        }
        AemmMode::Spot => {
            "What amazon-ec2-metadata-mock spot answers: an interruption and a rebalance recommendation"
        }
        AemmMode::Events => "What amazon-ec2-metadata-mock events answers: a scheduled event",
        AemmMode::AsgLifecycle => {
            "What amazon-ec2-metadata-mock asglifecycle answers: the state in an Auto Scaling group"
        }
    }
}

/// User data for `[instance]`; what is elsewhere, or too long for that, becomes an override.
fn user_data(
    config: &AemmConfig,
    entries: &mut MetadataEntries,
    not_carried: &mut Vec<String>,
) -> Option<String> {
    const USUAL: &str = "/latest/user-data";
    let path = config.userdata.paths.get("userdata").map_or(USUAL, String::as_str);
    let Ok(bytes) = decoded(config) else {
        not_carried.push("The user data is not base64.".to_owned());
        return None;
    };
    let text = String::from_utf8(bytes.clone()).ok().filter(|text| text::is_plain(text));
    let form = match &text {
        Some(text) => format!("text = {}", string(text)),
        None => format!("base64 = {}", string(&BASE64_STANDARD.encode(&bytes))),
    };
    if path == USUAL && bytes.len() <= USER_DATA_LIMIT {
        return Some(text.map_or_else(|| format!("{{ {form} }}"), |text| string(&text)));
    }
    let value = format!("{{ content-type = \"application/octet-stream\", {form} }}");
    entries.put("userdata", path, value, not_carried);
    None
}

#[cfg(test)]
mod tests;
