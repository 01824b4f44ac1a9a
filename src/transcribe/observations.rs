//! What a service answered, as far as it may be carried: secrets that nobody asked for never get in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::role::{self, ObservedRole};
use crate::model::{Http, HttpTokens, Timestamp, json};

pub(super) const DOCUMENT: &str = "dynamic/instance-identity/document";
pub(super) const IDENTITY: &str = "dynamic/instance-identity";
pub(super) const ROLES: &str = "meta-data/iam/security-credentials";
pub(super) const EXTENDED: &str = "meta-data/iam/security-credentials-extended";
pub(super) const IDENTITY_ROLE: &str = "meta-data/identity-credentials/ec2/security-credentials";
pub(super) const USER_DATA: &str = "user-data";
/// No path of EC2's; but files that lie in one directory are taken to be of one directory.
const STRAY_USER_DATA: &str = "meta-data/user-data";
pub(super) const KEYS: &str = "meta-data/public-keys";

/// Characters of a note at most: what a service sends can be of any length.
const NOTE: usize = 600;
/// Characters at most of something that a note quotes.
const QUOTED: usize = 100;

/// Which secrets are carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SecretsPolicy {
    /// The role's credentials.
    pub credentials: bool,
    /// User data.
    pub user_data: bool,
}

/// How the service speaks, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceTraits {
    /// Whether it wants tokens.
    pub http_tokens: Option<HttpTokens>,
    /// Its HTTP; what is not known is as on EC2.
    pub http: Http,
}

/// A value.
#[derive(Debug)]
pub(super) struct ObservedValue {
    /// What the path answered.
    pub(super) bytes: Vec<u8>,
    /// Whether these are the very bytes, or JSON that somebody took apart.
    pub(super) exact: bool,
    /// What it was sent as, if it is not what the path's values are sent as.
    pub(super) content_type: Option<String>,
}

/// What a service answered below one version. Paths have no slash at either end.
#[derive(Debug)]
pub struct Observations {
    /// The version.
    pub(super) version: String,
    /// How it speaks.
    pub manner: ServiceTraits,
    pub(super) leaves: BTreeMap<String, ObservedValue>,
    /// The role and its answer.
    pub(super) role: Option<ObservedRole>,
    /// Whether real keys were kept, of whichever role.
    pub(super) real_keys: bool,
    /// Names of public keys by their numbers.
    pub(super) key_names: BTreeMap<u32, String>,
    /// Size and digest of user data that is not carried.
    pub(super) user_data: Option<String>,
    /// What the reader should know.
    pub notes: Vec<String>,
    /// Notices that tell another time to each request, and when they told the one that is here.
    pub(super) moving: BTreeMap<String, Option<Timestamp>>,
    /// Notices that are listed and answer 404.
    pub(super) announced: BTreeSet<String>,
    /// The same notes, to find them by.
    noted: BTreeSet<String>,
    keep: SecretsPolicy,
    /// Paths that answered, and whose values are not here.
    withheld: BTreeSet<String>,
    /// Paths of which nothing is known, nor of what is below.
    unknown: BTreeSet<String>,
}

impl Observations {
    /// Nothing yet.
    pub(crate) fn new(version: &str, keep: SecretsPolicy) -> Self {
        Self {
            version: version.to_owned(),
            manner: ServiceTraits::default(),
            leaves: BTreeMap::new(),
            role: None,
            real_keys: false,
            key_names: BTreeMap::new(),
            user_data: None,
            notes: vec![],
            moving: BTreeMap::new(),
            announced: BTreeSet::new(),
            noted: BTreeSet::new(),
            keep,
            withheld: BTreeSet::new(),
            unknown: BTreeSet::new(),
        }
    }

    /// A path answered these bytes.
    pub(crate) fn value(&mut self, path: &str, bytes: Vec<u8>) {
        self.typed_value(path, bytes, None);
    }

    /// A path answered these bytes, sent as this.
    pub(crate) fn typed_value(&mut self, path: &str, bytes: Vec<u8>, content_type: Option<&str>) {
        let usual = if path == USER_DATA { "application/octet-stream" } else { "text/plain" };
        let content_type = content_type.filter(|said| *said != usual).map(str::to_owned);
        self.take(path, ObservedValue { bytes, exact: true, content_type });
    }

    /// A notice answered these bytes some seconds later, by the service's clock at this time. It moves if they differ.
    pub(crate) fn asked_again(&mut self, path: &str, bytes: Vec<u8>, date: Option<Timestamp>) {
        if let Some(leaf) = self.leaves.remove(path) {
            if leaf.bytes != bytes {
                self.moving.insert(path.to_owned(), date);
            }
            self.take(path, ObservedValue { bytes, ..leaf });
        }
    }

    /// A notice is listed, and answers 404.
    pub(crate) fn announced(&mut self, path: &str) {
        self.announced.insert(path.to_owned());
    }

    /// A path answered JSON, which somebody has taken apart.
    pub(crate) fn json(&mut self, path: &str, value: &Value) {
        let text = match value.as_object() {
            Some(members) => {
                let members: Vec<_> =
                    members.iter().map(|(key, value)| (key.as_str(), value.to_string())).collect();
                json::object(&members)
            }
            None => value.to_string(),
        };
        self.take(path, ObservedValue { bytes: text.into_bytes(), exact: false, content_type: None });
    }

    /// Nothing is known of a path, nor of what is below it.
    pub(crate) fn unknown(&mut self, path: &str) {
        self.unknown.insert(path.to_owned());
    }

    /// A role is listed.
    pub(crate) fn role(&mut self, name: &str) {
        self.role.get_or_insert_with(|| ObservedRole::new(name));
    }

    /// A public key is listed as `NUMBER=NAME`.
    pub(crate) fn key_name(&mut self, number: u32, name: &str) {
        self.key_names.insert(number, name.to_owned());
    }

    /// Something that the reader should know. What a service sends must not move anybody's cursor.
    pub(crate) fn note(&mut self, note: impl AsRef<str>) {
        let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
        let mut note: String = note.as_ref().chars().take(NOTE + 1).map(visible).collect();
        if let Some((end, _)) = note.char_indices().nth(NOTE) {
            note.truncate(end);
            note.push('…');
        }
        if self.noted.insert(note.clone()) {
            self.notes.push(note);
        }
    }

    /// How many values there are.
    pub(crate) fn count(&self) -> usize {
        self.leaves.len() + self.withheld.len()
    }

    /// Whether it is amazon-ec2-metadata-mock's kind of service, where every path is a word of its own.
    pub(super) fn is_aemm(&self) -> bool {
        !self.manner.http.profile.follows_instance()
    }

    fn take(&mut self, path: &str, leaf: ObservedValue) {
        match secrecy(path, &leaf.bytes, self.is_aemm()) {
            Secrecy::Open => _ = self.leaves.insert(path.to_owned(), leaf),
            Secrecy::UserData if self.keep.user_data => _ = self.leaves.insert(path.to_owned(), leaf),
            Secrecy::UserData => {
                self.user_data = Some(digest(&leaf.bytes));
                self.withheld.insert(path.to_owned());
            }
            Secrecy::Credentials => {
                if let Some(name) = path.strip_prefix(ROLES).and_then(|rest| rest.strip_prefix('/')) {
                    let role = ObservedRole::of(name, &leaf.bytes, self.keep.credentials);
                    if self.is_aemm() {
                        let bytes =
                            if role.keys.is_some() { leaf.bytes } else { role::stand_in(&leaf.bytes) };
                        self.leaves.insert(path.to_owned(), ObservedValue { bytes, ..leaf });
                    }
                    self.real_keys |= role.keys.is_some();
                    // A scenario has one role: the one whose keys somebody asked for.
                    let kept = self.role.as_ref().is_some_and(|kept| kept.keys.is_some());
                    if role.keys.is_some() || !kept {
                        self.role = Some(role);
                    }
                }
                // There is nothing in the place of the others.
                let known = if self.is_aemm() { &[ROLES][..] } else { &[ROLES, EXTENDED, IDENTITY_ROLE] };
                if known.iter().all(|roles| below(path, roles).is_none()) {
                    self.note(format!("{path}: holds credentials where EC2 has none; left out"));
                }
                self.withheld.insert(path.to_owned());
            }
            Secrecy::Signature => _ = self.withheld.insert(path.to_owned()),
        }
    }
}

// === What is there ===

impl Observations {
    /// A value that is text.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(&self.leaves.get(path)?.bytes).ok()
    }

    /// A value's lines; none if there is no such value.
    pub(super) fn lines(&self, path: &str) -> Vec<&str> {
        self.text(path).map(|text| text.lines().collect()).unwrap_or_default()
    }

    /// A value that is JSON.
    pub(super) fn parsed(&self, path: &str) -> Option<Value> {
        serde_json::from_slice(&self.leaves.get(path)?.bytes).ok()
    }

    /// Values below a directory, by the rest of their paths.
    pub(super) fn below(&self, directory: &str) -> impl Iterator<Item = (&str, &ObservedValue)> {
        let rest = move |path: &'_ str| below(path, directory).map(str::len);
        self.leaves
            .iter()
            .filter_map(move |(path, leaf)| rest(path).map(|length| (&path[path.len() - length..], leaf)))
    }

    /// Whether something answered at a path or below it.
    pub(super) fn is_there(&self, path: &str) -> bool {
        let at = |known: &String| known == path || below(known, path).is_some();
        self.leaves.keys().any(at) || self.withheld.iter().any(at)
    }

    /// Whether user data is carried.
    pub(super) fn holds_user_data(&self) -> bool {
        self.leaves.keys().any(|path| is_user_data(path))
    }

    /// Whether it is known what is at a path.
    pub fn knows(&self, path: &str) -> bool {
        !self.unknown.iter().any(|unknown| unknown == path || below(path, unknown).is_some())
    }

    /// Whether it is known that neither a path nor anything below it answers.
    pub(super) fn lacks(&self, path: &str) -> bool {
        let open = |unknown: &String| below(unknown, path).is_some();
        self.knows(path) && !self.is_there(path) && !self.unknown.iter().any(open)
    }
}

/// A beginning of a text that is long enough to know it by.
pub fn clip(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What of a path is below a directory.
fn below<'p>(path: &'p str, directory: &str) -> Option<&'p str> {
    path.strip_prefix(directory)?.strip_prefix('/')
}

// === Secrets ===

/// Whether a value may be carried.
enum Secrecy {
    Open,
    UserData,
    Credentials,
    /// Worthless without the key, which stays where it is.
    Signature,
}

fn is_user_data(path: &str) -> bool {
    [USER_DATA, STRAY_USER_DATA].iter().any(|data| path == *data || below(path, data).is_some())
}

/// By the path, and by what a value holds: services that are not EC2's may have keys elsewhere.
fn secrecy(path: &str, bytes: &[u8], aemm: bool) -> Secrecy {
    const MARK: &[u8] = b"SecretAccessKey";
    // There the name of the role is a value.
    let names = aemm && path == ROLES;
    let credentials = !names && path.split('/').any(|segment| segment.starts_with("security-credentials"));
    if is_user_data(path) {
        Secrecy::UserData
    } else if credentials || bytes.windows(MARK.len()).any(|window| window.eq_ignore_ascii_case(MARK)) {
        Secrecy::Credentials
    } else if aemm {
        // It has no key: its signatures are fixed texts that sign nothing.
        Secrecy::Open
    } else if below(path, IDENTITY).is_some_and(|leaf| leaf != "document") {
        Secrecy::Signature
    } else {
        Secrecy::Open
    }
}

/// "1234 bytes, sha256 9f86d081…".
fn digest(bytes: &[u8]) -> String {
    let mut text = format!("{} bytes, sha256 ", bytes.len());
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_that_nobody_asked_for_never_get_in() {
        let mut seen = Observations::new("latest", SecretsPolicy::default());
        let keys = br#"{"Code": "Success", "AccessKeyId": "AKIDSECRET", "SecretAccessKey": "SECRET", "Token": "SECRET"}"#;
        for path in [
            "meta-data/iam/security-credentials/role",
            "meta-data/iam/security-credentials-extended/role",
            "meta-data/identity-credentials/ec2/security-credentials/ec2-instance",
            "meta-data/elsewhere/keys",
        ] {
            seen.value(path, keys.to_vec());
        }
        seen.value("user-data", b"password: SECRET".to_vec());
        seen.value("dynamic/instance-identity/rsa2048", b"SECRET".to_vec());
        assert!(!format!("{seen:?}").contains("SECRET"), "found a secret in {seen:?}");
        assert!(seen.is_there("meta-data/iam") && seen.is_there("user-data"));
        assert_eq!(seen.notes, ["meta-data/elsewhere/keys: holds credentials where EC2 has none; left out"]);
        assert_eq!(
            seen.user_data.as_deref(),
            Some("16 bytes, sha256 5702225e59f3ba800d2178a4e87e8b54402f30874812c9ee9db909a3fdc4168a")
        );
    }

    #[test]
    fn user_data_is_a_secret_wherever_a_dump_has_it() {
        for path in ["user-data", "user-data/index.html", "user-data/1/2", "meta-data/user-data"] {
            let mut seen = Observations::new("latest", SecretsPolicy::default());
            seen.value(path, b"password: hunter2".to_vec());
            assert!(!format!("{seen:?}").contains("hunter2"), "expected nothing of {path}, found {seen:?}");
            assert!(!seen.holds_user_data() && seen.user_data.is_some(), "{path}");
            let mut kept = Observations::new("latest", SecretsPolicy { user_data: true, credentials: false });
            kept.value(path, b"password: hunter2".to_vec());
            assert!(kept.holds_user_data(), "{path}");
        }
    }

    #[test]
    fn a_second_role_does_not_hide_that_keys_were_kept() {
        let keys = br#"{"Code": "Success", "AccessKeyId": "AKID", "SecretAccessKey": "KEY", "Token": "T"}"#;
        let of = |roles: [(&str, &[u8]); 2]| {
            let mut seen = Observations::new("latest", SecretsPolicy { credentials: true, user_data: false });
            for (role, answer) in roles {
                seen.value(&format!("{ROLES}/{role}"), answer.to_vec());
            }
            (seen.real_keys, seen.role.expect("there is one").name)
        };
        let failed: &[u8] = br#"{"Code": "Failed"}"#;
        assert_eq!(of([("real", keys), ("other", failed)]), (true, "real".into()));
        assert_eq!(of([("other", failed), ("real", keys)]), (true, "real".into()));
        assert_eq!(of([("one", failed), ("other", failed)]), (false, "other".into()));
    }

    #[test]
    fn notes_are_one_line_of_visible_text() {
        let mut seen = Observations::new("latest", SecretsPolicy::default());
        seen.note("a\n\u{1b}[2Jb");
        seen.note("a\n\u{1b}[2Jb");
        assert_eq!(seen.notes, ["a\u{fffd}\u{fffd}[2Jb"]);
    }

    #[test]
    fn notes_are_not_longer_than_a_person_reads() {
        let mut seen = Observations::new("latest", SecretsPolicy::default());
        seen.note("ä".repeat(1 << 20));
        assert_eq!(seen.notes, ["ä".repeat(NOTE) + "…"]);
        assert_eq!(clip(&"ä".repeat(101)), "ä".repeat(100) + "…");
        assert_eq!(clip("short"), "short");
    }

    #[test]
    fn what_is_there_what_is_not_and_what_nobody_knows_are_three_things() {
        let mut seen = Observations::new("latest", SecretsPolicy::default());
        seen.value("meta-data/placement/region", b"eu-west-1".to_vec());
        seen.unknown("dynamic/fws");
        for (path, there, knows, lacks) in [
            ("meta-data", true, true, false),
            ("meta-data/placement/region", true, true, false),
            ("meta-data/place", false, true, true),
            ("dynamic", false, true, false),
            ("dynamic/fws/instance-monitoring", false, false, false),
        ] {
            assert_eq!(
                (seen.is_there(path), seen.knows(path), seen.lacks(path)),
                (there, knows, lacks),
                "{path}"
            );
        }
        assert_eq!(seen.below("meta-data/placement").map(|(rest, _)| rest).collect::<Vec<_>>(), ["region"]);
    }
}
