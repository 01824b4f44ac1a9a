//! What an input may cost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// For each kilobyte of an input, in the fuzzer's build, which counts branches and checks arithmetic: it takes three to fourteen times
/// as long as the program, which may take 10 ms.
const PER_KILOBYTE: Duration = Duration::from_millis(20);
/// For any input: compiling the scenario of an empty file takes some of it.
const FLOOR: Duration = Duration::from_millis(40);
/// What costs so many times its limit is slow however busy the machine is.
const HOPELESS: u32 = 5;
/// An input is slow if it is so every time: others use the machine, too.
const REPEATS: u32 = 3;
/// The most that an input took so far, in percent of what it may take.
static MOST: AtomicU64 = AtomicU64::new(0);

/// Runs a target on an input; panics if that takes this thread too long.
pub fn check(run: fn(&[u8]), input: &[u8]) {
    let kilobytes = u32::try_from(input.len().div_ceil(1024)).expect("inputs are short");
    let limit = FLOOR.max(PER_KILOBYTE * kilobytes);
    let mut least = Duration::MAX;
    for _ in 0..REPEATS {
        let before = busy();
        run(input);
        least = least.min(busy().saturating_sub(before));
        if least <= limit {
            note(least, limit, input.len());
            return;
        }
        if least > limit * HOPELESS {
            break;
        }
    }
    panic!("{least:?} of computing for {} bytes; accepted: {limit:?}", input.len());
}

/// Tells each new maximum in a line that `scripts/fuzz` reads: how far the slowest input is from its limit.
#[expect(clippy::print_stderr, reason = "libFuzzer's own words go there, too")]
fn note(took: Duration, limit: Duration, bytes: usize) {
    let percent = (100 * took.as_micros() / limit.as_micros()).try_into().unwrap_or(u64::MAX);
    if percent > MOST.fetch_max(percent, Ordering::Relaxed) {
        eprintln!("cost: {percent} % of what {bytes} bytes may take");
    }
}

/// The time that this thread has computed.
fn busy() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("Linux has this clock").into()
}
