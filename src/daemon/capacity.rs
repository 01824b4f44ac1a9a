//! How many connections this process has the open files and the memory for, and how it gets more open files.

use std::fs;
use std::path::Path;

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};

/// Files that are enough for everything that may be open at one time; the packaged service has as many.
const FILES: u64 = 65_536;
const CGROUPS: &str = "/sys/fs/cgroup";
/// Address space that is kept for what comes beside connections: stacks of threads, a scenario that is read.
const RESERVED_SPACE: u64 = 16 << 20;

/// Raises the limit of open files as far as the hard limit allows, and gives it: connections are open files. Shells
/// start programs with a soft limit of 1,024.
pub(super) fn open_many_files() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 1_024 };
    let wanted = hard.min(FILES);
    // Refused, it costs room for connections.
    if soft >= wanted || setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).is_err() { soft } else { wanted }
}

/// The bytes of memory that this process may take, if something limits them: its cgroup or one around it (`MemoryMax=`,
/// a container's limit), or `ulimit -v`.
pub(super) fn memory() -> Option<u64> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    cgroup_memory(Path::new(CGROUPS), &own).into_iter().chain(address_space()).min()
}

pub(super) fn has_limited_address_space() -> bool {
    address_space_limit().is_some()
}

fn address_space_limit() -> Option<u64> {
    getrlimit(Resource::RLIMIT_AS).ok().map(|(soft, _)| soft).filter(|bytes| *bytes != RLIM_INFINITY)
}

/// What is left of the address space, if that has a limit. Where nothing is left, the allocator ends the process.
fn address_space() -> Option<u64> {
    let limit = address_space_limit()?;
    Some(left_of(limit, &fs::read_to_string("/proc/self/status").unwrap_or_default()))
}

fn left_of(limit: u64, status: &str) -> u64 {
    limit.saturating_sub(address_space_of(status).unwrap_or(0) + RESERVED_SPACE)
}

/// The size in `/proc/PID/status`. proc(5).
fn address_space_of(status: &str) -> Option<u64> {
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    kilobytes.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

/// The least limit of memory from the cgroup that `/proc/self/cgroup` names up to the root. cgroups(7), both versions.
fn cgroup_memory(root: &Path, own: &str) -> Option<u64> {
    own.lines().filter_map(|line| cgroup_limit(root, line)).min()
}

fn cgroup_limit(root: &Path, line: &str) -> Option<u64> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (directory, file) = match fields.next()? {
        "" => ("", "memory.max"),
        "memory" => ("memory", "memory.limit_in_bytes"),
        _ => return None,
    };
    let path = Path::new(fields.next()?.trim_start_matches('/'));
    // A path of another namespace begins with "..".
    let path = if path.starts_with("..") { Path::new("") } else { path };
    let limit = |group: &Path| {
        fs::read_to_string(root.join(directory).join(group).join(file)).ok()?.trim().parse().ok()
    };
    path.ancestors().filter_map(limit).min()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    use super::{
        FILES, RESERVED_SPACE, address_space, address_space_limit, address_space_of, cgroup_memory,
        has_limited_address_space, left_of, memory, open_many_files,
    };

    /// This process' own limit: it is only raised, so that no other test notices.
    #[test]
    fn the_limit_of_open_files_is_raised_as_far_as_it_may_be_and_never_lowered() {
        let limits = || getrlimit(Resource::RLIMIT_NOFILE).expect("each process has one");
        let (_, hard) = limits();
        let wanted = hard.min(FILES);
        // What shells give; no test has so many files open.
        setrlimit(Resource::RLIMIT_NOFILE, hard.min(1_024), hard).expect("less is permitted");
        assert_eq!((open_many_files(), limits()), (wanted, (wanted, hard)));
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("as much as is permitted");
        assert_eq!((open_many_files(), limits()), (hard, (hard, hard)));
    }

    #[test]
    fn the_limit_of_the_address_space_is_that_of_the_kernel() {
        let text = fs::read_to_string("/proc/self/limits").expect("Linux has it");
        let line = text.lines().find(|line| line.starts_with("Max address space")).expect("a line of it");
        let soft = line.split_whitespace().nth(3).expect("the soft limit");
        assert_eq!(address_space_limit(), soft.parse().ok(), "{line}");
        assert_eq!(has_limited_address_space(), soft != "unlimited", "{line}");
        // What is taken, and what is kept for the rest, is not left.
        let left = address_space_limit().map(|limit| limit - RESERVED_SPACE);
        assert_eq!(address_space().is_some(), left.is_some(), "{line}");
        assert!(address_space() < left || left.is_none(), "{line}: {:?} are left", address_space());
        assert!(left.is_none() || memory().is_some_and(|bytes| Some(bytes) < left), "{:?}", memory());
    }

    #[test]
    fn the_address_space_that_is_taken_counts() {
        assert_eq!(address_space_of("Name:\tx\nVmPeak:\t  9 kB\nVmSize:\t   36640 kB\n"), Some(36_640 << 10));
        assert_eq!(address_space_of("Name:\tx\n"), None);
        assert_eq!(left_of(100 << 20, "VmSize:\t 20480 kB\n"), 64 << 20);
        assert_eq!(left_of(100 << 20, ""), 84 << 20);
        assert_eq!(left_of(20 << 20, "VmSize:\t 20480 kB\n"), 0);
        let own = fs::read_to_string("/proc/self/status").expect("Linux has it");
        assert!(address_space_of(&own).is_some_and(|bytes| bytes > 1 << 20), "{own}");
    }

    #[test]
    fn the_least_limit_from_the_own_cgroup_to_the_root_counts() {
        let root = std::env::temp_dir().join(format!("mock-imds-cgroup-{}", std::process::id()));
        fs::create_dir_all(root.join("a/b/c")).unwrap();
        fs::create_dir_all(root.join("memory/d")).unwrap();
        fs::write(root.join("memory/memory.limit_in_bytes"), "9223372036854771712\n").unwrap();
        fs::write(root.join("memory/d/memory.limit_in_bytes"), "300\n").unwrap();
        fs::write(root.join("memory.max"), "900\n").unwrap();
        fs::write(root.join("a/memory.max"), "500\n").unwrap();
        fs::write(root.join("a/b/memory.max"), "max\n").unwrap();
        let cases = [
            ("0::/a/b/c\n", Some(500)),
            ("1:name=systemd:/x\n0::/a\n", Some(500)),
            ("0::/\n", Some(900)),
            ("0::/../../b\n", Some(900)),
            ("4:memory:/d/e\n3:cpu:/a\n0::/a\n", Some(300)),
            ("4:memory:/x\n", Some(9_223_372_036_854_771_712)),
            ("3:cpu:/a\n", None),
            ("", None),
        ];
        for (own, expected) in cases {
            assert_eq!(cgroup_memory(&root, own), expected, "{own:?}");
        }
        fs::remove_dir_all(root).unwrap();
    }
}
