//! A file's parts → [`Observations`]: the values, and what their absence means.

use serde_json::{Map, Value};

use super::input::Part;
use super::service_tree::{Knowledge, ServiceTree};
use super::walk::Walk;
use crate::transcribe::account::{InputName, lines_of};
use crate::transcribe::dump;
use crate::transcribe::known_paths::{
    DOCUMENT, EXTENDED, IAM, IDENTITY, IDENTITY_ROLE, ROLES, USER_DATA, below,
};
use crate::transcribe::observations::{ObservationSource, Observations, SecretsPolicy};

/// The values of a tree; `rest` names what its reader did not take.
pub(super) fn observe(tree: ServiceTree, rest: &[InputName], policy: SecretsPolicy) -> Observations {
    let mut observations = Observations::new(tree.version.as_deref().unwrap_or("latest"), policy);
    observations.source = ObservationSource::File;
    let all_hyphens = tree.knowledge == Knowledge::CloudInit;
    let mut walk = Walk { observations: &mut observations, all_hyphens };
    for (path, part) in tree.parts {
        walk.part(&path, part);
    }
    for path in [DOCUMENT, "meta-data/iam/info"] {
        members(&mut observations, path, &tree.members);
    }
    observations.account.taken.extend(tree.used);
    observations.traits = tree.options;
    observations.interface_order = tree.interface_order;
    for (at, reason) in &tree.left_out {
        observations.leave_out(at, reason);
    }
    absences(&mut observations, tree.absent);
    dump::name_unlisted(&mut observations);
    if tree.lacks_role {
        observations.add_absent(IAM);
    }
    settle(&mut observations, tree.knowledge);
    for note in tree.notes {
        observations.add_note(note);
    }
    for line in lines_of(rest, tree.rest) {
        observations.add_note(line);
    }
    for name in rest {
        observations.account.left_out.insert(name.clone(), tree.rest.to_owned());
    }
    observations
}

/// What the file says is not there. What every instance has is there.
fn absences(observations: &mut Observations, absent: Vec<(InputName, String)>) {
    for (at, path) in absent {
        if observations.has(&path) {
            observations.leave_out(&at, &format!("{path}: there and not there; what is there counts"));
        } else if is_always_there(&path) {
            let note = format!("{path}: every instance has it; that of the built-in one is in its place");
            observations.leave_out(&at, &note);
        } else {
            observations.add_absent(&path);
            observations.account.absent.insert(at, path);
        }
    }
}

/// JSON of which single members are known. A whole one goes before them.
fn members(observations: &mut Observations, path: &str, all: &[(&'static str, &'static str, Part)]) {
    let whole = observations.has(path);
    let mut found = Map::new();
    for (_, member, part) in all.iter().filter(|(of, ..)| *of == path) {
        if whole {
            let reason = format!("{member} of {path}, which the file has as a whole");
            observations.account.left_out.insert(part.at.clone(), reason);
        } else if part.value.is_null() {
            observations.leave_out(&part.at, &format!("{member} of {path}: null is no value of a service"));
        } else if found.insert((*member).to_owned(), part.value.clone()).is_none() {
            observations.account.taken.insert(part.at.clone(), path.to_owned());
        }
    }
    if !found.is_empty() {
        observations.add_json(path, &Value::Object(found));
    }
}

/// Adds as unknown what the file would not have even if it was there, so that it is not taken to be absent.
fn settle(observations: &mut Observations, knowledge: Knowledge) {
    let unknown = |observations: &mut Observations, path: &str| {
        if !observations.has(path) {
            observations.add_unknown(path);
        }
    };
    unknown(observations, "dynamic/fws");
    for leaf in ["document", "pkcs7", "rsa2048", "signature"] {
        unknown(observations, &format!("{IDENTITY}/{leaf}"));
    }
    match knowledge {
        Knowledge::Selection => {
            observations.partial = true;
            for path in [IAM, "dynamic", USER_DATA] {
                unknown(observations, path);
            }
            observations
                .add_note("what the file does not say: the values of the built-in instance are in its place");
        }
        Knowledge::CloudInit => {
            observations
                .add_note("credentials, signatures and dynamic/fws: cloud-init does not ask for them");
            if !observations.has(USER_DATA) && observations.knows(USER_DATA) {
                observations.add_unknown(USER_DATA);
                observations.add_note("user data: cloud-init does not keep it in this file");
            }
        }
        Knowledge::Tree => {
            for path in ["meta-data", "dynamic", USER_DATA] {
                if !observations.has(path) && observations.knows(path) {
                    observations.add_unknown(path);
                    observations.add_note(format!("{path}: not in the file"));
                }
            }
        }
    }
    observations.settle_role();
    if knowledge != Knowledge::Selection {
        observations.judge_completeness();
    }
}

/// What every instance of EC2 has, whatever its network and its image are.
const ALWAYS_THERE: [&str; 17] = [
    "meta-data/ami-id",
    "meta-data/ami-launch-index",
    "meta-data/ami-manifest-path",
    "meta-data/hostname",
    "meta-data/instance-action",
    "meta-data/instance-id",
    "meta-data/instance-life-cycle",
    "meta-data/instance-type",
    "meta-data/local-hostname",
    "meta-data/mac",
    "meta-data/network/interfaces/macs",
    "meta-data/placement/availability-zone",
    "meta-data/placement/region",
    "meta-data/reservation-id",
    "meta-data/security-groups",
    "meta-data/services/domain",
    "meta-data/services/partition",
];

fn is_always_there(path: &str) -> bool {
    ALWAYS_THERE.iter().any(|always| *always == path || below(always, path).is_some())
}

impl Observations {
    /// A role has a profile, and a profile has a role: on EC2 none is there without the other.
    pub(in crate::transcribe) fn settle_role(&mut self) {
        const INFO: &str = "meta-data/iam/info";
        let has_role = self.role.is_some();
        if has_role && !self.has(INFO) {
            self.add_unknown(INFO);
        }
        let siblings =
            [(ROLES, INFO), (EXTENDED, INFO), (IDENTITY_ROLE, "meta-data/identity-credentials/ec2/info")];
        for (roles, sibling) in siblings {
            if !self.has(roles) && self.has(sibling) && self.knows(roles) {
                self.add_unknown(roles);
            }
        }
        // What cannot be read of a profile makes none.
        if !has_role && !self.has(INFO) && self.knows(IAM) {
            self.add_absent(INFO);
            self.add_absent(ROLES);
        }
    }

    /// Takes what is missing for unknown where paths are missing that every instance has: then somebody has made a
    /// selection, and nothing is known of the rest but that there is no role.
    pub(in crate::transcribe) fn judge_completeness(&mut self) {
        const ALWAYS: [&str; 8] = [
            "ami-id",
            "ami-launch-index",
            "hostname",
            "instance-id",
            "instance-type",
            "local-hostname",
            "reservation-id",
            "security-groups",
        ];
        let missing: Vec<&str> =
            ALWAYS.into_iter().filter(|leaf| !self.has(&format!("meta-data/{leaf}"))).collect();
        if !self.knows("meta-data") {
            return;
        }
        if missing.len() < 3 {
            return self.add_what_is_always_there();
        }
        self.partial = true;
        self.add_note(format!(
            "what is missing, such as {}: the file has a selection of paths; the built-in instance's values are in their place",
            missing.join(", ")
        ));
        if self.lacks(IAM) {
            self.add_note("a role: there is none in it, so the instance has none");
        }
    }

    /// Takes what every instance has for unknown where it is missing: somebody has lost it.
    fn add_what_is_always_there(&mut self) {
        let mut lost: Vec<&str> = Vec::new();
        for path in ALWAYS_THERE.into_iter().filter(|path| !self.has(path) && self.knows(path)) {
            let directories = path.match_indices('/').map(|(end, _)| &path[..end]).skip(1);
            let highest = directories.chain([path]).find(|above| !self.has(above)).unwrap_or(path);
            lost.push(highest);
        }
        lost.dedup();
        for path in &lost {
            self.add_unknown(path);
        }
        if !lost.is_empty() {
            self.add_note(format!(
                "{}: every instance has them; those of the built-in instance are in their place",
                lost.join(", ")
            ));
        }
    }
}
