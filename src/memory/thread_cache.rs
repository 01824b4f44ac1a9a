//! What the allocator keeps for each thread.
//!
//! glibc keeps the last seven chunks of each size up to a kilobyte that a thread has freed, for its next requests ("tcache").
//! After a crowd they are spread over as many pages, which stay resident: some megabytes for two threads. Only the end of a
//! thread gives them up. So they are taken, as by requests, and freed by a thread that ends.

use std::thread;

#[cfg(target_env = "gnu")]
const EACH: usize = 7;
#[cfg(not(target_env = "gnu"))]
const EACH: usize = 0;
/// The bytes that chunks have room for.
const SMALLEST: usize = 24;
const LARGEST: usize = 1_032;
const STEP: usize = 16;

/// Chunks that a thread would have been given next.
#[derive(Debug)]
pub(crate) struct CachedChunks(Vec<Vec<u8>>);

/// Takes those of the thread that calls it.
pub(crate) fn take_cached_chunks() -> CachedChunks {
    let sizes = (SMALLEST..=LARGEST).step_by(STEP);
    CachedChunks(sizes.flat_map(|size| (0..EACH).map(move |_| Vec::with_capacity(size))).collect())
}

/// Frees chunks, so that no thread keeps them. It waits for the thread that does.
pub(crate) fn free_for_all(chunks: Vec<CachedChunks>) {
    let ending = thread::Builder::new()
        .spawn(move || chunks.into_iter().for_each(|CachedChunks(chunks)| drop(chunks)));
    // Without a thread they are freed by this one.
    let _ = ending.map(thread::JoinHandle::join);
}

#[cfg(all(test, target_env = "gnu"))]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_a_thread_has_freed_is_taken() {
        let (freed, taken) = thread::spawn(|| {
            let chunks: Vec<Vec<u8>> = (0..EACH).map(|_| Vec::with_capacity(500)).collect();
            let freed: Vec<usize> = chunks.iter().map(|chunk| chunk.as_ptr().addr()).collect();
            drop(chunks);
            let taken = take_cached_chunks();
            let addresses: BTreeSet<usize> = taken.0.iter().map(|chunk| chunk.as_ptr().addr()).collect();
            free_for_all(vec![taken]);
            (freed, addresses)
        })
        .join()
        .expect("no panic");
        assert!(freed.iter().all(|address| taken.contains(address)), "freed {freed:x?}, taken {taken:x?}");
    }
}
