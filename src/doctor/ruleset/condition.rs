//! Conditions, of which some are not understood.

use std::net::Ipv4Addr;

/// Whether a condition holds. `None` is not understood.
pub(super) type Holds = Option<bool>;

/// All must hold; one that does not decides, whatever is not understood.
pub(super) fn all(conditions: impl IntoIterator<Item = Holds>) -> Holds {
    let mut all = Some(true);
    for condition in conditions {
        match condition {
            Some(false) => return Some(false),
            None => all = None,
            Some(true) => {}
        }
    }
    all
}

/// One is enough, whatever is not understood.
pub(super) fn any(conditions: impl IntoIterator<Item = Holds>) -> Holds {
    all(conditions.into_iter().map(|condition| condition.map(|holds| !holds))).map(|none| !none)
}

/// Whether an address is in `10.0.0.0/8` or is `10.1.2.3`.
pub(super) fn within(address: Ipv4Addr, network: &str) -> Holds {
    if let Ok(exact) = network.parse::<Ipv4Addr>() {
        return Some(exact == address);
    }
    network.parse::<ipnet::Ipv4Net>().ok().map(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_decides_nothing() {
        assert_eq!(all([None, Some(true)]), None);
        assert_eq!(all([None, Some(false)]), Some(false));
        assert_eq!(any([None, Some(true)]), Some(true));
        assert_eq!(any([None, Some(false)]), None);
        assert_eq!(any([Some(false)]), Some(false));
        assert_eq!(any([]), Some(false));
    }
}
