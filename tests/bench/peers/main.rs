//! Requests a second and the slowest of a hundred, row by row, beside nginx and a bare epoll server.
//!
//! nginx answers each request with a constant (`return 200`), and so does the epoll server, which is the least that a
//! server on this machine can do. Rounds alternate, so that what disturbs one disturbs all. `--quick` takes one short
//! round of each row. The ratio of the processor time that a request takes is steadier than that of the rates.
#![expect(clippy::print_stdout, reason = "the result")]
#![expect(clippy::disallowed_methods, reason = "it measures")]

mod epoll;
mod processor;
mod rows;
mod servers;
mod wrk;

use std::time::Duration;

use rows::{ROWS, Row};
use servers::Servers;
use wrk::Load;

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let (rounds, duration) = if quick { (1, Duration::from_secs(2)) } else { (5, Duration::from_secs(3)) };
    let servers = Servers::start();
    println!("idle: {} resident", servers.memory());
    println!(
        "wrk -t2 -c64, median of {rounds} rounds of {} s each; p99 in ms, in brackets\n\n{:<32}{:>17}{:>17}{:>17}{:>8}{:>8}{:>8}",
        duration.as_secs(),
        "request",
        "mock-imds/s",
        "nginx/s",
        "epoll/s",
        "by time",
        "ratio",
        "reach"
    );
    for row in ROWS {
        measure(row, &servers, rounds, duration);
    }
    println!("\nafter this load: {} resident", servers.memory());
}

/// Measures a row and prints its line.
fn measure(row: &Row, servers: &Servers, rounds: usize, duration: Duration) {
    let (mut ours, mut nginx, mut epoll) = (Vec::new(), Vec::new(), Vec::new());
    let token = servers.token(row);
    for _ in 0..rounds {
        let load = |server, process| Load::of(row, server, process, token.as_deref(), duration);
        ours.push(load(servers.ours(row), Some(servers.our_process(row))));
        nginx.push(load(servers.nginx(row), Some(servers.nginx_process())));
        if !row.closes {
            epoll.push(load(servers.epoll, None));
        }
    }
    let by_time = median_time(&nginx) / median_time(&ours);
    let (ours, nginx) = (median(ours), median(nginx));
    let epoll = if epoll.is_empty() { String::new() } else { median(epoll).to_string() };
    let ratio = ours.rate / nginx.rate;
    println!(
        "{:<32}{:>17}{:>17}{epoll:>17}{by_time:>8.2}{ratio:>8.2}{:>8.2}{}{}",
        row.name,
        ours.to_string(),
        nginx.to_string(),
        row.reach,
        if ratio < row.reach { "  below" } else { "" },
        if ours.slowest > nginx.slowest { "  slower p99" } else { "" },
    );
}

/// The processor time of a request, in nanoseconds.
fn median_time(loads: &[Load]) -> f64 {
    let mut times: Vec<f64> = loads.iter().map(|load| load.processor_time).collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn median(mut loads: Vec<Load>) -> Load {
    loads.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    loads.swap_remove(loads.len() / 2)
}
