//! `[credentials]`

use std::time::Duration;
use strum::{IntoStaticStr, VariantArray};

use super::assign::set_if_some;
use super::credential_process;
use super::named_files::{NamedFiles, UnreadFile};
use crate::config::{Item, Section};
use crate::model::{CredentialSource, CredentialState, Credentials, Keys, Secret, format_duration};

/// The remaining lifetime below which SDKs fetch new credentials. Source: botocore's refresh window.
const SDK_REFRESH: Duration = Duration::from_mins(15);
/// The default time limit of a credential process.
const PROCESS_TIMEOUT: Duration = Duration::from_secs(30);
/// The largest credential file.
const FILE_LIMIT: usize = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum SourceKind {
    Generated,
    Static,
    File,
    Process,
    None,
}

/// The keys that only one kind of source uses.
const SOURCE_KEYS: [(&str, SourceKind); 7] = [
    ("access-key-id", SourceKind::Static),
    ("secret-access-key", SourceKind::Static),
    ("session-token", SourceKind::Static),
    ("expiration", SourceKind::Static),
    ("file", SourceKind::File),
    ("command", SourceKind::Process),
    ("timeout", SourceKind::Process),
];

/// The keys of a profile, which an instance without one cannot use.
const PROFILE_KEYS: [&str; 8] = [
    "role",
    "instance-profile",
    "instance-profile-id",
    "lifetime",
    "refresh",
    "state",
    "attached-after",
    "extended",
];

/// Reads the table; `None` if the instance has no profile.
pub(crate) fn read(section: &Section<'_>, files: &NamedFiles<'_>) -> Option<Credentials> {
    let mut credentials = Credentials::default();
    set_if_some(&mut credentials.role, section.read("role", Item::parse));
    credentials.instance_profile = section.read("instance-profile", profile);
    credentials.instance_profile_id = section.read("instance-profile-id", Item::parse);
    set_if_some(&mut credentials.state, section.read("state", Item::choice::<CredentialState>));
    set_if_some(&mut credentials.attached_after, section.read("attached-after", Item::duration));
    set_if_some(&mut credentials.extended, section.read("extended", Item::boolean));
    times(section, &mut credentials);
    let kind = section.read("source", Item::choice::<SourceKind>).unwrap_or(SourceKind::Generated);
    reject_unused_keys(section, kind);
    let source = source(section, kind, files);
    section.finish();
    if kind == SourceKind::None {
        return None;
    }
    set_if_some(&mut credentials.source, source);
    Some(credentials)
}

fn profile(item: &Item<'_>) -> Option<String> {
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
}

/// Reads lifetime and refresh. By default there are six sets in a lifetime, as on EC2: 6 hours, a new set each hour.
fn times(section: &Section<'_>, credentials: &mut Credentials) {
    let lifetime = section.get("lifetime");
    let refresh = section.get("refresh");
    if let Some((item, lifetime)) = lifetime.and_then(|item| item.duration().map(|span| (item, span))) {
        if lifetime < Duration::from_secs(2) {
            item.error("credentials.lifetime is less than 2 seconds", "accepted: \"2s\" or more");
            return;
        }
        if lifetime < SDK_REFRESH {
            item.warn(
                "credentials.lifetime is less than 15 minutes",
                "SDKs treat credentials with less than 15 minutes left as expiring, and fetch them on every use",
            );
        }
        credentials.lifetime = lifetime;
        credentials.refresh = (lifetime / 6).max(Duration::from_secs(1));
    }
    if let Some((item, refresh)) = refresh.and_then(|item| item.duration().map(|span| (item, span))) {
        if refresh >= credentials.lifetime || refresh < Duration::from_secs(1) {
            item.error(
                format!("credentials.refresh is {}, the lifetime {}", format_duration(refresh), format_duration(credentials.lifetime)),
                "accepted: at least \"1s\" and less than the lifetime, so that valid credentials are always there",
            );
        } else {
            credentials.refresh = refresh;
        }
    }
}

/// Adds an error for each key that another source would need: whoever wrote it expects to see it.
fn reject_unused_keys(section: &Section<'_>, kind: SourceKind) {
    for (key, user) in SOURCE_KEYS {
        if let Some(item) = section.get(key).filter(|_| user != kind) {
            let (user, kind): (&str, &str) = (user.into(), kind.into());
            item.error_at_key(
                format!("{} has no effect: source is \"{kind}\"", item.name()),
                format!("accepted: with source = \"{user}\", which uses it"),
            );
        }
    }
    for item in
        PROFILE_KEYS.into_iter().filter_map(|key| section.get(key)).filter(|_| kind == SourceKind::None)
    {
        item.error_at_key(
            format!("{} has no effect: source is \"none\"", item.name()),
            "accepted: with source = \"generated\", which gives the instance a profile",
        );
    }
}

fn source(section: &Section<'_>, kind: SourceKind, files: &NamedFiles<'_>) -> Option<CredentialSource> {
    match kind {
        SourceKind::Generated | SourceKind::None => Some(CredentialSource::Generated),
        SourceKind::Static => {
            // Each is read, so that all errors are reported.
            let id = required(section, "access-key-id").and_then(|item| item.line());
            let secret = required(section, "secret-access-key").and_then(|item| item.secret());
            let token = section.read("session-token", Item::secret).unwrap_or_default();
            let expiration = section.read("expiration", Item::instant).map(Into::into);
            Some(CredentialSource::Static(Keys {
                access_key_id: id?,
                secret_access_key: Secret::new(secret?),
                token: Secret::new(token),
                expiration,
            }))
        }
        SourceKind::File => file(&required(section, "file")?, files),
        SourceKind::Process => {
            let timeout = section.read("timeout", Item::duration).unwrap_or(PROCESS_TIMEOUT);
            let command = command(&required(section, "command")?)?;
            Some(CredentialSource::Process { command, timeout })
        }
    }
}

/// A file is read when keys are needed. Of one that was sent the keys are those that it has now.
fn file(item: &Item<'_>, files: &NamedFiles<'_>) -> Option<CredentialSource> {
    let name = item.line()?;
    let path = files.path(&name);
    if files.are_collected() {
        let _ = files.read(&name, FILE_LIMIT);
    }
    // Another instance has none from a file, sent or not.
    if !files.are_fixed() || item.name() != "credentials.file" {
        return Some(CredentialSource::File(path));
    }
    let (found, help) = match files.read(&name, FILE_LIMIT) {
        Ok(bytes) => match credential_process::parse(&bytes) {
            Ok(keys) => return Some(CredentialSource::Static(keys)),
            Err(found) => (format!("holds {found}"), "accepted: the output of a credential process, in JSON"),
        },
        Err(UnreadFile::TooLarge) => (format!("has more than {FILE_LIMIT} bytes"), "accepted: at most 1 MiB"),
        Err(UnreadFile::Other { found, help }) => (found, help),
    };
    item.error(format!("{} {found}", path.display()), help);
    None
}

fn required<'a>(section: &Section<'a>, key: &'static str) -> Option<Item<'a>> {
    let item = section.get(key);
    if item.is_none() {
        section
            .error(format!("credentials has no {key}"), format!("accepted: {key}, which this source needs"));
    }
    item
}

fn command(item: &Item<'_>) -> Option<Vec<String>> {
    let command: Vec<String> =
        item.array()?.iter().map(Item::string).map(|s| s.map(str::to_owned)).collect::<Option<_>>()?;
    if !command.first().is_some_and(|program| program.starts_with('/')) {
        item.error(
                        "credentials.command does not start with an absolute path",
                        "accepted: an array of the program and its arguments, such as [\"/usr/bin/aws\", \"configure\", \"export-credentials\"]; no shell is involved",
                    );
        return None;
    }
    Some(command)
}
