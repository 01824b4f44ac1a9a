//! The record of what mock-imds added, and the decision about each wanted address.
//!
//! Only addresses that are recorded (or marked) as added are ever removed. An address that was on `lo` before, whatever
//! its prefix, is adopted: used, and left in place.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::HostError;
use super::address::{InterfaceAddress, prefix_length};
use super::settings::HostSettings;

/// The content of `record.json`, which exists as long as there is something to undo.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct AddedRecord {
    /// Written before the addresses are added. All on `lo`, /32 or /128.
    pub added: Vec<IpAddr>,
    /// The settings that were applied last; a reload with a broken host.toml keeps them.
    pub settings: HostSettings,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressDecision {
    /// No interface has it.
    Add,
    /// It was added by this process or a former one.
    Keep,
    /// Another program added it to `lo` with this prefix length: it is used, and left at the end.
    Adopt(u8),
}

/// Refuses when another interface has it.
pub(crate) fn decide(
    address: IpAddr,
    found: &[InterfaceAddress],
    record: Option<&AddedRecord>,
) -> Result<AddressDecision, HostError> {
    let mut here = found.iter().filter(|found| found.address == address);
    if let Some(elsewhere) = here.clone().find(|found| !found.loopback) {
        return Err(HostError::Refused(format!(
            "{address} is on the interface {} already (as {address}/{}), so something else serves it; \
             remove it there (ip addr del {address}/{} dev {}) or leave mock-imds off",
            elsewhere.interface, elsewhere.prefix, elsewhere.prefix, elsewhere.interface
        )));
    }
    if here.clone().any(|found| is_ours(found, record)) {
        return Ok(AddressDecision::Keep);
    }
    Ok(here.next().map_or(AddressDecision::Add, |found| AddressDecision::Adopt(found.prefix)))
}

/// What is ours while this is carried out: not what another program added.
pub(crate) fn ours(decisions: &[(IpAddr, AddressDecision)], obsolete: &[IpAddr]) -> Vec<IpAddr> {
    let ours = decisions.iter().filter(|(_, decision)| !matches!(decision, AddressDecision::Adopt(_)));
    ours.map(|(address, _)| *address).chain(obsolete.iter().copied()).collect()
}

/// An address was added by mock-imds if it is on `lo`, for this host only, and recorded or marked.
pub(crate) fn is_ours(found: &InterfaceAddress, record: Option<&AddedRecord>) -> bool {
    let recorded = record.is_some_and(|record| record.added.contains(&found.address));
    found.loopback && found.prefix == prefix_length(found.address) && (recorded || found.marked)
}

/// Addresses that were added earlier and are no longer wanted.
pub(crate) fn obsolete(wanted: &[IpAddr], record: Option<&AddedRecord>) -> Vec<IpAddr> {
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
        let cases: [(&str, Vec<InterfaceAddress>, Option<&AddedRecord>, AddressDecision); 9] = [
            ("a fresh host", vec![], None, AddressDecision::Add),
            ("the address was removed under us", vec![], Some(&ours), AddressDecision::Add),
            ("ours after a crash", vec![on("lo", 32, true)], Some(&ours), AddressDecision::Keep),
            (
                "ours, but NetworkManager dropped the label",
                vec![on("lo", 32, false)],
                Some(&ours),
                AddressDecision::Keep,
            ),
            ("ours, but the record was lost", vec![on("lo", 32, true)], None, AddressDecision::Keep),
            ("somebody's /32", vec![on("lo", 32, false)], None, AddressDecision::Adopt(32)),
            (
                "somebody's /32, adopted before",
                vec![on("lo", 32, false)],
                Some(&nothing),
                AddressDecision::Adopt(32),
            ),
            ("somebody's /16", vec![on("lo", 16, false)], None, AddressDecision::Adopt(16)),
            (
                "somebody's /16 beside ours",
                vec![on("lo", 16, false), on("lo", 32, true)],
                Some(&ours),
                AddressDecision::Keep,
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
    fn what_another_program_added_is_never_recorded() {
        let obsolete = [IpAddr::from([169, 254, 170, 2])];
        let decided = |decision| ours(&[(V4, decision), (V6, AddressDecision::Adopt(128))], &obsolete);
        assert_eq!(decided(AddressDecision::Add), [V4, obsolete[0]]);
        assert_eq!(decided(AddressDecision::Keep), [V4, obsolete[0]]);
        assert_eq!(decided(AddressDecision::Adopt(16)), obsolete);
    }

    #[test]
    fn an_address_is_ours_on_lo_for_this_host_alone_and_recorded_or_marked() {
        let record = added(&[V4]);
        for (interface, prefix, marked, record, expected) in [
            ("lo", 32, true, None, true),
            ("lo", 32, false, Some(&record), true),
            ("lo", 32, true, Some(&record), true),
            ("lo", 32, false, None, false),
            ("lo", 16, true, Some(&record), false),
            ("eth0", 32, true, Some(&record), false),
            ("eth0", 16, false, None, false),
        ] {
            let found = is_ours(&on(interface, prefix, marked), record);
            assert_eq!(found, expected, "/{prefix} on {interface}, marked: {marked}, recorded: {record:?}");
        }
    }

    #[test]
    fn only_what_we_added_and_no_longer_want_is_obsolete() {
        assert_eq!(obsolete(&[V4], Some(&added(&[V4, V6]))), [V6]);
        assert!(obsolete(&[V4, V6], Some(&added(&[V4, V6]))).is_empty());
        assert!(obsolete(&[V4], None).is_empty());
    }

    #[test]
    fn the_record_survives_its_file() {
        let record = added(&[V4, V6]);
        let json = serde_json::to_string(&record).expect("serialises");
        assert_eq!(serde_json::from_str::<AddedRecord>(&json).expect("parses"), record);
    }
}
