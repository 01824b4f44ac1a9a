//! `-w`: what a running server takes over from a changed configuration.

use super::compile::NOTICES;
use super::config::AemmConfig;

/// The value that is a part of the scheduled event.
const EVENT_ID: &str = "event-id";

/// Values, paths and `imdsv2` are as they are now. Notices, where they are and what they say, are as they were at
/// first: in the original each has kept the configuration that it began with.
pub(crate) fn follow(first: &AemmConfig, now: AemmConfig) -> AemmConfig {
    let mut config = AemmConfig {
        imdsv2: now.imdsv2,
        open_listings: now.open_listings,
        metadata: now.metadata,
        dynamic: now.dynamic,
        userdata: now.userdata,
        ..first.clone()
    };
    for (key, ..) in NOTICES {
        if let Some(path) = first.metadata.paths.get(key) {
            config.metadata.paths.insert(key.to_owned(), path.clone());
        }
    }
    if let Some(id) = first.metadata.values.get(EVENT_ID) {
        config.metadata.values.insert(EVENT_ID.to_owned(), id.clone());
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_stay_where_they_were_and_say_what_they_said() {
        let mut first = AemmConfig::default();
        first.metadata.values.insert(EVENT_ID.into(), "first".into());
        first.metadata.paths.insert("events".into(), "/first".into());
        let mut now =
            AemmConfig { imdsv2: true, open_listings: true, mock_ip_count: 7, ..AemmConfig::default() };
        now.metadata.values.insert(EVENT_ID.into(), "now".into());
        now.metadata.values.insert("ami-id".into(), "now".into());
        now.metadata.paths.insert("spot".into(), "/now".into());
        now.metadata.paths.insert("ami-id".into(), "/now/ami".into());
        now.spot.action = "stop".into();

        let mut expected = AemmConfig { imdsv2: true, open_listings: true, ..first.clone() };
        expected.metadata.values.insert("ami-id".into(), "now".into());
        expected.metadata.paths.insert("ami-id".into(), "/now/ami".into());
        assert_eq!(follow(&first, now), expected);
    }
}
