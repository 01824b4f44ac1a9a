//! Reports at the control socket, and what is in its way.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::api::{ProblemSeverity, RejectedProblem};
use super::socket::BindError;
use crate::config::{Omitted, Problem, Report, Severity};

#[test]
fn the_last_problem_says_what_is_left_out_and_how_severe_that_is() {
    let problem = |severity| Problem { severity, span: None, found: "it is odd".to_owned(), help: vec![] };
    let all = |errors, warnings| {
        let problems = vec![problem(Severity::Error), problem(Severity::Warning)];
        let report = Report { file: "f".to_owned(), problems, omitted: Omitted { errors, warnings } };
        RejectedProblem::all(&report)
    };
    let [error, warning] = [ProblemSeverity::Error, ProblemSeverity::Warning];
    for (errors, warnings, expected) in [
        (0, 0, None),
        (1, 0, Some((error, "1 more error is not listed"))),
        (0, 1, Some((warning, "1 more warning is not listed"))),
        (1, 1, Some((error, "1 more error and 1 more warning are not listed"))),
    ] {
        let all = all(errors, warnings);
        let severities: Vec<ProblemSeverity> = all.iter().take(2).map(|problem| problem.severity).collect();
        assert_eq!(severities, [error, warning]);
        let more = all.get(2).map(|problem| (problem.severity, problem.found.as_str()));
        assert_eq!(more, expected, "{errors} errors and {warnings} warnings");
    }
}

#[test]
fn only_what_another_name_helps_against_is_in_the_way() {
    let path = || PathBuf::from("/run/x.sock");
    let unwritable = |kind: ErrorKind| BindError::Unwritable { path: path(), error: kind.into() };
    let foreign = BindError::Foreign { path: path(), found: "is a directory".to_owned(), what: "x" };
    for (refused, expected) in [
        (foreign, Some("/run/x.sock")),
        (unwritable(ErrorKind::PermissionDenied), Some("/run/x.sock.lock")),
        (unwritable(ErrorKind::StorageFull), None),
        (unwritable(ErrorKind::ReadOnlyFilesystem), None),
        (BindError::Taken("it is taken".to_owned()), None),
        (BindError::Unknown { path: path(), error: ErrorKind::PermissionDenied.into() }, None),
        (BindError::TooLong(path()), None),
    ] {
        let found = refused.in_the_way().map(|(path, _)| path);
        assert_eq!(found, expected.map(PathBuf::from), "{refused}");
    }
}
