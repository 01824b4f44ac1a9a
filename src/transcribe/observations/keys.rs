//! Keys that are not in the answer of a role: those of settings, and those that were taken apart.

use std::collections::{BTreeMap, BTreeSet};

use super::Observations;
use super::secrets::{around_secret_key, belongs_to_keys};
use crate::transcribe::known_paths::{ROLES, below};
use crate::transcribe::role::ObservedRole;

/// What settings say of the answer of a role.
#[derive(Debug)]
pub(crate) struct RoleAnswer {
    /// Below the version, without a slash at either end.
    pub(crate) path: String,
    /// JSON with the members that are said.
    pub(crate) answer: Vec<u8>,
    /// True if the keys in it cannot be real, and so are no secret.
    pub(crate) are_examples: bool,
}

impl Observations {
    /// Adds what somebody's settings say of the answer of a role.
    pub(crate) fn add_role_answer(&mut self, said: RoleAnswer) {
        let RoleAnswer { path, answer, are_examples } = said;
        match below(&path, ROLES) {
            Some(name) if !name.contains('/') => {
                let mut role = ObservedRole::of(name, &answer, are_examples || self.policy.credentials);
                role.are_examples = are_examples;
                self.has_real_keys |= role.keys.is_some() && !are_examples;
                if role.keys.is_none() && (are_examples || self.policy.credentials) {
                    self.add_note(format!(
                        "{path}: without AccessKeyId and SecretAccessKey; generated keys are served"
                    ));
                }
                self.role = Some(role);
                self.withheld.insert(path);
            }
            _ => self.leave_out_credentials(&path),
        }
    }

    pub(super) fn leave_out_credentials(&mut self, path: &str) {
        self.values.remove(path);
        self.add_note(no_credentials_at(path));
        self.withheld.insert(path.to_owned());
    }

    /// Leaves out what is beside a secret access key: keys that were taken apart into values of their own.
    pub(in crate::transcribe) fn leave_out_split_keys(&mut self) {
        // Where EC2 has a directory a key is no value, and a key all the same.
        let left = self.withheld.iter().chain(&self.unknown);
        let around: BTreeSet<String> =
            left.filter_map(|path| around_secret_key(path)).map(str::to_owned).collect();
        if around.is_empty() {
            return;
        }
        let is_split = |path: &str| around.iter().any(|directory| belongs_to_keys(path, directory));
        let beside: Vec<String> = self.values.keys().filter(|path| is_split(path)).cloned().collect();
        for path in &beside {
            self.leave_out_credentials(path);
        }
        let left_out = |path: &String| beside.contains(path) || around_secret_key(path).is_some();
        let (left, taken) =
            std::mem::take(&mut self.account.taken).into_iter().partition(|(_, path)| left_out(path));
        self.account.taken = taken;
        let left: BTreeMap<Vec<String>, String> = left;
        self.account.left_out.extend(left.into_iter().map(|(name, path)| (name, no_credentials_at(&path))));
    }
}

fn no_credentials_at(path: &str) -> String {
    format!("{path}: holds credentials where EC2 has none; left out")
}
