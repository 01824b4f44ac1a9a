//! How much the program takes: time to start and to reload, and memory. Each row prints what is to be reached.
//! With `fleet` only the rows of a thousand nodes.
//!
//! Times are those of this machine at this minute, except ratios to a bare hyper server, whose starts alternate with ours,
//! and processor time. Memory is what Linux counts as resident: code that is used counts, too.
#![expect(clippy::print_stdout, reason = "the result")]
#![expect(clippy::disallowed_methods, reason = "it measures")]

mod bare;
mod clients;
mod fleet;
mod memory;
mod process;
mod reload;
mod start;

/// Says to this program that it is the bare server.
const BARE: &str = "MOCK_IMDS_BENCH_BARE";

fn main() {
    if std::env::var_os(BARE).is_some() {
        return bare::serve(0, || println!("ready"));
    }
    let asked = |name: &str| std::env::args().any(|argument| argument == name);
    println!("{:<52}{:>12}   to reach", "", "found");
    if !asked("fleet") {
        start::rows();
        reload::rows();
        memory::rows(asked("--quick"));
    }
    fleet::rows();
}

/// Prints a row of the table.
fn row(name: &str, found: &str, reach: &str) {
    println!("{name:<52}{found:>12}   {reach}");
}
