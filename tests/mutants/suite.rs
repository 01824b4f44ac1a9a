//! The tests: how long each takes, and which mutants it reaches.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// A test of the library is one of the unit tests.
pub(crate) const UNIT: &str = "mock_imds";

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Test {
    pub(crate) target: String,
    pub(crate) name: String,
    pub(crate) duration: Duration,
    /// Numbers of mutants, in ascending order.
    reached: Vec<u32>,
}

impl Test {
    pub(crate) fn reaches(&self, number: u32) -> bool {
        self.reached.binary_search(&number).is_ok()
    }

    /// How many mutants it reaches.
    pub(crate) fn reached(&self) -> usize {
        self.reached.len()
    }
}

pub(crate) struct Suite<'a> {
    pub(crate) programs: &'a BTreeMap<String, PathBuf>,
    /// Where tests run: the copy of the sources.
    pub(crate) directory: &'a Path,
    /// For files of its own.
    pub(crate) scratch: &'a Path,
    pub(crate) jobs: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    TimedOut,
}

impl Suite<'_> {
    /// Runs each test by itself. What fails without a mutant tells nothing of any: it is named and left out.
    /// What was measured with the same programs before is taken from a file.
    pub(crate) fn measure(&self, mutants: usize) -> Result<Vec<Test>, Box<dyn Error>> {
        let mut digest = DefaultHasher::new();
        for program in self.programs.values() {
            (program, fs::metadata(program)?.modified()?).hash(&mut digest);
        }
        let measured = self.scratch.join(format!("tests-{:016x}.json", digest.finish()));
        if let Ok(text) = fs::read_to_string(&measured) {
            return Ok(serde_json::from_str(&text)?);
        }
        let tests = self.measure_anew(mutants)?;
        fs::write(&measured, serde_json::to_string(&tests)?)?;
        Ok(tests)
    }

    fn measure_anew(&self, mutants: usize) -> Result<Vec<Test>, Box<dyn Error>> {
        let mut all = Vec::new();
        for (target, program) in self.programs {
            let listed = Command::new(program)
                .args(["--list", "--format", "terse"])
                .current_dir(self.directory)
                .output()?;
            let text = String::from_utf8_lossy(&listed.stdout).into_owned();
            all.extend(
                text.lines()
                    .filter_map(|line| line.strip_suffix(": test"))
                    .map(|name| (target.clone(), name.to_owned())),
            );
        }
        let tests = Mutex::new(Vec::new());
        each(self.jobs, &all, |(target, name)| {
            let file = self.scratch.join(format!("reached-{target}-{}", name.replace("::", "-")));
            // Of a program that a test starts as another user, too.
            let for_all = || fs::set_permissions(&file, fs::Permissions::from_mode(0o666));
            let measured = fs::write(&file, vec![0; mutants + 1]).and_then(|()| for_all()).and_then(|()| {
                let began = Instant::now();
                let outcome =
                    self.run(target, std::slice::from_ref(name), 0, Some(&file), Duration::from_mins(2))?;
                let duration = began.elapsed();
                let reached = (0..)
                    .zip(fs::read(&file)?)
                    .filter(|(_, byte)| *byte != 0)
                    .map(|(number, _)| number)
                    .collect();
                Ok((outcome, duration, reached))
            });
            let _ = fs::remove_file(&file);
            match measured {
                Ok((Outcome::Passed, duration, reached)) => {
                    let test = Test { target: target.clone(), name: name.clone(), duration, reached };
                    tests.lock().expect("no job panics with it").push(test);
                }
                Ok((outcome, ..)) => eprintln!("left out, {outcome:?} without a mutant: {target} {name}"),
                Err(error) => eprintln!("left out: {target} {name}: {error}"),
            }
        });
        Ok(tests.into_inner()?)
    }

    /// Runs tests of one target in one process.
    pub(crate) fn run(
        &self,
        target: &str,
        names: &[String],
        mutant: u32,
        reached: Option<&Path>,
        limit: Duration,
    ) -> io::Result<Outcome> {
        let program = self.programs.get(target).ok_or(io::ErrorKind::NotFound)?;
        let null = || File::options().read(true).write(true).open("/dev/null");
        // 4 GB of addresses: a mutant that collects without end ends by itself.
        let mut command = Command::new("prlimit");
        command
            .args(["--as=4294967296", "--core=0", "--"])
            .arg(program)
            .args(["--exact", "--test-threads", "1"])
            .args(names);
        command
            .current_dir(self.directory)
            .env("CARGO_MANIFEST_DIR", self.directory)
            .env("MOCK_IMDS_MUTANT", mutant.to_string());
        if let Some(reached) = reached {
            command.env("MOCK_IMDS_MUTANTS_REACHED", reached);
        }
        let mut child =
            command.stdin(Stdio::null()).stdout(null()?).stderr(null()?).process_group(0).spawn()?;
        let outcome = wait(&mut child, limit)?;
        // What it left behind: its whole process group.
        let _ = Command::new("kill")
            .args(["-KILL", "--", &format!("-{}", child.id())])
            .stderr(Stdio::null())
            .status();
        let _ = child.wait();
        Ok(outcome)
    }
}

fn wait(child: &mut Child, limit: Duration) -> io::Result<Outcome> {
    let end = Instant::now() + limit;
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(if status.success() { Outcome::Passed } else { Outcome::Failed });
        }
        if Instant::now() > end {
            return Ok(Outcome::TimedOut);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Does the work of each item, `jobs` at a time.
pub(crate) fn each<T: Sync>(jobs: usize, items: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(item);
                }
            });
        }
    });
}
