//! The packaged service's view of files, for root: what root can read, the service often can't.

use std::ffi::CString;
use std::path::Path;

use nix::unistd::{Gid, Uid, User, getegid, geteuid, getgrouplist, getgroups, setegid, seteuid, setgroups};

use crate::paths::SYSTEM_CONFIGURATION;

/// The user of the packaged service. Source: systemd/sysusers.d/mock-imds.conf.
pub(super) const USER: &str = "mock-imds";
/// Directories that its unit hides from it (`ProtectHome=`, `PrivateTmp=`), whatever their modes are.
const HIDDEN: [&str; 5] = ["/home", "/root", "/run/user", "/tmp", "/var/tmp"];

pub(super) struct ServiceUser {
    uid: Uid,
    gid: Gid,
    groups: Vec<Gid>,
}

impl ServiceUser {
    /// The user that a scenario file is for, if it lies where the service reads it and this process may become that user.
    pub(super) fn of_scenario(file: &Path) -> Option<Self> {
        let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = directory.unwrap_or(Path::new(".")).canonicalize().ok()?;
        let is_service = directory == Path::new(SYSTEM_CONFIGURATION).canonicalize().ok()?;
        if !is_service || !geteuid().is_root() {
            return None;
        }
        let User { name, uid, gid, .. } = User::from_name(USER).ok()??;
        let groups = getgrouplist(&CString::new(name).ok()?, gid).ok()?;
        Some(Self { uid, gid, groups })
    }

    /// Looks at files as that user; `None` if the kernel refuses the change. The whole process changes: nothing else of
    /// it may run.
    pub(super) fn see<T>(&self, look: impl FnOnce() -> T) -> Option<T> {
        let (user, group, groups) = (geteuid(), getegid(), getgroups().ok()?);
        let become_it = || {
            setgroups(&self.groups)?;
            setegid(self.gid)?;
            seteuid(self.uid)
        };
        let seen = become_it().is_ok().then(look);
        // The real user is still root, who may return.
        let _ = seteuid(user);
        let _ = setegid(group);
        let _ = setgroups(&groups);
        seen
    }

    /// The directory that the unit hides and that a path lies in.
    pub(super) fn hides(path: &Path) -> Option<&'static str> {
        HIDDEN.into_iter().find(|directory| path.starts_with(directory))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_unit_hides_is_known_by_its_path() {
        assert_eq!(ServiceUser::hides(Path::new("/home/u/.aws/keys.json")), Some("/home"));
        assert_eq!(ServiceUser::hides(Path::new("/var/tmp/x")), Some("/var/tmp"));
        assert_eq!(ServiceUser::hides(Path::new("/etc/mock-imds/keys.json")), None);
        assert_eq!(ServiceUser::hides(Path::new("/homes/x")), None);
    }
}
