//! The record of what we added, and the decision about an address that is or is not there.
//!
//! Only what the record (or a mark of ours) says we added is ever removed. An address that was on `lo` before
//! us, whatever its width, is adopted: used, and left.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::HostError;
use super::address::{InterfaceAddress, width};
use super::settings::HostSettings;

/// What we did to the host, kept in the runtime directory as long as it is done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct AddedRecord {
    /// The addresses that we added, written down before they are added. All on `lo`, /32 or /128.
    pub added: Vec<IpAddr>,
    /// The settings that were applied last; a reload with a broken host.toml goes on with them.
    pub settings: HostSettings,
}

/// What to do about one wanted address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Nobody has it: add it.
    Add,
    /// We added it, now or in an earlier life.
    Ours,
    /// Somebody put it on `lo` with this width: use it, and leave it.
    Adopt(u8),
}

/// Decides about one wanted address. Refuses when another interface has it.
pub(crate) fn decide(
    address: IpAddr,
    found: &[InterfaceAddress],
    record: Option<&AddedRecord>,
) -> Result<Decision, HostError> {
    let mut here = found.iter().filter(|found| found.address == address);
    if let Some(elsewhere) = here.clone().find(|found| !found.loopback) {
        return Err(HostError::Refused(format!(
            "{address} is on the interface {} already (as {address}/{}), so something else serves it; \
             remove it there (ip addr del {address}/{} dev {}) or leave mock-imds off",
            elsewhere.interface, elsewhere.prefix, elsewhere.prefix, elsewhere.interface
        )));
    }
    if here.clone().any(|found| is_ours(found, record)) {
        return Ok(Decision::Ours);
    }
    Ok(here.next().map_or(Decision::Add, |found| Decision::Adopt(found.prefix)))
}

/// Whether an address is one that we added: on `lo`, for this host only, and recorded or marked.
pub(crate) fn is_ours(found: &InterfaceAddress, record: Option<&AddedRecord>) -> bool {
    let recorded = record.is_some_and(|record| record.added.contains(&found.address));
    found.loopback && found.prefix == width(found.address) && (recorded || found.marked)
}

/// What we added earlier and do not want any more.
pub(crate) fn left_over(wanted: &[IpAddr], record: Option<&AddedRecord>) -> Vec<IpAddr> {
    let added = record.map(|record| record.added.as_slice()).unwrap_or_default();
    added.iter().filter(|address| !wanted.contains(address)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::endpoint::{ADDRESS_V4, ADDRESS_V6};

    const V4: IpAddr = IpAddr::V4(ADDRESS_V4);
    const V6: IpAddr = IpAddr::V6(ADDRESS_V6);

    fn on(interface: &str, prefix: u8, marked: bool) -> InterfaceAddress {
        InterfaceAddress {
            address: V4,
            prefix,
            interface: interface.into(),
            loopback: interface == "lo",
            marked,
        }
    }

    fn added(addresses: &[IpAddr]) -> AddedRecord {
        AddedRecord { added: addresses.to_vec(), settings: HostSettings::default() }
    }

    #[test]
    fn each_situation_has_its_decision() {
        let ours = added(&[V4]);
        let nothing = added(&[]);
        let cases: [(&str, Vec<InterfaceAddress>, Option<&AddedRecord>, Decision); 9] = [
            ("a fresh host", vec![], None, Decision::Add),
            ("the address was removed under us", vec![], Some(&ours), Decision::Add),
            ("ours after a crash", vec![on("lo", 32, true)], Some(&ours), Decision::Ours),
            (
                "ours, but NetworkManager dropped the label",
                vec![on("lo", 32, false)],
                Some(&ours),
                Decision::Ours,
            ),
            ("ours, but the record was lost", vec![on("lo", 32, true)], None, Decision::Ours),
            ("somebody's /32", vec![on("lo", 32, false)], None, Decision::Adopt(32)),
            (
                "somebody's /32, adopted before",
                vec![on("lo", 32, false)],
                Some(&nothing),
                Decision::Adopt(32),
            ),
            ("somebody's /16", vec![on("lo", 16, false)], None, Decision::Adopt(16)),
            (
                "somebody's /16 beside ours",
                vec![on("lo", 16, false), on("lo", 32, true)],
                Some(&ours),
                Decision::Ours,
            ),
        ];
        for (situation, found, record, expected) in cases {
            assert_eq!(decide(V4, &found, record).expect("no refusal"), expected, "{situation}");
        }
    }

    #[test]
    fn an_address_elsewhere_is_refused_by_name() {
        let found = [on("lo", 32, true), on("eth1", 16, false)];
        let error = decide(V4, &found, Some(&added(&[V4]))).expect_err("a refusal").to_string();
        assert!(error.contains("169.254.169.254 is on the interface eth1"), "{error}");
        assert!(error.contains("ip addr del 169.254.169.254/16 dev eth1"), "{error}");
    }

    #[test]
    fn only_what_we_added_and_no_longer_want_is_left_over() {
        assert_eq!(left_over(&[V4], Some(&added(&[V4, V6]))), [V6]);
        assert!(left_over(&[V4, V6], Some(&added(&[V4, V6]))).is_empty());
        assert!(left_over(&[V4], None).is_empty());
    }

    #[test]
    fn the_record_survives_its_file() {
        let record = added(&[V4, V6]);
        let json = serde_json::to_string(&record).expect("serialises");
        assert_eq!(serde_json::from_str::<AddedRecord>(&json).expect("parses"), record);
    }
}
