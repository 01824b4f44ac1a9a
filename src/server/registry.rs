//! Who is connected, and who goes when there is no room. Decides only: [`ConnectionTable`] acts.
//!
//! [`ConnectionTable`]: super::table::ConnectionTable

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use tokio::time::Instant;

use super::stage::ConnectionStage;

/// Of so many connections one goes when descriptors or memory run out.
const RELIEF: usize = 16;

/// The room that there is for connections.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Connections at one time, except parked ones.
    pub(super) connections: usize,
    /// Parked connections at one time.
    pub(super) parked: usize,
    /// Bytes that all connections together may hold.
    pub(super) bytes: usize,
    /// The time in a stage before which a connection goes only if there is no older one: its client may be about
    /// to write or to read.
    pub(super) fresh: Duration,
}

/// All connections. `H` ends one.
pub(super) struct Registry<H> {
    room: Room,
    /// As many connections as there may be now: fewer than there is room for, after the room has proved too small.
    most: usize,
    connections: HashMap<u64, Connection<H>>,
    /// Those that wait, by stage, the oldest first.
    waiting: [BTreeSet<(Instant, u64)>; ConnectionStage::WAITING],
    /// Those that were removed for others, and whose descriptors are still open.
    ending: HashSet<u64>,
    /// Those in [`ConnectionStage::New`].
    new: usize,
    bytes: usize,
    next: u64,
    /// The most connections at one time since this was last reset.
    peak: usize,
}

/// A connection that is in the registry no more, and what ends it, unless that is still to come.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Removed<H>(pub(super) Option<H>);

struct Connection<H> {
    stage: ConnectionStage,
    since: Instant,
    bytes: usize,
    handle: Option<H>,
}

impl<H> Registry<H> {
    pub(super) fn new(room: Room) -> Self {
        let waiting = std::array::from_fn(|_| BTreeSet::new());
        Self {
            room,
            most: room.connections,
            connections: HashMap::new(),
            waiting,
            ending: HashSet::new(),
            new: 0,
            bytes: 0,
            next: 0,
            peak: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.connections.len()
    }

    pub(super) fn peak(&self) -> usize {
        self.peak
    }

    /// Forgets the peak, and gives back what the table took for it.
    pub(super) fn reset_peak(&mut self) {
        self.peak = self.len();
        self.connections.shrink_to_fit();
        self.ending.shrink_to_fit();
    }

    /// The number of connections that the server has to look at, or to close, before it accepts others; none while there
    /// is room.
    pub(super) fn backlog(&self) -> usize {
        if self.is_full() { self.new + self.ending.len() } else { 0 }
    }

    fn is_full(&self) -> bool {
        self.len() - self.parked() >= self.most
    }

    /// Adds a new connection under a number of its own. What ends it comes later: its task needs the number.
    pub(super) fn insert(&mut self, now: Instant) -> u64 {
        self.next += 1;
        let connection = Connection { stage: ConnectionStage::New, since: now, bytes: 0, handle: None };
        self.connections.insert(self.next, connection);
        self.new += 1;
        self.peak = self.peak.max(self.len());
        self.next
    }

    /// Sets what ends a connection. Gives it back if the connection was removed for others meanwhile. One that has left by
    /// itself may go on: its reply may be one that never comes.
    pub(super) fn attach(&mut self, number: u64, handle: H) -> Option<H> {
        match self.connections.get_mut(&number) {
            Some(connection) => {
                connection.handle = Some(handle);
                None
            }
            None => self.ending.contains(&number).then_some(handle),
        }
    }

    /// Removes a connection that is closed, unless it has been removed.
    pub(super) fn close(&mut self, number: u64) -> Option<Removed<H>> {
        self.ending.remove(&number);
        self.remove(number)
    }

    fn evict(&mut self, (_, number): (Instant, u64)) -> Option<Removed<H>> {
        self.ending.insert(number);
        self.remove(number)
    }

    fn remove(&mut self, number: u64) -> Option<Removed<H>> {
        let connection = self.connections.remove(&number)?;
        self.leave(connection.stage, connection.since, number);
        self.bytes -= connection.bytes;
        Some(Removed(connection.handle))
    }

    /// Moves a connection to a stage. In the same one it keeps its age.
    pub(super) fn enter(&mut self, number: u64, stage: ConnectionStage, bytes: usize, now: Instant) {
        let Some(connection) = self.connections.get_mut(&number) else { return };
        self.bytes = self.bytes - connection.bytes + bytes;
        connection.bytes = bytes;
        if connection.stage == stage {
            return;
        }
        let (former, since) = (connection.stage, connection.since);
        (connection.stage, connection.since) = (stage, now);
        self.leave(former, since, number);
        if let Some(queue) = self.waiting.get_mut(stage as usize) {
            queue.insert((now, number));
        }
    }

    fn leave(&mut self, stage: ConnectionStage, since: Instant, number: u64) {
        if stage == ConnectionStage::New {
            self.new -= 1;
        } else if let Some(queue) = self.waiting.get_mut(stage as usize) {
            queue.remove(&(since, number));
        }
    }

    /// Removes the connection that goes for the next one, if there are as many as there may be. None goes if all of
    /// them wait for the server: then there will be room at once.
    pub(super) fn make_room(&mut self, now: Instant) -> Option<Removed<H>> {
        if !self.is_full() {
            return None;
        }
        let victim = self.victim(now, ConnectionStage::Silenced as usize)?;
        self.evict(victim)
    }

    /// Removes a connection if more are parked than may be, or if all together hold too much.
    pub(super) fn shed(&mut self) -> Option<Removed<H>> {
        let stages: &[ConnectionStage] = if self.parked() > self.room.parked {
            &[ConnectionStage::Silenced, ConnectionStage::Delayed]
        } else if self.bytes > self.room.bytes {
            &[
                ConnectionStage::KeptAlive,
                ConnectionStage::Head,
                ConnectionStage::Body,
                ConnectionStage::Blocked,
                ConnectionStage::Delayed,
            ]
        } else {
            &[]
        };
        let victim = stages.iter().find_map(|stage| self.first(*stage))?;
        self.evict(victim)
    }

    /// Removes those that have least to lose, one in [`RELIEF`], and admits no more than are left, because the process
    /// or the machine ran out of what they take.
    pub(super) fn relieve(&mut self, now: Instant) -> Vec<Removed<H>> {
        let count = self.len().div_ceil(RELIEF);
        let relieved = (0..count).map_while(|_| self.shed_one(now)).collect();
        self.most = self.most.min((self.len() - self.parked()).max(RELIEF));
        relieved
    }

    /// Admits as many as there is room for again: what was short may no longer be.
    pub(super) fn restore(&mut self) {
        self.most = self.room.connections;
    }

    /// Removes the connection that has least to lose, whether or not a limit is exceeded.
    fn shed_one(&mut self, now: Instant) -> Option<Removed<H>> {
        let victim = self.victim(now, ConnectionStage::WAITING)?;
        self.evict(victim)
    }

    fn parked(&self) -> usize {
        self.waiting[ConnectionStage::Silenced as usize..].iter().map(BTreeSet::len).sum()
    }

    fn first(&self, stage: ConnectionStage) -> Option<(Instant, u64)> {
        self.waiting[stage as usize].first().copied()
    }

    /// The oldest of the first stage (of this many) in which one is no longer fresh, or else the oldest of all.
    fn victim(&self, now: Instant, stages: usize) -> Option<(Instant, u64)> {
        let oldest = || self.waiting[..stages].iter().filter_map(BTreeSet::first).copied();
        oldest().find(|(since, _)| now.duration_since(*since) >= self.room.fresh).or_else(|| oldest().min())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { connections: 4, parked: 2, bytes: 1_000, fresh: Duration::from_millis(250) };

    /// A registry with a connection in each of these stages, entered a second apart from each other, and the time
    /// a second after the last. Their handles are their numbers, counted from 1.
    fn registry(stages: &[(ConnectionStage, usize)]) -> (Registry<u64>, Instant) {
        let (mut registry, mut now) = (Registry::new(ROOM), Instant::now());
        for (stage, bytes) in stages {
            add(&mut registry, *stage, *bytes, now);
            now += Duration::from_secs(1);
        }
        (registry, now)
    }

    fn add(registry: &mut Registry<u64>, stage: ConnectionStage, bytes: usize, now: Instant) {
        let number = registry.insert(now);
        assert_eq!(registry.attach(number, number), None);
        registry.enter(number, stage, bytes, now);
    }

    fn number(removed: Option<Removed<u64>>) -> Option<u64> {
        removed.map(|removed| removed.0.expect("each has a handle"))
    }

    fn shed_all(registry: &mut Registry<u64>, now: Instant) -> Vec<u64> {
        std::iter::from_fn(|| number(registry.shed_one(now))).collect()
    }

    #[test]
    fn who_has_least_to_lose_goes_first_and_who_waits_for_the_server_never() {
        use ConnectionStage::{
            Answering, Blocked, Body, Delayed, Head, Idle, KeptAlive, Lingering, New, Silenced,
        };
        let order =
            [Answering, New, Delayed, Silenced, Blocked, Body, Head, Head, Lingering, KeptAlive, Idle, Idle];
        let (mut registry, now) = registry(&order.map(|stage| (stage, 0)));
        assert_eq!(shed_all(&mut registry, now), [11, 12, 10, 9, 7, 8, 6, 5, 4, 3]);
        assert_eq!(registry.len(), 2);
    }

    #[test]
    fn who_came_just_now_goes_after_all_who_have_waited() {
        let (mut registry, now) = registry(&[(ConnectionStage::Blocked, 0), (ConnectionStage::Idle, 0)]);
        add(&mut registry, ConnectionStage::Idle, 0, now);
        assert_eq!(shed_all(&mut registry, now + Duration::from_millis(249)), [2, 1, 3]);
    }

    #[test]
    fn of_those_who_came_just_now_the_oldest_goes() {
        let (mut registry, now) = (Registry::new(ROOM), Instant::now());
        let stages = [ConnectionStage::Head, ConnectionStage::Idle, ConnectionStage::Blocked];
        for (milliseconds, stage) in (0..).zip(stages) {
            add(&mut registry, stage, 0, now + Duration::from_millis(milliseconds));
        }
        assert_eq!(shed_all(&mut registry, now + Duration::from_millis(9)), [1, 2, 3]);
    }

    #[test]
    fn one_goes_for_the_next_and_parked_ones_do_not_count() {
        let stages = [
            ConnectionStage::Blocked,
            ConnectionStage::Silenced,
            ConnectionStage::Head,
            ConnectionStage::Answering,
        ]
        .map(|stage| (stage, 0));
        let (mut registry, now) = registry(&stages);
        assert_eq!(registry.make_room(now), None, "there is room for one");
        add(&mut registry, ConnectionStage::Delayed, 0, now);
        assert_eq!(registry.make_room(now), None, "there still is");
        add(&mut registry, ConnectionStage::Blocked, 0, now);
        assert_eq!(number(registry.make_room(now)), Some(3));
        assert_eq!(registry.make_room(now), None);
    }

    #[test]
    fn who_is_parked_goes_when_too_many_are() {
        let stages = [ConnectionStage::Delayed, ConnectionStage::Delayed, ConnectionStage::Silenced]
            .map(|stage| (stage, 0));
        let (mut registry, now) = registry(&stages);
        assert_eq!((number(registry.shed()), registry.shed()), (Some(3), None));
        add(&mut registry, ConnectionStage::Delayed, 0, now);
        assert_eq!((number(registry.shed()), registry.shed()), (Some(1), None));
    }

    #[test]
    fn after_a_shortage_parked_ones_do_not_count() {
        let room = Room { connections: 100, parked: 100, ..ROOM };
        let (mut registry, now) = (Registry::new(room), Instant::now());
        for number in 0..50 {
            let stage = if number < 33 { ConnectionStage::Head } else { ConnectionStage::Silenced };
            add(&mut registry, stage, 0, now);
        }
        assert_eq!((registry.relieve(now).len(), registry.len()), (4, 46));
        assert_eq!(registry.most, 46 - 17);
    }

    #[test]
    fn after_a_shortage_there_are_fewer_until_it_is_over() {
        let room = Room { connections: 100, ..ROOM };
        let (mut registry, now) = (Registry::new(room), Instant::now());
        for _ in 0..33 {
            add(&mut registry, ConnectionStage::Head, 0, now);
        }
        assert_eq!((registry.relieve(now).len(), registry.len()), (3, 30));
        assert_eq!(number(registry.make_room(now)), Some(4), "30 are as many as there may be");
        for _ in 0..20 {
            registry.relieve(now);
        }
        assert_eq!(registry.most, RELIEF, "there are always some places");
        registry.restore();
        assert_eq!(registry.most, 100);
    }

    #[test]
    fn who_is_new_or_not_closed_yet_is_the_backlog_when_there_is_no_room() {
        let (mut registry, now) =
            registry(&[(ConnectionStage::Head, 0), (ConnectionStage::Head, 0), (ConnectionStage::Idle, 0)]);
        assert_eq!(registry.backlog(), 0);
        let new = registry.insert(now);
        assert_eq!((registry.backlog(), number(registry.make_room(now))), (1, Some(3)));
        assert_eq!(registry.backlog(), 0, "there is room again");
        let next = registry.insert(now);
        assert_eq!(registry.backlog(), 3, "two new ones, and one that is not closed");
        registry.close(3);
        registry.enter(new, ConnectionStage::Idle, 0, now);
        assert_eq!(registry.backlog(), 1);
        registry.enter(next, ConnectionStage::Idle, 0, now);
        assert_eq!(registry.backlog(), 0);
    }

    #[test]
    fn a_crowd_that_is_all_being_answered_is_let_be() {
        let (mut registry, now) = registry(&[(ConnectionStage::Answering, 0); 9]);
        assert_eq!((registry.make_room(now), registry.shed_one(now)), (None, None));
    }

    #[test]
    fn who_holds_memory_goes_when_it_is_too_much() {
        let stages =
            [(ConnectionStage::Idle, 0), (ConnectionStage::Blocked, 600), (ConnectionStage::Head, 400)];
        let (mut registry, now) = registry(&stages);
        assert_eq!(registry.shed(), None, "as many bytes as there may be");
        registry.enter(3, ConnectionStage::Head, 401, now);
        assert_eq!((number(registry.shed()), registry.shed()), (Some(3), None));
        registry.enter(2, ConnectionStage::Blocked, 1_001, now);
        assert_eq!((number(registry.shed()), registry.len()), (Some(2), 1));
    }

    #[test]
    fn more_of_the_same_does_not_make_it_younger() {
        let (mut registry, now) = registry(&[(ConnectionStage::Head, 1), (ConnectionStage::Head, 1)]);
        registry.enter(1, ConnectionStage::Head, 9, now);
        assert_eq!(shed_all(&mut registry, now), [1, 2]);
    }

    #[test]
    fn what_is_gone_changes_nothing() {
        let (mut registry, now) = registry(&[(ConnectionStage::Head, 10)]);
        assert_eq!((number(registry.close(1)), registry.close(1)), (Some(1), None));
        registry.enter(1, ConnectionStage::Blocked, 10, now);
        assert_eq!((registry.len(), registry.bytes, registry.peak()), (0, 0, 1));
        registry.reset_peak();
        assert_eq!(registry.peak(), 0);
    }

    /// Its task may be faster than whoever registers what ends it.
    #[test]
    fn a_connection_that_was_removed_for_others_is_ended_and_one_that_has_left_goes_on() {
        let (mut registry, now) = registry(&[(ConnectionStage::Head, 1), (ConnectionStage::Head, 1)]);
        registry.close(1);
        assert_eq!(registry.attach(1, 7), None, "it has left by itself");
        assert_eq!(shed_all(&mut registry, now), [2]);
        assert_eq!(registry.attach(2, 7), Some(7), "its place went to another one");
        registry.close(2);
        assert_eq!(registry.attach(2, 7), None, "it has ended meanwhile");
    }
}
