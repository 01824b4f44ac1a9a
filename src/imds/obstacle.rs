//! Whether an event can change the interfaces that it is to change.

use std::net::IpAddr;

use super::Fleet;
use super::preview::foreseen;
use crate::model::{EventEffect, Instance, InterfaceChange, Timestamp, mac_of, timeline};

/// What is accepted of a change, where each client has an identity of its own: its interfaces have names of their own, too.
pub(crate) fn accepted_where_each_has_its_own(
    change: &InterfaceChange,
    accepted: &'static str,
) -> &'static str {
    match change {
        InterfaceChange::Attach(_) => accepted,
        _ => {
            "accepted: an interface that an event attached; for one client, with `client` or --client, also its own: \
             derive = true gives each client interfaces of its own"
        }
    }
}

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
        for concerned in self.concerned_by(event) {
            let before = occurrences.iter().take_while(|other| other.index != index);
            let before: Vec<_> = before
                .filter(|other| self.event_meets(&events[other.index], concerned.met))
                .copied()
                .collect();
            let base = concerned.with_known_interfaces();
            let mut instance = timeline::after(&base, events, &before, &clock);
            let obstacle = event.effects.iter().find_map(|effect| match effect {
                EventEffect::Interface(change) => {
                    let mut found = timeline::change_interface_at_once(&mut instance, change);
                    if let (Some((_, help)), true) = (&mut found, concerned.is_each_its_own) {
                        *help = accepted_where_each_has_its_own(change, help);
                    }
                    found
                }
                _ => None,
            });
            // Another instance has it.
            let obstacle = obstacle?;
            // Whoever asked a client for its interface meant that one.
            if first.is_none() || concerned.is_each_its_own {
                first = Some(obstacle);
            }
        }
        first
    }

    /// The first device number after 0 that no interface of an instance has on a network card now. It is the instance of this
    /// client, or of this name.
    pub(crate) fn free_device_number(
        &self,
        name: Option<&str>,
        client: Option<IpAddr>,
        card: u64,
        now: Timestamp,
    ) -> Option<u32> {
        let events = self.events();
        let concerned = self.concerned_of(name, client)?;
        let mut occurrences = self.clock().occurrences(events, now);
        occurrences.retain(|other| self.event_meets(&events[other.index], concerned.met));
        let base = concerned.with_known_interfaces();
        let present: Instance = timeline::after(&base, events, &occurrences, self.clock());
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
