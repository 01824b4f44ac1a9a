//! Assignments of values that a file may leave out.

/// Replaces a value by one that was read, if there is one.
pub(super) fn set_if_some<T>(target: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *target = value;
    }
}

/// Replaces an optional value by one that was read, if there is one.
pub(super) fn replace_if_some<T>(target: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *target = value;
    }
}
