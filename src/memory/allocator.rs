//! The allocator: the system's. In long computations it is also the clock tick at which they yield to other threads.
//!
//! A scheduler lets a thread that computes finish its time slice of some milliseconds, whoever else becomes ready: with as
//! many computations as processors, a request waits that long. Reading a scenario takes tens of milliseconds, most of them
//! in a parser that knows no pauses; but whatever computes long allocates and frees all the time.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

use crate::clock;

/// A computation yields after so long.
const QUANTUM: Duration = Duration::from_millis(1);
/// The allocations from one look at the clock to the next: some microseconds' worth.
const TICKS: u32 = 256;

/// Not of unit tests: these link the library, too, which has it.
#[cfg(not(test))]
#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

struct Allocator;

thread_local! {
    /// The allocations until the next look at the clock; 0 on a thread that does not yield.
    static TICKS_LEFT: Cell<u32> = const { Cell::new(0) };
    static QUANTUM_BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
    #[cfg(test)]
    static YIELDS: Cell<usize> = const { Cell::new(0) };
}

/// Runs a long computation, during which the thread yields to others each millisecond.
pub(crate) fn yielding<T>(computation: impl FnOnce() -> T) -> T {
    /// Also when it panics.
    struct Restore(u32);
    impl Drop for Restore {
        fn drop(&mut self) {
            TICKS_LEFT.set(self.0);
        }
    }

    QUANTUM_BEGAN.set(Some(clock::monotonic()));
    let _restore = Restore(TICKS_LEFT.replace(TICKS));
    computation()
}

#[inline]
fn tick() {
    let left = TICKS_LEFT.get();
    if left > 0 {
        count_down(left);
    }
}

#[cold]
fn count_down(left: u32) {
    if left > 1 {
        return TICKS_LEFT.set(left - 1);
    }
    TICKS_LEFT.set(TICKS);
    let now = clock::monotonic();
    if QUANTUM_BEGAN.get().is_none_or(|began| now.saturating_duration_since(began) >= QUANTUM) {
        thread::yield_now();
        QUANTUM_BEGAN.set(Some(clock::monotonic()));
        #[cfg(test)]
        YIELDS.set(YIELDS.get() + 1);
    }
}

// SAFETY: each function is the system allocator's, with the same arguments. `tick` allocates nothing, does not panic, and
// touches thread-local cells only that need neither construction nor destruction.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        tick();
        // SAFETY: the caller's promises are those that the system allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        tick();
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        tick();
        // SAFETY: as above; the pointer came from the system allocator.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        tick();
        // SAFETY: as above; the pointer came from the system allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computes as a parser does, for a time, and gives how often it yielded.
    fn yields(span: Duration) -> usize {
        let before = YIELDS.get();
        let began = clock::monotonic();
        let layout = Layout::new::<u64>();
        while began.elapsed() < span {
            // SAFETY: the layout has a size, and what was allocated with it is freed with it.
            unsafe { Allocator.dealloc(Allocator.alloc(layout), layout) };
        }
        YIELDS.get() - before
    }

    #[test]
    fn a_long_computation_yields_and_others_do_not() {
        assert_eq!(yields(QUANTUM * 4), 0, "before");
        assert!(yielding(|| yields(QUANTUM * 20)) > 0);
        assert_eq!(yielding(|| yields(Duration::ZERO)), 0, "a short one");
        assert_eq!(yields(QUANTUM * 4), 0, "after");
        let panicked = std::panic::catch_unwind(|| yielding(|| panic!("on purpose")));
        assert!(panicked.is_err());
        assert_eq!(yields(QUANTUM * 4), 0, "after a panic");
    }
}
