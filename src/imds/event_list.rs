//! The events of a fleet by their numbers, and which of them wait for a first request.

use std::ops::Deref;
use std::sync::Arc;

use super::fleet_item::FleetItem;
use crate::model::{Event, EventTime};

/// Events by their numbers: those of the file in its order, then those that were ordered. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct EventList {
    items: Arc<[FleetItem<Event>]>,
    /// The indices of those that wait for a poll. Every request looks for them, and of most scenarios no event does.
    awaiting_poll: Arc<[usize]>,
}

impl EventList {
    pub(super) fn items(&self) -> &Arc<[FleetItem<Event>]> {
        &self.items
    }

    /// The events that wait for a first request, each with its index and the path.
    pub(super) fn awaiting_poll(&self) -> impl Iterator<Item = (usize, &FleetItem<Event>, &str)> {
        self.awaiting_poll.iter().filter_map(|index| {
            let event = self.items.get(*index)?;
            let EventTime::AfterPoll(path, _) = &event.at else { return None };
            Some((*index, event, path.as_str()))
        })
    }
}

impl From<Arc<[FleetItem<Event>]>> for EventList {
    fn from(items: Arc<[FleetItem<Event>]>) -> Self {
        let waits = |(index, event): (usize, &FleetItem<Event>)| {
            matches!(event.at, EventTime::AfterPoll(..)).then_some(index)
        };
        let awaiting_poll = items.iter().enumerate().filter_map(waits).collect();
        Self { items, awaiting_poll }
    }
}

impl FromIterator<FleetItem<Event>> for EventList {
    fn from_iter<I: IntoIterator<Item = FleetItem<Event>>>(items: I) -> Self {
        items.into_iter().collect::<Arc<[_]>>().into()
    }
}

impl Deref for EventList {
    type Target = [FleetItem<Event>];

    fn deref(&self) -> &Self::Target {
        &self.items
    }
}
