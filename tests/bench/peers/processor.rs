//! The processor time that a server has taken. Other programs on the machine change it less than they change rates.

use std::fs;

/// Nanoseconds that all threads of a process and of its children have run.
pub(crate) fn time_of(process: u32) -> u64 {
    let tasks: Vec<_> =
        fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten().collect();
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let own = tasks.iter().filter_map(|task| {
        read(task.path().join("schedstat")).split(' ').next().and_then(|nanos| nanos.parse::<u64>().ok())
    });
    let children = tasks.iter().flat_map(|task| {
        let children = read(task.path().join("children"));
        children.split_whitespace().filter_map(|child| child.parse().ok()).map(time_of).collect::<Vec<_>>()
    });
    own.chain(children).sum()
}
