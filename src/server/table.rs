//! The table of connections: lets the next one in at once, and ends another if there is no room.

use std::io;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::task::{AbortHandle, yield_now};
use tokio::time::Instant;

use super::limits::Limits;
use super::registry::{Registry, Removed, Room};
use super::stage::ConnectionStage;

/// So many connections may wait for the server before it accepts others.
const BACKLOG: usize = 128;
/// A peak of fewer connections than these leaves nothing behind that is worth giving back.
const PEAK: usize = 256;

pub(super) struct ConnectionTable {
    registry: Mutex<Registry<AbortHandle>>,
    /// Connections that were ended for others and are not reported yet.
    evicted: AtomicU64,
    /// Connections that the kernel watches no socket for, and the last reason, if they are not reported yet.
    unregistered: Mutex<Option<Unregistered>>,
    /// Notified when a connection was ended for another.
    shortage: Notify,
    /// Notified when few are left of many.
    receded: Notify,
    /// Notified when none is left.
    emptied: Notify,
}

/// Connections that ended because the kernel watches no further socket.
#[derive(Debug)]
pub(super) struct Unregistered {
    pub(super) count: u64,
    pub(super) error: io::Error,
}

impl ConnectionTable {
    pub(super) fn new(limits: &Limits) -> Self {
        let &Limits { connections, parked, bytes, fresh, .. } = limits;
        Self {
            registry: Mutex::new(Registry::new(Room { connections, parked, bytes, fresh })),
            evicted: AtomicU64::new(0),
            unregistered: Mutex::new(None),
            shortage: Notify::new(),
            receded: Notify::new(),
            emptied: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Registry<AbortHandle>> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a slot to the connection whose task `spawn` starts.
    pub(super) fn admit(self: &Arc<Self>, spawn: impl FnOnce(Slot) -> AbortHandle) {
        let now = Instant::now();
        let mut registry = self.lock();
        let removed = registry.make_room(now);
        let number = registry.insert(now);
        drop(registry);
        self.end(removed);
        // Not under the lock: a runtime that stops drops the task at once, and the slot with it.
        let handle =
            spawn(Slot { table: Arc::clone(self), number, stage: AtomicU8::new(ConnectionStage::New as u8) });
        let removed = self.lock().attach(number, handle);
        if let Some(handle) = removed {
            handle.abort();
        }
    }

    /// If there is no room, resolves once the server has looked at most of those whom it accepted, and closed most of
    /// those whom it ended for them. No client can delay that.
    pub(super) async fn caught_up(&self) {
        while self.lock().backlog() > BACKLOG {
            yield_now().await;
        }
    }

    /// Ends some connections, because the process or the machine ran out of what they take, and admits fewer until
    /// [`restore`](Self::restore).
    pub(super) fn relieve(&self) {
        let relieved = self.lock().relieve(Instant::now());
        self.end(relieved);
        // Even if nobody was ended: whoever is told restores the room later.
        self.shortage.notify_one();
    }

    /// Notes that the kernel watches no further socket, and [relieves](Self::relieve) it.
    pub(super) fn note_unregistered(&self, error: io::Error) {
        let mut noted = self.unregistered.lock().unwrap_or_else(PoisonError::into_inner);
        let count = noted.as_ref().map_or(0, |noted| noted.count) + 1;
        *noted = Some(Unregistered { count, error });
        drop(noted);
        self.relieve();
    }

    /// The connections without a watched socket since this was last called.
    pub(super) fn take_unregistered(&self) -> Option<Unregistered> {
        self.unregistered.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Admits as many as there is room for.
    pub(super) fn restore(&self) {
        self.lock().restore();
    }

    /// Ends connections that were removed for others.
    fn end(&self, removed: impl IntoIterator<Item = Removed<AbortHandle>>) {
        let mut count = 0;
        for Removed(handle) in removed {
            count += 1;
            if let Some(handle) = handle {
                handle.abort();
            }
        }
        if count > 0 {
            self.evicted.fetch_add(count, Ordering::Relaxed);
            self.shortage.notify_one();
        }
    }

    fn enter(&self, number: u64, stage: ConnectionStage, bytes: usize) {
        let now = Instant::now();
        let mut registry = self.lock();
        registry.enter(number, stage, bytes, now);
        let mut removed = registry.shed();
        while removed.is_some() {
            drop(registry);
            self.end(removed);
            registry = self.lock();
            removed = registry.shed();
        }
    }

    fn remove(&self, number: u64) {
        let mut registry = self.lock();
        let handle = registry.close(number);
        let (left, peak) = (registry.len(), registry.peak());
        let receded = peak >= PEAK && left < peak / 4;
        if receded {
            registry.reset_peak();
        }
        drop(registry);
        drop(handle);
        if receded {
            self.receded.notify_one();
        }
        if left == 0 {
            self.emptied.notify_waiters();
        }
    }

    /// The number of connections.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Resolves once there is no connection.
    pub(super) async fn emptied(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.len() == 0 {
                return;
            }
            emptied.await;
        }
    }

    /// Resolves when few connections are left of many.
    pub(super) async fn receded(&self) {
        self.receded.notified().await;
    }

    /// Resolves when connections have been ended for others.
    pub(super) async fn shortage(&self) {
        self.shortage.notified().await;
    }

    /// The number of connections that were ended for others since this was last called.
    pub(super) fn take_evicted(&self) -> u64 {
        self.evicted.swap(0, Ordering::Relaxed)
    }
}

/// A connection's entry in the table; dropped with it.
pub(super) struct Slot {
    table: Arc<ConnectionTable>,
    number: u64,
    /// The stage that the table has.
    stage: AtomicU8,
}

impl Slot {
    pub(super) fn stage(&self) -> ConnectionStage {
        ConnectionStage::from_repr(self.stage.load(Ordering::Relaxed)).expect("only stages are stored")
    }

    /// Enters a stage in which the connection holds this much memory.
    pub(super) fn enter_with(&self, stage: ConnectionStage, bytes: usize) {
        self.stage.store(stage as u8, Ordering::Relaxed);
        self.table.enter(self.number, stage, bytes);
    }

    /// Enters a stage, and keeps what the connection holds there if it is in it.
    pub(super) fn enter(&self, stage: ConnectionStage, bytes: usize) {
        if self.stage() != stage {
            self.enter_with(stage, bytes);
        }
    }

    /// Leaves the table: the connection counts against no limit from now on.
    pub(super) fn release(&self) {
        self.table.remove(self.number);
    }
}

#[cfg(test)]
impl Slot {
    /// A slot of a table that has no connection.
    pub(super) fn unlisted() -> Self {
        let table = Arc::new(ConnectionTable::new(&Limits::default()));
        Self { table, number: 0, stage: AtomicU8::new(ConnectionStage::Idle as u8) }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_that_the_kernel_does_not_watch_makes_room_and_is_reported_once() {
        let table = Arc::new(ConnectionTable::new(&Limits { connections: 100, ..Limits::default() }));
        for _ in 0..100 {
            table.admit(|slot| {
                slot.enter(ConnectionStage::Idle, 0);
                tokio::spawn(async move {
                    std::future::pending::<()>().await;
                    drop(slot);
                })
                .abort_handle()
            });
        }
        for code in [libc::ENOMEM, libc::ENOSPC] {
            table.note_unregistered(io::Error::from_raw_os_error(code));
        }
        table.shortage().await;
        assert!(table.take_evicted() > 0, "idle connections make room");
        let Unregistered { count, error } = table.take_unregistered().expect("two");
        assert_eq!((count, error.raw_os_error()), (2, Some(libc::ENOSPC)));
        assert!(table.take_unregistered().is_none(), "reported once");
    }
}
