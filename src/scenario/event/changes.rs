//! Changes of an event: states, overrides, tags, facts, metadata options, and what it clears.

use crate::config::{Item, Section};
use crate::model::{
    ClearTarget, CredentialState, EventEffect, HttpEndpoint, HttpTokens, InstanceAction, InstanceFact,
    InstanceMetadataTags, LifeCycle, MetadataOption, Monitoring, Profile, TagKey, UserDataChange,
};
use crate::scenario::instance::USER_DATA_LIMIT;
use crate::scenario::named_files::NamedFiles;
use crate::scenario::{addresses, content, open_list, overrides};

/// Reads the changes of an event, in the order in which they are made.
pub(super) fn read(section: &Section<'_>, files: &NamedFiles<'_>, profile: Profile) -> Vec<EventEffect> {
    let mut effects = states(section);
    effects.extend(values(section, files, profile));
    effects.extend(options(section));
    effects.extend(clears(section));
    effects
}

fn states(section: &Section<'_>) -> Vec<EventEffect> {
    let action = section.read("instance-action", Item::choice::<InstanceAction>);
    let life_cycle = section.read("life-cycle", open_list::read::<LifeCycle>);
    let mut effects: Vec<EventEffect> = action
        .map(EventEffect::InstanceAction)
        .into_iter()
        .chain(life_cycle.map(EventEffect::LifeCycle))
        .collect();
    if let Some(section) = section.read("credentials", Item::section) {
        let state = section.read("state", Item::choice::<CredentialState>);
        effects.extend(state.map(EventEffect::Credentials));
        if section.read("rotate", Item::boolean) == Some(true) {
            effects.push(EventEffect::Rotate);
        }
        section.finish();
    }
    effects
}

fn values(section: &Section<'_>, files: &NamedFiles<'_>, profile: Profile) -> Vec<EventEffect> {
    let mut effects = Vec::new();
    if let Some(section) = section.read("set", Item::section) {
        for (key, item) in section.entries() {
            let path = overrides::path_of(key, &item, profile);
            let value = overrides::read_override(&item, files, profile);
            effects.extend(path.zip(value).map(|(path, value)| EventEffect::Set(path, value)));
        }
    }
    for item in section.read("unset", Item::array).unwrap_or_default() {
        let path = item.string().and_then(|path| overrides::path_in(path, &item, profile));
        effects.extend(path.map(EventEffect::Unset));
    }
    if let Some(section) = section.read("tags", Item::section) {
        effects.extend(section.entries().iter().filter_map(|(key, item)| tag(key, item)));
    }
    if let Some(section) = section.read("facts", Item::section) {
        effects.extend(facts(&section, files).into_iter().map(EventEffect::Fact));
    }
    effects
}

/// Reads a tag's value, or `false`, which removes the tag.
fn tag(key: &str, item: &Item<'_>) -> Option<EventEffect> {
    let parsed: TagKey = match key.parse() {
        Ok(parsed) => parsed,
        Err(accepted) => {
            item.error_at_key(format!("{key:?} is not a tag key"), format!("accepted: {accepted}"));
            return None;
        }
    };
    if item.kind() == "boolean" && item.boolean() == Some(false) {
        return Some(EventEffect::Tag(parsed, None));
    }
    Some(EventEffect::Tag(parsed, Some(item.string()?.to_owned())))
}

/// User data, or none, which `false` says.
pub(super) fn user_data(item: &Item<'_>, files: &NamedFiles<'_>) -> Option<UserDataChange> {
    match item.kind() {
        "boolean" if item.boolean()? => {
            item.error(
                format!("{} is true", item.name()),
                format!("accepted: {}, or false, which removes it", content::FORMS),
            );
            None
        }
        "boolean" => Some(UserDataChange::Remove),
        _ => content::read(item, files, USER_DATA_LIMIT).map(UserDataChange::Set),
    }
}

fn facts(section: &Section<'_>, files: &NamedFiles<'_>) -> Vec<InstanceFact> {
    let user_data = section.read("user-data", |item| user_data(item, files)).map(|change| match change {
        UserDataChange::Set(bytes) => Some(bytes),
        UserDataChange::Remove | UserDataChange::Keep => None,
    });
    let facts = [
        section.read("instance-type", Item::parse).map(InstanceFact::InstanceType),
        section.read("ami-id", Item::parse).map(InstanceFact::AmiId),
        section.read("monitoring", Item::choice::<Monitoring>).map(InstanceFact::Monitoring),
        section.read("public-ipv4s", addresses::list).map(InstanceFact::PublicIpv4s),
        section.read("security-groups", Item::lines).map(InstanceFact::SecurityGroups),
        user_data.map(InstanceFact::UserData),
    ];
    section.finish();
    facts.into_iter().flatten().collect()
}

fn options(section: &Section<'_>) -> Vec<EventEffect> {
    let Some(section) = section.read("metadata-options", Item::section) else {
        return vec![];
    };
    let limit = section.read("http-put-response-hop-limit", |item| item.integer(1..=64));
    let options = [
        section.read("http-tokens", Item::choice::<HttpTokens>).map(MetadataOption::HttpTokens),
        section.read("http-endpoint", Item::choice::<HttpEndpoint>).map(MetadataOption::HttpEndpoint),
        limit.and_then(|limit| u8::try_from(limit).ok()).map(MetadataOption::HopLimit),
        section
            .read("instance-metadata-tags", Item::choice::<InstanceMetadataTags>)
            .map(MetadataOption::Tags),
    ];
    section.finish();
    options.into_iter().flatten().map(EventEffect::Option).collect()
}

/// Reads `clear`: one target, or an array of several.
fn clears(section: &Section<'_>) -> Vec<EventEffect> {
    let Some(item) = section.get("clear") else { return vec![] };
    let items = if item.kind() == "array" { item.array().unwrap_or_default() } else { vec![item] };
    items.iter().filter_map(Item::choice::<ClearTarget>).map(EventEffect::Clear).collect()
}
