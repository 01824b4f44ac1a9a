//! Who may be connected to the control socket, so that nobody keeps others out.
//!
//! | at one time | of a user | of all users but root and the service's own |
//! |---|---|---|
//! | connections, but for those that wait | 64 | 128 |
//! | requests that are carried out, but for a status and a reload | 60 | |
//! | a status or a reload that is carried out | 16 | |
//! | clients that wait for requests | 64 | 128 |
//! | bytes of long bodies | 8 MiB | |
//!
//! Root and the service's own user have all of this twice: by the socket for the group, and by the owner's.
//!
//! A new connection takes the place of one that has least to lose when there is none left: the oldest that has not sent
//! a whole request, else the oldest that does not read its response. A request that is carried out is never ended.

mod crowd;
mod crowd_log;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::unistd::Uid;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};

pub(super) use crowd::{Caller, Crowded};
use crowd::{Connection, ConnectionSignals, Crowd, Stage};

/// Connections of a user.
const CONNECTIONS: usize = 64;
/// Requests of a user that are carried out at one time: places are left for a status and a reload.
const REQUESTS: usize = CONNECTIONS - 4;
/// Statuses and reloads of a user at one time.
const URGENT_REQUESTS: usize = 16;
/// Connections of all users but the privileged.
const OTHERS_CONNECTIONS: usize = 128;
/// Clients of a user that wait for requests.
const WAITING: usize = 64;
/// The same of all users but the privileged.
const OTHERS_WAITING: usize = 128;
/// Bytes of the long bodies of a user.
const BODIES: usize = 8 << 20;
/// A body up to this length is not counted: what an administrator sends.
const SHORT_BODY: usize = 4 << 10;
/// Long responses of a kind that are computed at one time.
const COMPUTING: usize = 2;
/// Who has not read a response within this time loses the place, even if nobody needs it.
const UNREAD_TIMEOUT: Duration = Duration::from_secs(10);

/// All places. There is one of it for a socket.
#[derive(Debug)]
pub(super) struct Admission {
    /// The user of this process; as root it may always connect.
    own: u32,
    crowd: Mutex<Crowd>,
    computing: ComputingPermits,
}

/// What is urgent waits for nothing else, and for no other user if it is of a privileged one.
#[derive(Debug)]
struct ComputingPermits {
    usual: Arc<Semaphore>,
    urgent: Arc<Semaphore>,
    urgent_privileged: Arc<Semaphore>,
}

impl Default for ComputingPermits {
    fn default() -> Self {
        let permits = || Arc::new(Semaphore::new(COMPUTING));
        Self { usual: permits(), urgent: permits(), urgent_privileged: permits() }
    }
}

/// The place of a connection. It is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    admission: Arc<Admission>,
    number: u64,
    caller: Caller,
    signals: Arc<ConnectionSignals>,
}

impl Admission {
    pub(super) fn new(own: Uid) -> Arc<Self> {
        Arc::new(Self { own: own.as_raw(), crowd: Mutex::default(), computing: ComputingPermits::default() })
    }

    /// A place for a connection of this user, unless all are taken by requests that are being carried out.
    pub(super) fn admit(self: &Arc<Self>, caller: Caller, now: Instant) -> Result<Arc<Place>, Crowded> {
        let mut crowd = self.crowd();
        let theirs = |connection: &Connection| connection.caller == caller;
        let others = |connection: &Connection| !self.is_privileged(connection.caller);
        if crowd.count_placed(theirs) >= CONNECTIONS {
            crowd.evict(now, theirs).map_err(|()| crowd.turn_away(now, caller, "connections"))?;
        }
        if !self.is_privileged(caller) && crowd.count_placed(others) >= OTHERS_CONNECTIONS {
            crowd.evict(now, others).map_err(|()| crowd.turn_away(now, caller, "connections"))?;
        }
        let (number, signals) = crowd.add(caller);
        Ok(Arc::new(Place { admission: Arc::clone(self), number, caller, signals }))
    }

    fn is_privileged(&self, Caller { uid, .. }: Caller) -> bool {
        uid == 0 || uid == self.own
    }

    fn crowd(&self) -> MutexGuard<'_, Crowd> {
        self.crowd.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// More bytes of the body have come.
    pub(super) fn receive(&self, bytes: usize) -> Result<(), Crowded> {
        let mut crowd = self.admission.crowd();
        let others =
            crowd.bodies(|other| other.caller == self.caller && other.number != self.number, SHORT_BODY);
        let own = crowd.own(self.number)?;
        let received = own.received + bytes;
        if received > SHORT_BODY && others + received > BODIES {
            return Err(crowd.turn_away(Instant::now(), self.caller, "bytes of request bodies"));
        }
        own.received = received;
        Ok(())
    }

    /// The request is whole, and is carried out next.
    pub(super) fn execute(&self, urgent: bool) -> Result<(), Crowded> {
        let mut crowd = self.admission.crowd();
        let executing = Stage::Executing { urgent };
        let theirs = crowd.count(|other| other.caller == self.caller && other.stage == executing);
        let (limit, what) = if urgent {
            (URGENT_REQUESTS, "statuses and reloads that are being carried out")
        } else {
            (REQUESTS, "requests that are being carried out")
        };
        if theirs >= limit {
            return Err(crowd.turn_away(Instant::now(), self.caller, what));
        }
        crowd.own(self.number)?.stage = executing;
        Ok(())
    }

    /// It waits for requests of clients from now on, and leaves its place to another.
    pub(super) fn wait(&self) -> Result<(), Crowded> {
        let (admission, mut crowd) = (&self.admission, self.admission.crowd());
        let is_waiting = |other: &Connection| other.stage == Stage::Waiting;
        let theirs = crowd.count(|other| is_waiting(other) && other.caller == self.caller);
        let others = crowd.count(|other| is_waiting(other) && !admission.is_privileged(other.caller));
        if theirs >= WAITING || (!admission.is_privileged(self.caller) && others >= OTHERS_WAITING) {
            return Err(crowd.turn_away(Instant::now(), self.caller, "clients that wait for requests"));
        }
        crowd.own(self.number)?.stage = Stage::Waiting;
        Ok(())
    }

    /// Waits for the turn to compute a response.
    pub(super) async fn computing(&self, urgent: bool) -> Option<OwnedSemaphorePermit> {
        let ComputingPermits { usual, urgent: others, urgent_privileged } = &self.admission.computing;
        let permits = match urgent {
            false => usual,
            true if self.admission.is_privileged(self.caller) => urgent_privileged,
            true => others,
        };
        Arc::clone(permits).acquire_owned().await.ok()
    }

    /// The response is on its way.
    pub(super) fn send(&self, now: Instant) {
        // Who was evicted does not read any more.
        if let Ok(own) = self.admission.crowd().own(self.number)
            && own.stage != Stage::Waiting
        {
            own.stage = Stage::Sending { since: now };
            own.received = 0;
        }
        self.signals.sending.notify_one();
    }

    /// Done when the connection has to end: another one takes its place, or the response is not read.
    pub(super) async fn lost(&self) {
        let unread = async {
            self.signals.sending.notified().await;
            sleep(UNREAD_TIMEOUT).await;
        };
        tokio::select! {
            () = self.signals.evicted.notified() => {}
            () = unread => {}
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admission.crowd().remove(self.number);
    }
}

#[cfg(test)]
mod tests;
