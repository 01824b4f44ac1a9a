//! Mutation tests: `mutants run DIRECTORY TARGETS -- FILES` and `mutants summary DIRECTORY`; `scripts/mutants` calls it.
//!
//! All mutants are in one build, each behind a switch that an environment variable turns. Each test is run once without a
//! mutant, to learn which mutants it reaches. Then each mutant meets just the tests that reach it, until one fails.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program for a terminal")]
#![expect(clippy::disallowed_methods, reason = "it times the tests")]

mod catalogue;
mod compile_errors;
mod results;
mod rewrite;
mod sites;
mod suite;
mod summary;
mod tree;
mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

use catalogue::{Catalogue, Mutant};
use results::{Kind, Results};
use suite::Suite;
use tree::Tree;

fn main() -> ExitCode {
    match run(env::args().skip(1).collect()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("mutants: {error}");
            ExitCode::from(70)
        }
    }
}

fn run(arguments: Vec<String>) -> Result<bool, Box<dyn Error>> {
    let mut arguments = arguments.into_iter();
    let (command, directory) = (arguments.next().unwrap_or_default(), arguments.next().unwrap_or_default());
    // Tests run in another directory.
    let directory = fs::canonicalize(directory)?;
    let root = env::current_dir()?;
    let catalogue = Catalogue::read(&directory.join("catalogue.json"))?;
    let results = Results::open(&directory.join("results.jsonl"), &root, &catalogue)?;
    match command.as_str() {
        "run" => {
            let rest: Vec<String> = arguments.collect();
            let mut parts = rest.split(|word| word == "--");
            let (targets, chosen) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            try_all(&root, &directory, &catalogue, &results, targets, chosen)?;
            Ok(true)
        }
        "list" => {
            let mut rooms: BTreeMap<&str, usize> = BTreeMap::new();
            for (_, mutant) in catalogue.all() {
                *rooms.entry(mutant.room()).or_default() += 1;
            }
            for (room, count) in rooms {
                println!("{count:>6} {room}");
            }
            Ok(true)
        }
        "summary" => Ok(summary::print(&catalogue, &results, &explained(&root)?)),
        _ => Err(format!("'{command}' is not understood; accepted: run, list, summary").into()),
    }
}

/// `chosen` are beginnings of files' names; none is all. What an earlier run caught is left out.
fn try_all(
    root: &Path,
    directory: &Path,
    catalogue: &Catalogue,
    results: &Results,
    targets: &[String],
    chosen: &[String],
) -> Result<(), Box<dyn Error>> {
    let copy = directory.join("tree");
    let known = catalogue
        .all()
        .filter(|(_, mutant)| results.of(mutant) == Some(Kind::Unviable))
        .map(|(number, _)| number)
        .collect();
    let mutants: Vec<&Mutant> = catalogue.all().map(|(_, mutant)| mutant).collect();
    // At once: the next run starts where one that was cut off was.
    let note = |number: u32| results.mark(mutants[number as usize - 1], Kind::Unviable);
    let build = Tree { root, copy: &copy, catalogue }.build(targets, known, note)?;
    for (number, mutant) in catalogue.all() {
        if build.unviable.contains(&number) {
            results.mark(mutant, Kind::Unviable)?;
        } else if build.unplaced.contains(&number) {
            results.mark(mutant, Kind::Unplaced)?;
        }
    }
    let mut left: Vec<(u32, &Mutant)> = catalogue
        .all()
        .filter(|(_, mutant)| {
            chosen.is_empty() || chosen.iter().any(|file| mutant.file.starts_with(file.as_str()))
        })
        .filter(|(_, mutant)| {
            !matches!(results.of(mutant), Some(Kind::Caught | Kind::Unviable | Kind::Unplaced))
        })
        .collect();
    // In no order of theirs, but always the same: what a run that was cut off found is a sample.
    left.sort_by_key(|(_, mutant)| BuildHasherDefault::<DefaultHasher>::default().hash_one(&mutant.name));
    let scratch = directory.join("scratch");
    fs::create_dir_all(&scratch)?;
    // Tests of programs mostly wait.
    let jobs = 3 * std::thread::available_parallelism().map_or(2, usize::from);
    let suite = Suite { programs: &build.programs, directory: &copy, scratch: &scratch, jobs };
    eprintln!("{} mutants to try; measuring the tests", left.len());
    let tests = suite.measure(catalogue.len())?;
    eprintln!(
        "{} tests, {:.0} s one after another",
        tests.len(),
        tests.iter().map(|test| test.duration.as_secs_f64()).sum::<f64>()
    );
    let done = AtomicUsize::new(0);
    suite::each(jobs, &left, |(number, mutant)| {
        match trial::judge(&suite, &tests, *number, mutant)
            .and_then(|verdict| results.record(mutant, verdict))
        {
            Ok(()) => {}
            Err(error) => eprintln!("{}: {error}", mutant.name),
        }
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(100) {
            eprintln!("{done} of {} tried", left.len());
        }
    });
    Ok(())
}

/// The names in tests/mutants/survivors.md: lines of the form "- `NAME`".
fn explained(root: &Path) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let text = fs::read_to_string(root.join("tests/mutants/survivors.md"))?;
    let names =
        text.lines().filter_map(|line| line.strip_prefix("- `")?.strip_suffix('`').map(str::to_owned));
    Ok(names.collect())
}
