//! Truth of three values: a condition of a rule holds, does not hold, or is not understood.

use std::net::Ipv4Addr;

/// The truth of a condition; `None` if it is not understood.
pub(super) type Truth = Option<bool>;

/// False if one is false, even if others are not understood.
pub(super) fn all(conditions: impl IntoIterator<Item = Truth>) -> Truth {
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

/// True if one is true, even if others are not understood.
pub(super) fn any(conditions: impl IntoIterator<Item = Truth>) -> Truth {
    all(conditions.into_iter().map(|condition| condition.map(|holds| !holds))).map(|none| !none)
}

/// `network` is `10.0.0.0/8` or `10.1.2.3`.
pub(super) fn is_in_network(address: Ipv4Addr, network: &str) -> Truth {
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
