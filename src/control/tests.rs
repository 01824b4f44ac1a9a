//! Reports at the control socket.

use super::api::{ProblemSeverity, RejectedProblem};
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
