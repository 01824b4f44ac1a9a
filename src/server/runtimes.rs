//! The runtimes that serve connections, in turn.
//!
//! Each has one thread and watches its own connections. A runtime with two threads hands them work back and forth: under
//! load each waited for the other, and for the processor that it had given up meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::Handle;

#[derive(Debug)]
pub struct ServingRuntimes {
    first: Handle,
    others: Vec<Handle>,
    connections: AtomicUsize,
}

impl ServingRuntimes {
    /// The first one accepts, too.
    pub fn new(first: Handle, others: Vec<Handle>) -> Self {
        Self { first, others, connections: AtomicUsize::new(0) }
    }

    pub(super) fn first(&self) -> &Handle {
        &self.first
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Handle> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The one that serves the next connection.
    pub(super) fn next(&self) -> &Handle {
        let number = self.connections.fetch_add(1, Ordering::Relaxed) % (1 + self.others.len());
        number.checked_sub(1).and_then(|index| self.others.get(index)).unwrap_or(&self.first)
    }
}

impl From<Handle> for ServingRuntimes {
    fn from(only: Handle) -> Self {
        Self::new(only, vec![])
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::Builder;

    use super::*;

    #[test]
    fn connections_take_turns() {
        let runtimes = [0; 3].map(|_| Builder::new_current_thread().build().expect("a runtime"));
        let [first, second, third] = &runtimes.each_ref().map(|runtime| runtime.handle().clone());
        let serving = ServingRuntimes::new(first.clone(), vec![second.clone(), third.clone()]);
        assert_eq!(serving.first().id(), first.id());
        let turns = [0; 7].map(|_| serving.next().id());
        assert_eq!(turns, [first, second, third, first, second, third, first].map(Handle::id));
        let only = ServingRuntimes::from(second.clone());
        assert_eq!([only.next().id(), only.next().id()], [second.id(), second.id()]);
    }
}
