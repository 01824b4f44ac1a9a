//! Names of who gives orders: what /etc/passwd and /proc have, without asking a directory service, which may not answer.

use std::fmt;
use std::path::Path;

use crate::files;

/// More than a file of users has; the rest has numbers.
const PASSWD_BYTES: u64 = 1 << 20;
/// The kernel keeps 15 bytes of a process' name.
const NAME_BYTES: u64 = 64;

/// A process at the control socket. Each formatting asks for the names, which the process may take with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct SocketPeer {
    /// Its process id, as far as our namespace has one for it.
    pub(super) pid: Option<i32>,
    pub(super) uid: u32,
}

impl fmt::Display for SocketPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "{} of {}", process_words(pid), user_words(self.uid)),
            None => write!(f, "a process of {}", user_words(self.uid)),
        }
    }
}

/// `dev`, or `user 1000`.
fn user_words(uid: u32) -> String {
    let passwd = files::read(Path::new("/etc/passwd"), PASSWD_BYTES).unwrap_or_default();
    let name = user_name(&String::from_utf8_lossy(&passwd), uid);
    name.unwrap_or_else(|| format!("user {uid}"))
}

fn user_name(passwd: &str, uid: u32) -> Option<String> {
    let mut users = passwd.lines().map(|line| line.split(':'));
    users.find_map(|mut user| {
        let name = user.next().filter(|name| is_plain(name))?;
        (user.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// `curl (process 218)`, or `process 218`: of another user's the name may be hidden, and a process names itself.
fn process_words(pid: i32) -> String {
    let name = files::read(Path::new(&format!("/proc/{pid}/comm")), NAME_BYTES).ok();
    let name = name.and_then(|name| String::from_utf8(name).ok()).map(|name| name.trim_end().to_owned());
    match name.filter(|name| is_plain(name)) {
        Some(name) => format!("{name} (process {pid})"),
        None => format!("process {pid}"),
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+@".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_have_the_names_of_passwd() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nbad name:x:7:7::/:\nbroken\ndev:x:1000:1000::/:\n";
        assert_eq!(user_name(passwd, 0).as_deref(), Some("root"));
        assert_eq!(user_name(passwd, 1000).as_deref(), Some("dev"));
        assert_eq!((user_name(passwd, 7), user_name(passwd, 8)), (None, None));
        assert_eq!(user_words(4_000_000_000), "user 4000000000");
    }

    #[test]
    fn a_process_is_named_as_far_as_its_name_says_something() {
        let own = i32::try_from(std::process::id()).expect("process ids are small");
        assert!(process_words(own).ends_with(&format!("(process {own})")), "{}", process_words(own));
        assert_eq!(process_words(i32::MAX), format!("process {}", i32::MAX));
    }
}
