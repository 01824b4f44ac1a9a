//! Paths that the steps know by name. They have no slash at either end.

pub(super) const DOCUMENT: &str = "dynamic/instance-identity/document";
pub(super) const IDENTITY: &str = "dynamic/instance-identity";
pub(super) const IAM: &str = "meta-data/iam";
pub(super) const ROLES: &str = "meta-data/iam/security-credentials";
pub(super) const EXTENDED: &str = "meta-data/iam/security-credentials-extended";
pub(super) const IDENTITY_ROLE: &str = "meta-data/identity-credentials/ec2/security-credentials";
pub(super) const USER_DATA: &str = "user-data";
/// No path of EC2's; but files that lie in one directory are taken to be of one directory.
const STRAY_USER_DATA: &str = "meta-data/user-data";
pub(super) const KEYS: &str = "meta-data/public-keys";

/// The rest of a path that is below a directory.
pub(super) fn below<'p>(path: &'p str, directory: &str) -> Option<&'p str> {
    path.strip_prefix(directory)?.strip_prefix('/')
}

pub(super) fn is_user_data(path: &str) -> bool {
    [USER_DATA, STRAY_USER_DATA].iter().any(|data| path == *data || below(path, data).is_some())
}
