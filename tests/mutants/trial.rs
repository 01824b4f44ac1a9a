//! Runs the tests that reach a mutant, until one fails.

use std::cmp::Reverse;
use std::io;
use std::time::Duration;

use crate::catalogue::Mutant;
use crate::suite::{Outcome, Suite, Test, UNIT};

/// Unit tests that run in one process: most mutants are caught by the first few, and all of a process run to their end.
const BATCHES: [usize; 2] = [8, 60];
/// Programs' tests take long: the most that those of one mutant may take together.
const PROGRAM_TESTS: Duration = Duration::from_secs(10);
/// The same for what the guardian does: each of its tests makes a network first.
const HOST_TESTS: Duration = Duration::from_mins(2);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// By this test, or one of its batch.
    Caught(String),
    Missed,
    /// No test runs this place.
    Unreached,
}

pub(crate) fn judge(suite: &Suite<'_>, tests: &[Test], number: u32, mutant: &Mutant) -> io::Result<Verdict> {
    let reaching: Vec<&Test> = tests.iter().filter(|test| test.reaches(number)).collect();
    if reaching.is_empty() {
        return Ok(Verdict::Unreached);
    }
    let (mut unit, mut programs): (Vec<&Test>, Vec<&Test>) =
        reaching.into_iter().partition(|test| test.target == UNIT);
    // The nearest first, then the quick ones.
    let module = mutant.module();
    unit.sort_by_key(|test| (Reverse(common_parts(&module, &test.name)), test.duration));
    // What reaches little is about it.
    programs.sort_by_key(|test| test.duration.as_millis() * test.reached() as u128);
    let (first, rest) = unit.split_at(BATCHES[0].min(unit.len()));
    for batch in std::iter::once(first).chain(rest.chunks(BATCHES[1])) {
        if let Some(verdict) = fails(suite, batch, number)? {
            return Ok(verdict);
        }
    }
    let most = if mutant.room() == "host" { HOST_TESTS } else { PROGRAM_TESTS };
    let mut spent = Duration::ZERO;
    for test in programs {
        if spent + test.duration > most {
            continue;
        }
        spent += test.duration;
        if let Some(verdict) = fails(suite, &[test], number)? {
            return Ok(verdict);
        }
    }
    Ok(Verdict::Missed)
}

/// How many parts two paths of modules begin with.
fn common_parts(one: &str, other: &str) -> usize {
    one.split("::").zip(other.split("::")).take_while(|(one, other)| one == other).count()
}

fn fails(suite: &Suite<'_>, batch: &[&Test], number: u32) -> io::Result<Option<Verdict>> {
    let Some(first) = batch.first() else { return Ok(None) };
    let names: Vec<String> = batch.iter().map(|test| test.name.clone()).collect();
    // What never ends is caught, too; other work on the machine must not look like it.
    let limit = Duration::from_secs(20) + 10 * batch.iter().map(|test| test.duration).sum::<Duration>();
    Ok(match suite.run(&first.target, &names, number, None, limit)? {
        Outcome::Passed => None,
        Outcome::Failed => Some(Verdict::Caught(format!("{} {}", first.target, first.name))),
        Outcome::TimedOut => {
            Some(Verdict::Caught(format!("{} {}, which never ended", first.target, first.name)))
        }
    })
}
