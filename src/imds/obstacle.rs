//! Whether an event can change the interfaces that it is to change.

use super::Fleet;
use super::preview::foreseen;
use crate::model::{EventEffect, Instance, Timestamp, mac_of, timeline};

impl Fleet {
    /// The reason for which the event of this index cannot change an interface of any instance that it concerns, and what is
    /// accepted. What events before it change by then counts.
    pub(crate) fn obstacle(&self, index: usize, now: Timestamp) -> Option<(String, &'static str)> {
        let events = self.events();
        let event = events.get(index)?;
        let changes = |effect: &EventEffect| matches!(effect, EventEffect::Interface(_));
        if !event.effects.iter().any(changes) {
            return None;
        }
        let (clock, then) = match self.clock().last(index, event, now) {
            Some(_) => (self.clock().clone(), now),
            None => foreseen(self.clock(), index, events, now),
        };
        let occurrences = clock.occurrences(events, then);
        let mut first = None;
        for (name, base) in self.instances().into_iter().filter(|(name, _)| self.event_concerns(event, *name))
        {
            let concerns = |other: usize| self.event_concerns(&events[other], name);
            let before = occurrences.iter().take_while(|other| other.index != index);
            let before: Vec<_> = before.filter(|other| concerns(other.index)).copied().collect();
            let mut instance = timeline::after(base, events, &before, &clock);
            let obstacle = event.effects.iter().find_map(|effect| match effect {
                EventEffect::Interface(change) => timeline::change_interface_at_once(&mut instance, change),
                _ => None,
            });
            // Another instance has it.
            first.get_or_insert(obstacle?);
        }
        first
    }

    /// The first device number after 0 that no interface of an instance has on a network card now.
    pub(crate) fn free_device_number(&self, name: Option<&str>, card: u64, now: Timestamp) -> Option<u32> {
        let events = self.events();
        let instances = self.instances();
        let (_, base) = instances.iter().find(|(other, _)| *other == name)?;
        let mut occurrences = self.clock().occurrences(events, now);
        occurrences.retain(|other| self.event_concerns(&events[other.index], name));
        let present: Instance = timeline::after(base, events, &occurrences, self.clock());
        let is_taken = |number: u32| {
            let mut interfaces = present.interfaces.iter();
            interfaces.any(|interface| {
                let is_on_card = u64::from(interface.network_card.unwrap_or(0)) == card;
                // The MAC address that follows from the number may be that of an interface on another card.
                (interface.device_number == number && is_on_card) || interface.mac == mac_of(number)
            })
        };
        (u32::from(card == 0)..256).find(|number| !is_taken(*number))
    }
}
