//! The faults of a fleet: those of the file, and what orders made of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fault_index::FaultIndex;
use super::fleet_item::FleetItem;
use crate::model::FaultName;
use crate::model::fault::Fault;

/// Faults by their numbers: those of the file in its order, then those that were ordered. No two have the same name.
#[derive(Debug, Clone)]
pub(crate) struct FaultList {
    of_file: Arc<[FleetItem<Fault>]>,
    /// Those of the file that were removed.
    removed: Arc<BTreeSet<FaultName>>,
    items: Arc<[FleetItem<Fault>]>,
    /// Of `items`.
    index: Arc<FaultIndex>,
}

impl FaultList {
    pub(super) fn of_file(faults: &[Fault]) -> Self {
        let of_file = FleetItem::all_of_file(faults);
        Self::new(Arc::clone(&of_file), Arc::default(), of_file)
    }

    fn new(
        of_file: Arc<[FleetItem<Fault>]>,
        removed: Arc<BTreeSet<FaultName>>,
        items: Arc<[FleetItem<Fault>]>,
    ) -> Self {
        let index = Arc::new(FaultIndex::of(items.iter().map(|item| &**item)));
        Self { of_file, removed, items, index }
    }

    pub(crate) fn items(&self) -> &[FleetItem<Fault>] {
        &self.items
    }

    pub(super) fn index(&self) -> &FaultIndex {
        &self.index
    }

    /// The faults of the file that were removed.
    pub(crate) fn removed(&self) -> &BTreeSet<FaultName> {
        &self.removed
    }

    /// The number of those that no order has brought back.
    pub(crate) fn missing(&self) -> usize {
        self.removed.iter().filter(|name| self.position(name).is_none()).count()
    }

    /// Whether the file has a fault of this name, removed or not.
    pub(crate) fn is_of_file(&self, name: &FaultName) -> bool {
        self.of_file.iter().any(|fault| fault.name == *name)
    }

    /// Whether the fault of this index was ordered, and the file has none of its name.
    pub(crate) fn is_ordered(&self, index: usize) -> bool {
        self.items.get(index).is_some_and(|fault| fault.order().is_some() && !self.is_of_file(&fault.name))
    }

    /// The index of the fault of this name.
    pub(crate) fn position(&self, name: &FaultName) -> Option<usize> {
        self.items.iter().position(|fault| fault.name == *name)
    }

    /// A name that no fault has, for one that is ordered.
    pub(crate) fn free_name(&self) -> FaultName {
        let mut names = (1..).map(FaultName::ordered);
        let free = names.find(|name| self.position(name).is_none() && !self.is_of_file(name));
        free.expect("numbers do not end")
    }

    /// What was ordered, and what of the file was removed, applied to the file's faults. An order takes the place of the
    /// fault that has its name.
    pub(super) fn with_changes(
        &self,
        mut removed: BTreeSet<FaultName>,
        orders: impl IntoIterator<Item = FleetItem<Fault>>,
    ) -> Self {
        removed.retain(|name| self.is_of_file(name));
        let mut items: Vec<FleetItem<Fault>> =
            self.of_file.iter().filter(|fault| !removed.contains(&fault.name)).cloned().collect();
        for order in orders {
            match items.iter_mut().find(|fault| fault.name == order.name) {
                Some(fault) => *fault = order,
                None => items.push(order),
            }
        }
        Self::new(Arc::clone(&self.of_file), Arc::new(removed), items.into())
    }

    pub(super) fn with(&self, fault: FleetItem<Fault>) -> Self {
        self.with_changes(self.removed().clone(), self.orders(|_| true).chain([fault]))
    }

    pub(super) fn without_orders(&self, indices: &BTreeSet<usize>) -> Self {
        self.with_changes(self.removed().clone(), self.orders(|index| !indices.contains(&index)))
    }

    pub(super) fn without(&self, indices: &BTreeSet<usize>) -> Self {
        let names = indices.iter().filter_map(|index| Some(self.items.get(*index)?.name.clone()));
        let removed = self.removed.iter().cloned().chain(names).collect();
        self.with_changes(removed, self.orders(|index| !indices.contains(&index)))
    }

    pub(super) fn restored(&self) -> Self {
        self.with_changes(BTreeSet::new(), [])
    }

    /// For each fault the index that it has in `before`; `None`: it is new, or another one of its name.
    pub(crate) fn indices_in(&self, before: &Self) -> Vec<Option<usize>> {
        let index = |fault: &FleetItem<Fault>| before.items.iter().position(|other| other.is(fault));
        self.items.iter().map(index).collect()
    }

    fn orders(&self, stays: impl Fn(usize) -> bool) -> impl Iterator<Item = FleetItem<Fault>> {
        let items = self.items.iter().enumerate();
        items
            .filter(move |(index, fault)| fault.order().is_some() && stays(*index))
            .map(|(_, fault)| fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::fault::FaultEffect;

    fn fault(name: &str, seconds: u64) -> Fault {
        let lasts = Some(Duration::from_secs(seconds));
        let name = name.parse().expect("a name");
        Fault { name, lasts, ..Fault::always(FaultEffect::Hang) }
    }

    fn order(name: &str, seconds: u64) -> FleetItem<Fault> {
        FleetItem::ordered(fault(name, seconds), Arc::default())
    }

    fn listed(list: &FaultList) -> Vec<String> {
        let line = |fault: &FleetItem<Fault>| {
            let from = if fault.order().is_some() { "order" } else { "file" };
            format!("{} {} {from}", fault.name, fault.lasts.expect("set").as_secs())
        };
        list.items().iter().map(line).collect()
    }

    #[test]
    fn an_order_takes_the_place_of_a_fault_with_its_name() {
        let list = FaultList::of_file(&[fault("a", 1), fault("b", 1)]);
        let list = list.with(order("x", 1)).with(order("a", 2)).with(order("x", 2));
        assert_eq!(listed(&list), ["a 2 order", "b 1 file", "x 2 order"]);
        assert_eq!([0, 1, 2, 3].map(|index| list.is_ordered(index)), [false, false, true, false]);
        assert_eq!(listed(&list.without_orders(&[0, 2].into())), ["a 1 file", "b 1 file"]);
        assert_eq!(listed(&list.restored()), ["a 1 file", "b 1 file"]);
    }

    #[test]
    fn what_is_removed_stays_so_until_it_is_restored() {
        let list = FaultList::of_file(&[fault("a", 1), fault("b", 1)]).with(order("x", 1));
        let removed = list.without(&[0, 2].into());
        assert_eq!(listed(&removed), ["b 1 file"]);
        assert_eq!(removed.removed().len(), 1, "only those of the file are remembered");
        assert_eq!(listed(&removed.with(order("a", 3))), ["b 1 file", "a 3 order"]);
        // As after a restart.
        let orders = vec![order("a", 3)];
        let again = FaultList::of_file(&[fault("a", 1), fault("b", 1)])
            .with_changes(removed.removed().clone(), orders);
        assert_eq!(listed(&again), ["b 1 file", "a 3 order"]);
        assert_eq!(listed(&removed.restored()), ["a 1 file", "b 1 file"]);
    }

    #[test]
    fn a_fault_is_followed_to_its_new_number() {
        let before = FaultList::of_file(&[fault("a", 1), fault("b", 1)]).with(order("x", 1));
        assert_eq!(before.without(&[0].into()).indices_in(&before), [Some(1), Some(2)]);
        assert_eq!(before.with(order("b", 2)).indices_in(&before), [Some(0), None, Some(2)]);
        assert_eq!(before.free_name().as_str(), "injected-1");
        assert_eq!(before.with(order("injected-1", 1)).free_name().as_str(), "injected-2");
    }
}
