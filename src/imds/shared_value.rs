//! A value that threads share and replace. Nobody waits, and readers are not counted in a place that all of them write to.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};

/// The place of a value.
pub(super) struct SharedValue<T>(ArcSwapOption<T>);

/// A value that was there, and stays as long as it is referred to.
pub(super) struct SharedRef<T>(Guard<Option<Arc<T>>>);

impl<T> Default for SharedValue<T> {
    fn default() -> Self {
        Self(ArcSwapOption::empty())
    }
}

impl<T> SharedValue<T> {
    /// The value, if there is one and it is wanted.
    pub(super) fn get(&self, is_wanted: impl FnOnce(&T) -> bool) -> Option<SharedRef<T>> {
        let value = self.0.load();
        value.as_deref().is_some_and(is_wanted).then(|| SharedRef(value))
    }

    /// Puts another value in its place, and gives the former one.
    pub(super) fn replace(&self, value: Option<Arc<T>>) -> Option<Arc<T>> {
        self.0.swap(value)
    }
}

impl<T> fmt::Debug for SharedValue<T> {
    /// Without the value, which may be large, or credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedValue")
    }
}

impl<T> SharedRef<T> {
    pub(super) fn new(value: Arc<T>) -> Self {
        Self(Guard::from_inner(Some(value)))
    }
}

impl<T> Deref for SharedRef<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().expect("only a value is referred to")
    }
}
