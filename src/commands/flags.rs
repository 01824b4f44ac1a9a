//! Problems that the server found in an order, in the words of the command line that gave it.

use crate::control::api::{ProblemSeverity, Rejected, RejectedProblem};
use crate::exit::ExitStatus;

/// Keys of an order whose flag has another name.
const RENAMED: &[(&str, &str)] = &[
    ("clients", "--client"),
    ("from", "--at"),
    ("interface", "INTERFACE"),
    ("ipv4-prefixes", "--ipv4-prefix"),
    ("ipv6-prefixes", "--ipv6-prefix"),
    ("ipv6s", "--ipv6"),
    ("max", "--latency"),
    ("methods", "--method"),
    ("min", "--latency"),
    ("per-second", "--throttle"),
    ("private-ipv4s", "--private-ipv4"),
    ("public-ipv4s", "--public-ipv4"),
    ("security-group-ids", "--security-group-id"),
    ("security-groups", "--security-group"),
    ("tokens", "--tokens-lost"),
    ("unset", "PATH"),
];

/// The rejection without lines and carets: those are of the order in TOML, which nobody typed.
pub(super) fn in_flags(rejected: Rejected) -> Rejected {
    Rejected { report: report(&rejected.problems), ..rejected }
}

/// A problem without a position is not about what was typed: the server has no room for another order.
pub(super) fn status(rejected: &Rejected) -> ExitStatus {
    let typed =
        |problem: &RejectedProblem| problem.severity == ProblemSeverity::Error && problem.line.is_some();
    if rejected.problems.iter().any(typed) { ExitStatus::Usage } else { ExitStatus::Config }
}

/// The option of the first error: "--in", or "PATH".
pub(super) fn option(problems: &[RejectedProblem]) -> Option<String> {
    let first = problems.iter().find(|problem| problem.severity == ProblemSeverity::Error)?;
    let found = found_in_flags(first);
    let (option, _) = found.split_once(' ').filter(|_| found != first.found)?;
    Some(if option == "the" { "VALUE" } else { option }.to_owned())
}

/// The problems as they are printed.
pub(super) fn report(problems: &[RejectedProblem]) -> String {
    let lines = problems.iter().flat_map(|problem| {
        let severity = match problem.severity {
            ProblemSeverity::Error => "error",
            ProblemSeverity::Warning => "warning",
        };
        let help = problem.help.iter().map(|help| format!("  {help}"));
        [format!("{severity}: {}", found_in_flags(problem))].into_iter().chain(help)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// `maintenance.id is "x"` as `--id is "x"`.
fn found_in_flags(problem: &RejectedProblem) -> String {
    let Some((name, rest)) = problem.found.split_once(' ').filter(|_| problem.line.is_some()) else {
        return problem.found.clone();
    };
    if let Some(path) = name.strip_prefix("set.") {
        return format!("the value of {path} {rest}");
    }
    let key = name.rsplit('.').next().unwrap_or(name);
    let key = key.split_once('[').map_or(key, |(key, _)| key);
    let is_key = key != "there" && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    if !is_key || !["is ", "has "].iter().any(|verb| rest.starts_with(verb)) {
        return problem.found.clone();
    }
    let renamed = RENAMED.iter().find(|(of, _)| *of == key);
    let flag = renamed.map_or_else(|| format!("--{key}"), |(_, flag)| (*flag).to_owned());
    format!("{flag} {rest}")
}
