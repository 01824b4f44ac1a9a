//! Orders that were accepted once, read again: for the scenario of a reload, and at a start.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::config::Report;
use crate::imds::FleetItem;
use crate::model::fault::Fault;
use crate::model::{FaultName, Scenario};
use crate::scenario::{CheckedOrder, LiveItem, OrderTime, read_order};

/// The orders of a list, in order.
pub(super) fn orders<T>(items: &[FleetItem<T>]) -> impl Iterator<Item = &Arc<Value>> {
    items.iter().filter_map(FleetItem::order)
}

/// Reads orders that were accepted once, for a scenario that may be another one. In `time` are the items before them.
pub(super) fn reread<'o, T: LiveItem>(
    orders: impl Iterator<Item = &'o Arc<Value>>,
    scenario: &Scenario,
    mut time: OrderTime,
) -> Vec<Result<FleetItem<T>, Report>> {
    let read = |order: &Arc<Value>| {
        // Of a fault that an earlier version saved, the name is only in the order that is pinned now.
        let CheckedOrder { item, order, .. } = read_order(order, scenario, time)?;
        time.before += 1;
        Ok(FleetItem::ordered(item, Arc::new(order)))
    };
    orders.map(read).collect()
}

/// The same for faults, of which one may have the place of another. `removed` are those of the file that are not there.
pub(super) fn reread_faults<'o>(
    orders: impl Iterator<Item = &'o Arc<Value>>,
    scenario: &Scenario,
    removed: &BTreeSet<FaultName>,
    time: OrderTime,
) -> Vec<Result<FleetItem<Fault>, Report>> {
    let of_file = scenario.faults.iter().map(|fault| fault.name.as_str());
    let of_file = of_file.filter(|name| !removed.iter().any(|removed| removed.as_str() == *name));
    let mut names: Vec<String> = of_file.map(str::to_owned).collect();
    let read = |order: &Arc<Value>| {
        let name = order.get("name").and_then(Value::as_str);
        let replaced = names.iter().position(|other| Some(other.as_str()) == name);
        let before = replaced.unwrap_or(names.len());
        let CheckedOrder { item, order, .. } =
            read_order::<Fault>(order, scenario, OrderTime { before, ..time })?;
        if replaced.is_none() {
            names.push(item.name.to_string());
        }
        Ok(FleetItem::ordered(item, Arc::new(order)))
    };
    orders.map(read).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::model::Timestamp;
    use crate::model::fault::{FaultEffect, MAX_FAULTS};

    const TIME: OrderTime = OrderTime {
        now: Timestamp::from_secs(1_795_230_851),
        elapsed: Duration::ZERO,
        before: 0,
        wall_ahead: 0,
    };

    #[test]
    fn as_many_faults_are_read_again_as_were_accepted() {
        let name = |number: usize| FaultName::in_file(number);
        let fault = |number| Fault { name: name(number), ..Fault::always(FaultEffect::Hang) };
        let faults = (0..MAX_FAULTS).map(fault).collect();
        let scenario = Scenario { faults, ..Scenario::default() };
        let order = |name: &str| Arc::new(json!({"name": name, "hang": true}));
        // The first of the file is removed, all others are replaced, and one is new.
        let replacing = (1..MAX_FAULTS).map(|number| order(name(number).as_str()));
        let mut orders: Vec<_> = replacing.chain([order("x")]).collect();
        let removed = [name(0)].into();
        let read = |orders: &[Arc<Value>]| reread_faults(orders.iter(), &scenario, &removed, TIME);
        assert!(
            read(&orders).iter().all(Result::is_ok),
            "{:?}",
            read(&orders).iter().find(|read| read.is_err())
        );
        orders.push(order("y"));
        assert_eq!(read(&orders).iter().filter(|read| read.is_err()).count(), 1);
    }

    #[test]
    fn a_name_that_an_order_did_not_have_stays() {
        let orders = [Arc::new(json!({"hang": true})), Arc::new(json!({"reset": true}))];
        let read = |orders: &[Arc<Value>]| {
            let read = reread_faults(orders.iter(), &Scenario::default(), &BTreeSet::new(), TIME);
            read.into_iter().map(|fault| fault.expect("it is accepted")).collect::<Vec<_>>()
        };
        let named = read(&orders);
        let without_first: Vec<_> = orders_of(&named[1..]);
        assert_eq!(read(&without_first)[0].name.as_str(), "injected-2");
    }

    fn orders_of(faults: &[FleetItem<Fault>]) -> Vec<Arc<Value>> {
        orders(faults).cloned().collect()
    }
}
