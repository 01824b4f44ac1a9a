//! Which event of a reloaded scenario takes the place of which one before, so that what has happened stays so.

use std::collections::{HashMap, VecDeque};

use crate::model::Event;

/// For each event the index of the one that takes its place: the nth of those that equal it.
pub(super) fn successors(were: &[Event], are: &[Event]) -> Vec<Option<usize>> {
    // Events have no hash, but their debug forms are as different as they are.
    let mut equals: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (index, event) in are.iter().enumerate() {
        equals.entry(format!("{event:?}")).or_default().push_back(index);
    }
    were.iter().map(|event| equals.get_mut(&format!("{event:?}"))?.pop_front()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::EventTime;

    #[test]
    fn of_equal_events_the_nth_stays_the_nth() {
        let event = |seconds: u64| Event::once(EventTime::AfterLoad(Duration::from_secs(seconds)), []);
        let were = [1, 2, 1, 3, 1].map(event);
        let are = [3, 1, 4, 1].map(event);
        assert_eq!(successors(&were, &are), [Some(1), None, Some(3), Some(0), None]);
    }
}
