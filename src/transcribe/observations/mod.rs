//! The answers of a service, without the secrets that nobody asked for: those never get in.

mod keys;
mod lookup;
mod place;
mod secrets;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::account::Account;
use super::known_paths::{EXTENDED, IDENTITY_ROLE, ROLES, USER_DATA, below};
use super::role::{self, ObservedRole};
use crate::model::{Http, HttpEndpoint, HttpTokens, InstanceMetadataTags, Timestamp, json};

pub(crate) use keys::RoleAnswer;
pub use secrets::SecretsPolicy;
use secrets::{Secrecy, digest, masked, secrecy};

/// A service may send texts of any length, and notes quote them.
const MAX_NOTE_CHARS: usize = 600;
const MAX_QUOTED_CHARS: usize = 100;
/// Remarks that somebody might read.
const MAX_NOTES: usize = 1000;

/// The behaviour of the service, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceTraits {
    pub http_tokens: Option<HttpTokens>,
    /// No answer tells; what is known of it is from elsewhere.
    pub hop_limit: Option<u8>,
    /// As `hop_limit`.
    pub http_endpoint: Option<HttpEndpoint>,
    /// As `hop_limit`.
    pub metadata_tags: Option<InstanceMetadataTags>,
    /// As on EC2 where it is not known.
    pub http: Http,
}

/// Where the values are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ObservationSource {
    /// A service that was asked.
    Service,
    /// A file that somebody kept. What a scenario would contradict itself by is left out.
    File,
    /// Settings of another program: as a file, and all of them may have their defaults.
    Settings,
}

#[derive(Debug)]
pub(super) struct ObservedValue {
    pub(super) bytes: Vec<u8>,
    /// False for JSON that was parsed and written anew.
    pub(super) exact: bool,
    /// None if it is the usual one of the path's values.
    pub(super) content_type: Option<String>,
}

/// The answers of a service below one version. Paths have no slash at either end.
#[derive(Debug)]
pub struct Observations {
    pub(super) version: String,
    pub traits: ServiceTraits,
    pub(super) values: BTreeMap<String, ObservedValue>,
    pub(super) role: Option<ObservedRole>,
    /// True if the real keys of any role are carried.
    pub(super) has_real_keys: bool,
    /// By the numbers of the public keys.
    pub(super) key_names: BTreeMap<u32, String>,
    /// The size and digest of user data that is not carried.
    pub(super) user_data_digest: Option<String>,
    /// Remarks for whoever reads the scenario, each of them once.
    pub notes: Vec<String>,
    /// Notices whose time is that of the request, and when the one that is here was sent.
    pub(super) moving: BTreeMap<String, Option<Timestamp>>,
    /// Notices that are listed and answer 404.
    pub(super) announced: BTreeSet<String>,
    /// What became of the values of a file.
    pub account: Account,
    /// MAC addresses of interfaces in the order of a file's list.
    pub(super) interface_order: Vec<String>,
    pub(super) source: ObservationSource,
    /// True if only some paths are known, and of the others but that there is no role.
    pub(super) partial: bool,
    /// Paths of which it is known that they do not answer.
    absent: BTreeSet<String>,
    /// The notes, to find one that is there.
    noted: BTreeSet<String>,
    /// The number of remarks that are too many to be read.
    unsaid: usize,
    policy: SecretsPolicy,
    /// Paths that answered, and whose values are not here.
    withheld: BTreeSet<String>,
    /// Paths of which nothing is known, nor of what is below.
    unknown: BTreeSet<String>,
}

impl Observations {
    pub(crate) fn new(version: &str, policy: SecretsPolicy) -> Self {
        Self {
            version: version.to_owned(),
            traits: ServiceTraits::default(),
            values: BTreeMap::new(),
            role: None,
            has_real_keys: false,
            key_names: BTreeMap::new(),
            user_data_digest: None,
            notes: vec![],
            moving: BTreeMap::new(),
            announced: BTreeSet::new(),
            account: Account::default(),
            interface_order: vec![],
            source: ObservationSource::Service,
            partial: false,
            absent: BTreeSet::new(),
            noted: BTreeSet::new(),
            unsaid: 0,
            policy,
            withheld: BTreeSet::new(),
            unknown: BTreeSet::new(),
        }
    }

    pub(crate) fn add_value(&mut self, path: &str, bytes: Vec<u8>) {
        self.add_typed_value(path, bytes, None);
    }

    pub(crate) fn add_typed_value(&mut self, path: &str, bytes: Vec<u8>, content_type: Option<&str>) {
        let usual = if path == USER_DATA { "application/octet-stream" } else { "text/plain" };
        let content_type = content_type.filter(|sent| *sent != usual).map(str::to_owned);
        self.store(path, ObservedValue { bytes, exact: true, content_type });
    }

    /// Adds what a notice answered some seconds after the first time. Its time moves if the answers differ. `date` is
    /// the service's clock.
    pub(crate) fn add_second_answer(&mut self, path: &str, bytes: Vec<u8>, date: Option<Timestamp>) {
        if let Some(first) = self.values.remove(path) {
            if first.bytes != bytes {
                self.moving.insert(path.to_owned(), date);
            }
            self.store(path, ObservedValue { bytes, ..first });
        }
    }

    /// Adds a notice that is listed, and answers 404.
    pub(crate) fn add_announced(&mut self, path: &str) {
        self.announced.insert(path.to_owned());
    }

    /// Adds JSON that somebody has parsed: its bytes are not those that the service sent.
    pub(crate) fn add_json(&mut self, path: &str, value: &Value) {
        let text = match value.as_object() {
            Some(members) => {
                let members: Vec<_> =
                    members.iter().map(|(key, value)| (key.as_str(), value.to_string())).collect();
                json::object(&members)
            }
            None => value.to_string(),
        };
        self.store(path, ObservedValue { bytes: text.into_bytes(), exact: false, content_type: None });
    }

    /// Adds a path of which nothing is known, nor of what is below it.
    pub(crate) fn add_unknown(&mut self, path: &str) {
        self.unknown.insert(path.to_owned());
    }

    /// Adds a path that does not answer, nor anything below it.
    pub(crate) fn add_absent(&mut self, path: &str) {
        self.absent.insert(path.to_owned());
    }

    /// Leaves a value of a file out, and says why.
    pub(super) fn leave_out(&mut self, at: &[String], note: &str) {
        self.account.left_out.insert(at.to_vec(), note.to_owned());
        self.add_note(note);
    }

    /// Adds a role that is listed. The first one counts.
    pub(crate) fn add_role(&mut self, name: &str) {
        match &self.role {
            None => self.role = Some(ObservedRole::new(name)),
            Some(role) if role.name == name => {}
            Some(role) => {
                let note = format!("the role {name}: an instance has one role, {}", role.name);
                self.add_note(note);
            }
        }
    }

    /// Adds the name of a public key, which is listed as `NUMBER=NAME`.
    pub(crate) fn add_key_name(&mut self, number: u32, name: &str) {
        self.key_names.insert(number, name.to_owned());
    }

    /// Adds a remark, without control characters: a service must not move the cursor of whoever reads it.
    pub(crate) fn add_note(&mut self, note: impl AsRef<str>) {
        let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
        let mut note: String = masked(note.as_ref()).chars().take(MAX_NOTE_CHARS + 1).map(visible).collect();
        if let Some((end, _)) = note.char_indices().nth(MAX_NOTE_CHARS) {
            note.truncate(end);
            note.push('…');
        }
        if self.noted.contains(&note) {
            return;
        }
        if self.notes.len() >= MAX_NOTES {
            self.unsaid += 1;
            return;
        }
        self.noted.insert(note.clone());
        self.notes.push(note);
    }

    /// Says how many remarks there would be besides.
    pub(super) fn note_unsaid(&mut self) {
        if self.unsaid > 0 {
            self.notes.push(format!("{} more values, whose remarks would be too many to read", self.unsaid));
        }
    }

    /// Values that are withheld count too.
    pub(crate) fn value_count(&self) -> usize {
        self.values.len() + self.withheld.len()
    }

    /// True for amazon-ec2-metadata-mock's kind of service, where no value follows from another.
    pub(super) fn is_aemm(&self) -> bool {
        !self.traits.http.profile.follows_instance()
    }

    pub(crate) fn add_user_data(&mut self, bytes: Vec<u8>) {
        self.add_value(USER_DATA, bytes);
    }

    fn store(&mut self, path: &str, value: ObservedValue) {
        match secrecy(path, &value.bytes, self.is_aemm()) {
            Secrecy::Public => _ = self.values.insert(path.to_owned(), value),
            Secrecy::UserData if self.policy.user_data => _ = self.values.insert(path.to_owned(), value),
            Secrecy::UserData => {
                self.user_data_digest = Some(digest(&value.bytes));
                self.withheld.insert(path.to_owned());
            }
            Secrecy::Credentials => self.store_credentials(path, value),
            Secrecy::Signature => _ = self.withheld.insert(path.to_owned()),
        }
    }

    fn store_credentials(&mut self, path: &str, value: ObservedValue) {
        let name = below(path, ROLES);
        if let Some((name, _)) = name.and_then(|name| name.split_once('/')) {
            self.add_role(name);
        } else if let Some(name) = name {
            let role = ObservedRole::of(name, &value.bytes, self.policy.credentials);
            if self.is_aemm() {
                let bytes =
                    if role.keys.is_some() { value.bytes } else { role::with_example_keys(&value.bytes) };
                self.values.insert(path.to_owned(), ObservedValue { bytes, ..value });
            }
            self.has_real_keys |= role.keys.is_some();
            // A scenario has one role: the one whose keys somebody asked for.
            let has_keys = self.role.as_ref().is_some_and(|stored| stored.keys.is_some());
            let other = if role.keys.is_some() || !has_keys { self.role.replace(role) } else { Some(role) };
            let name = self.role.as_ref().map(|role| role.name.clone()).unwrap_or_default();
            if let Some(other) = other.filter(|other| other.name != name && !self.is_aemm()) {
                self.add_note(format!("the role {}: an instance has one role, {name}", other.name));
            }
        }
        // There is nothing in the place of the others.
        let known = if self.is_aemm() { &[ROLES][..] } else { &[ROLES, EXTENDED, IDENTITY_ROLE] };
        if known.iter().all(|roles| below(path, roles).is_none()) {
            self.leave_out_credentials(path);
        }
        self.withheld.insert(path.to_owned());
    }
}

/// The beginning of a text that is too long to quote.
pub fn clip(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
