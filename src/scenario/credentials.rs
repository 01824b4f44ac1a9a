//! `[credentials]`

use std::path::Path;
use std::time::Duration;
use strum::{IntoStaticStr, VariantArray};

use super::set_if_some;
use crate::config::{Item, Section};
use crate::model::{CredentialSource, CredentialState, Credentials, Keys, Secret};

/// Below this remaining lifetime SDKs ask for new credentials. Source: botocore's refresh window.
const SDK_REFRESH: Duration = Duration::from_mins(15);
/// How long a credential process may take unless said.
const PROCESS_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, PartialEq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
enum Kind {
    Generated,
    Static,
    File,
    Process,
    None,
}

/// `None`: no instance profile.
pub(crate) fn read(section: &Section<'_>, base: &Path) -> Option<Credentials> {
    let mut credentials = Credentials::default();
    let role = section.get("role");
    set_if_some(&mut credentials.role, role.as_ref().and_then(Item::parse));
    credentials.instance_profile = section.get("instance-profile").and_then(|item| profile(&item));
    set_if_some(
        &mut credentials.state,
        section.get("state").and_then(|item| item.choice::<CredentialState>()),
    );
    set_if_some(
        &mut credentials.attached_after,
        section.get("attached-after").and_then(|item| item.duration()),
    );
    set_if_some(&mut credentials.extended, section.get("extended").and_then(|item| item.boolean()));
    times(section, &mut credentials);
    let kind = section.get("source").and_then(|item| item.choice::<Kind>()).unwrap_or(Kind::Generated);
    let details = Details::of(section);
    details.warn_of_others(kind);
    let source = details.source(kind, section, base);
    section.finish();
    if kind == Kind::None {
        if let Some(role) = role {
            role.warn(
                "credentials.role has no effect: source is \"none\"",
                "source = \"generated\" gives the role credentials",
            );
        }
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

/// Six sets in a lifetime unless said, as on EC2 (6 hours, a new set each hour).
fn times(section: &Section<'_>, credentials: &mut Credentials) {
    let lifetime = section.get("lifetime");
    let refresh = section.get("refresh");
    if let Some((item, said)) = lifetime.and_then(|item| item.duration().map(|said| (item, said))) {
        if said < Duration::from_secs(2) {
            item.error("credentials.lifetime is less than 2 seconds", "accepted: \"2s\" or more");
            return;
        }
        if said < SDK_REFRESH {
            item.warn(
                "credentials.lifetime is less than 15 minutes",
                "SDKs treat credentials with less than 15 minutes left as expiring, and fetch them on every use",
            );
        }
        credentials.lifetime = said;
        credentials.refresh = (said / 6).max(Duration::from_secs(1));
    }
    if let Some((item, said)) = refresh.and_then(|item| item.duration().map(|said| (item, said))) {
        if said >= credentials.lifetime || said < Duration::from_secs(1) {
            item.error(
                format!("credentials.refresh is {}, the lifetime {}", span(said), span(credentials.lifetime)),
                "accepted: at least \"1s\" and less than the lifetime, so that valid credentials are always there",
            );
        } else {
            credentials.refresh = said;
        }
    }
}

/// "1h30m", as it is written.
fn span(span: Duration) -> String {
    jiff::SignedDuration::try_from(span).map_or_else(|_| format!("{span:?}"), |span| format!("{span:#}"))
}

/// The keys that belong to one source each.
struct Details<'a> {
    access_key_id: Option<Item<'a>>,
    secret_access_key: Option<Item<'a>>,
    session_token: Option<Item<'a>>,
    expiration: Option<Item<'a>>,
    file: Option<Item<'a>>,
    command: Option<Item<'a>>,
    timeout: Option<Item<'a>>,
}

impl<'a> Details<'a> {
    fn of(section: &Section<'a>) -> Self {
        Self {
            access_key_id: section.get("access-key-id"),
            secret_access_key: section.get("secret-access-key"),
            session_token: section.get("session-token"),
            expiration: section.get("expiration"),
            file: section.get("file"),
            command: section.get("command"),
            timeout: section.get("timeout"),
        }
    }

    fn owned(&self) -> [(Kind, &Option<Item<'a>>); 7] {
        [
            (Kind::Static, &self.access_key_id),
            (Kind::Static, &self.secret_access_key),
            (Kind::Static, &self.session_token),
            (Kind::Static, &self.expiration),
            (Kind::File, &self.file),
            (Kind::Process, &self.command),
            (Kind::Process, &self.timeout),
        ]
    }

    fn warn_of_others(&self, kind: Kind) {
        for (owner, item) in self.owned() {
            if let Some(item) = item.as_ref().filter(|_| owner != kind) {
                let word: &str = owner.into();
                item.warn(
                    format!("{} has no effect: source is not \"{word}\"", item.name()),
                    format!("source = \"{word}\" uses it"),
                );
            }
        }
    }

    fn source(&self, kind: Kind, section: &Section<'_>, base: &Path) -> Option<CredentialSource> {
        let need = |item: &Option<Item<'a>>, what: &str| {
            if item.is_none() {
                section.error(
                    format!("credentials has no {what}"),
                    format!("accepted: {what}, which this source needs"),
                );
            }
            item.clone()
        };
        match kind {
            Kind::Generated | Kind::None => Some(CredentialSource::Generated),
            Kind::Static => {
                // Each is judged, whatever is wrong with the others.
                let id = need(&self.access_key_id, "access-key-id").and_then(|item| item.line());
                let secret =
                    need(&self.secret_access_key, "secret-access-key").and_then(|item| item.secret());
                let token = self.session_token.as_ref().and_then(Item::secret).unwrap_or_default();
                let expiration = self.expiration.as_ref().and_then(Item::instant).map(Into::into);
                Some(CredentialSource::Static(Keys {
                    access_key_id: id?,
                    secret_access_key: Secret::new(secret?),
                    token: Secret::new(token),
                    expiration,
                }))
            }
            Kind::File => Some(CredentialSource::File(base.join(need(&self.file, "file")?.line()?))),
            Kind::Process => {
                let timeout = self.timeout.as_ref().and_then(Item::duration).unwrap_or(PROCESS_TIMEOUT);
                let item = need(&self.command, "command")?;
                let command: Vec<String> = item
                    .array()?
                    .iter()
                    .map(Item::string)
                    .map(|s| s.map(str::to_owned))
                    .collect::<Option<_>>()?;
                if !command.first().is_some_and(|program| program.starts_with('/')) {
                    item.error(
                        "credentials.command does not start with an absolute path",
                        "accepted: an array of the program and its arguments, such as [\"/usr/bin/aws\", \"configure\", \"export-credentials\"]; no shell is involved",
                    );
                    return None;
                }
                Some(CredentialSource::Process { command, timeout })
            }
        }
    }
}
