//! An event or a fault of a fleet, with the order that brought it.

use std::borrow::Borrow;
use std::ops::Deref;
use std::sync::Arc;

use serde_json::Value;

/// An event or a fault: of the scenario file, or ordered since it was loaded.
#[derive(Debug, Clone)]
pub struct FleetItem<T> {
    item: T,
    /// The order in the words of the file; `None`: the file has the item.
    order: Option<Arc<Value>>,
}

impl<T: Clone> FleetItem<T> {
    pub(super) fn all_of_file(items: &[T]) -> Arc<[Self]> {
        items.iter().map(|what| Self { item: what.clone(), order: None }).collect()
    }
}

impl<T> FleetItem<T> {
    pub(crate) fn ordered(item: T, order: Arc<Value>) -> Self {
        Self { item, order: Some(order) }
    }

    pub(crate) fn order(&self) -> Option<&Arc<Value>> {
        self.order.as_ref()
    }
}

impl<T> Deref for FleetItem<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.item
    }
}

impl<T> Borrow<T> for FleetItem<T> {
    fn borrow(&self) -> &T {
        &self.item
    }
}
