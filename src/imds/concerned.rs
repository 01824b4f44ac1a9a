//! Whom an event concerns: instances as clients meet them, before any event.

use std::borrow::Cow;
use std::net::IpAddr;

use super::derive::{derived, identity_of_nobody};
use super::fleet::{Fleet, MatchedInstance};
use super::request::Ingress;
use crate::model::{Event, Instance};

/// An instance that an event concerns, and who meets it.
pub(super) struct ConcernedInstance<'f> {
    pub met: MatchedInstance<'f>,
    /// As it is in the file. Where each client has an identity of its own, that of the client that the event names.
    pub instance: Cow<'f, Instance>,
    /// Each client has an identity of its own there, and the event names none.
    pub is_each_its_own: bool,
}

// === impl ConcernedInstance ===

impl ConcernedInstance<'_> {
    /// The instance with the interfaces that an event can know of: those of its file are nobody's where each client has an
    /// identity of its own.
    pub(super) fn with_known_interfaces(&self) -> Cow<'_, Instance> {
        if self.is_each_its_own {
            Cow::Owned(identity_of_nobody(&self.instance))
        } else {
            Cow::Borrowed(&self.instance)
        }
    }
}

impl Fleet {
    /// The instances that an event concerns: that of the client that it names, else each that it is for.
    pub(super) fn concerned_by(&self, event: &Event) -> Vec<ConcernedInstance<'_>> {
        let met = match event.client {
            Some(client) => vec![self.match_instance(client, Ingress::of_address(client))],
            None => self.all_matched(),
        };
        met.into_iter().filter(|met| event.concerns(met.name)).map(|met| self.concerned(met)).collect()
    }

    /// The instance of this client, or of this name; `None`: the `[instance]` itself.
    pub(super) fn concerned_of(
        &self,
        name: Option<&str>,
        client: Option<IpAddr>,
    ) -> Option<ConcernedInstance<'_>> {
        let met = match client {
            Some(client) => Some(self.match_instance(client, Ingress::of_address(client))),
            None => self.all_matched().into_iter().find(|met| met.name == name),
        };
        met.map(|met| self.concerned(met))
    }

    fn concerned<'f>(&'f self, met: MatchedInstance<'f>) -> ConcernedInstance<'f> {
        let instance = match met.client {
            Some(client) => Cow::Owned(derived(met.base, client)),
            None => Cow::Borrowed(met.base),
        };
        let named = met.index.and_then(|index| self.scenario().named_instances.get(index));
        ConcernedInstance {
            met,
            instance,
            is_each_its_own: met.client.is_none() && named.is_some_and(|named| named.derive),
        }
    }

    fn all_matched(&self) -> Vec<MatchedInstance<'_>> {
        let named = (0..self.scenario().named_instances.len()).map(Some);
        std::iter::once(None).chain(named).map(|index| self.matched(index)).collect()
    }
}
