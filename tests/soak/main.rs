//! The service at its real address for minutes, among clients of every kind, while everything happens to it that may.
//!
//! `scripts/soak MINUTES` builds the program and runs this; `MOCK_IMDS_SOAK_PROGRAM` names it, `MOCK_IMDS_SOAK_SECONDS`
//! says how long. All of it is in a network namespace. Server and guardian are kept as systemd keeps them.
//!
//! A request may end as the scenario says, or as a fault says, or, while the test has broken something, in any way. All
//! else is unexpected, and fails the test; so does memory that grows, and a descriptor that stays.
#![expect(clippy::disallowed_methods, reason = "it measures, and says how long it lasts")]

mod clients;
mod deeds;
mod disturbances;
mod http;
mod processes;
mod resources;
mod tally;

use std::env;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use clients::Soak;
use deeds::{Doer, SCENARIO};
use disturbances::Disturbances;
use processes::Processes;
use resources::{Resources, Trend, descriptors, open_files, settled_descriptors};
use support::host::Host;
use support::poll;
use tally::Tally;

/// Between two deeds.
const PACE: Duration = Duration::from_millis(700);
/// For connections to end, after the clients have.
const CLOSED: Duration = Duration::from_secs(15);
/// How much more a process may have in the last third of its life than in the one before: what the allocator keeps
/// after a peak, and what tables of clients take until they are full. Percent, and kilobytes.
const GROWTH: (u64, u64) = (10, 1024);

/// What a thread of a client does.
type Client = fn(&Soak<'_>);

const CLIENTS: &[Client] = &[
    |soak| soak.one_shot(),
    |soak| soak.one_shot(),
    |soak| soak.with_token(),
    |soak| soak.with_token(),
    |soak| soak.keep_alive(),
    |soak| soak.keep_alive(),
    |soak| soak.slow(),
    |soak| soak.slow(),
    |soak| soak.rude(),
    |soak| soak.follower(),
    |soak| soak.looker(),
];

#[test]
fn nothing_unexpected_happens() {
    let Some(host) = Host::new() else { return };
    let seconds =
        env::var("MOCK_IMDS_SOAK_SECONDS").map_or(60, |text| text.parse().expect("a number of seconds"));
    let program =
        env::var_os("MOCK_IMDS_SOAK_PROGRAM").map_or_else(|| support::program().to_owned(), PathBuf::from);
    let before = host.network();
    host.write("scenario.toml", SCENARIO);
    let (tally, disturbances, stop) = (Tally::default(), Disturbances::default(), AtomicBool::new(false));
    let mut processes = Processes::start(&host, &program);
    let idle = pids(&mut processes).map(settled_descriptors);
    let mut doer = Doer::new(&host, processes, &disturbances, &tally);
    let control = host.directory.join("control.sock");
    let soak = Soak { tally: &tally, disturbances: &disturbances, stop: &stop, control: &control };
    let resources = thread::scope(|scope| {
        for client in CLIENTS {
            scope.spawn(|| client(&soak));
        }
        // Also when a deed panics: the clients would go on for ever.
        let _stop = StopAtEnd(&stop);
        play(&mut doer, Duration::from_secs(seconds))
    });
    let summary = judge(&tally, &resources, idle);
    let table = tally.table();
    let done = doer.done();
    let starts = (doer.processes.server_starts, doer.processes.guardian_starts);
    let clock =
        if doer.processes.can_move_wall_clock() { "" } else { " (the clock did not jump: no libfaketime)" };
    let codes = doer.processes.stop();
    println!(
        "{seconds} seconds; done: {done}{clock}; starts of server and guardian: {starts:?}\n{table}{summary}"
    );
    assert_eq!(codes, [Some(0); 2], "exit codes of server and guardian");
    assert_eq!(host.network(), before, "the network afterwards");
    assert_eq!(
        tally.unexpected_count(),
        0,
        "unexpected ends, in the table above; rerun: scripts/soak MINUTES"
    );
}

struct StopAtEnd<'s>(&'s AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Of server and guardian.
fn pids(processes: &mut Processes<'_>) -> [u32; 2] {
    let server = processes.server().pid().as_raw();
    [u32::try_from(server).expect("process ids are positive"), processes.guardian().pid()]
}

/// Deed after deed until the time is over. Processes are killed in the first half; in the second their memory counts.
fn play(doer: &mut Doer<'_>, time: Duration) -> [Resources; 2] {
    let start = Instant::now();
    let [server, guardian] = pids(&mut doer.processes);
    let mut resources = [Resources::new("server", server), Resources::new("guardian", guardian)];
    while start.elapsed() < time {
        doer.act(start.elapsed() < time / 2);
        for (resources, pid) in resources.iter_mut().zip(pids(&mut doer.processes)) {
            resources.sample(pid);
        }
        sleep(PACE);
    }
    resources
}

/// Lines about memory and descriptors; what is wrong with them becomes unexpected.
fn judge(tally: &Tally, resources: &[Resources; 2], idle: [usize; 2]) -> String {
    let mut summary = String::new();
    for (one, idle) in resources.iter().zip(idle) {
        let found = poll(CLOSED, || match descriptors(one.pid()) {
            Some(now) if now <= idle => Ok(now),
            now => Err(format!("{now:?}: {}", open_files(one.pid()))),
        });
        let (stay, name) = (found.is_err(), one.name);
        let now = found.map_or_else(|found| found, |(now, _)| now.to_string());
        let _ = write!(summary, "{name}: descriptors {idle} at the start, {now} at the end");
        if stay {
            tally.unexpected(format!("descriptors of the {name}: {idle} at the start, {now} at the end"));
        }
        if let Some(Trend { from, to, slope, lived }) = one.trend() {
            let lived = lived.as_secs();
            let _ =
                write!(summary, "; {from} → {to} KB in the last thirds of {lived} s, {slope:+} KB a minute");
            if to > from + from * GROWTH.0 / 100 + GROWTH.1 {
                tally.unexpected(format!("the memory of the {name} grows: {from} → {to} KB"));
            }
        }
        summary.push('\n');
    }
    summary
}
