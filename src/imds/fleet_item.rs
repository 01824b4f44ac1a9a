//! An event or a fault of a fleet, with the order that brought it.

use std::borrow::Borrow;
use std::ops::Deref;
use std::sync::Arc;

use serde_json::Value;

/// An event or a fault: of the scenario file, or ordered since it was loaded.
#[derive(Debug, Clone)]
pub struct FleetItem<T> {
    item: Arc<T>,
    /// The order in the words of the file; `None`: the file has the item.
    order: Option<Arc<Value>>,
    /// The length of the order as JSON.
    order_bytes: usize,
}

impl<T: Clone> FleetItem<T> {
    pub(super) fn all_of_file(items: &[T]) -> Arc<[Self]> {
        items.iter().map(|what| Self { item: Arc::new(what.clone()), order: None, order_bytes: 0 }).collect()
    }
}

impl<T> FleetItem<T> {
    pub(crate) fn ordered(item: T, order: Arc<Value>) -> Self {
        let order_bytes = order.to_string().len();
        Self { item: Arc::new(item), order: Some(order), order_bytes }
    }

    /// The length of the order as JSON; 0 if the file has the item.
    pub(crate) fn order_bytes(&self) -> usize {
        self.order_bytes
    }

    /// Whether it is the very one, not one that is equal.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.item, &other.item)
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
