//! Takes down the addresses and tables that were added: by this process, or by one that left them. Nothing else is removed.

use std::net::IpAddr;

use super::Network;
use crate::host::address::AddressClient;
use crate::host::runtime::Runtime;
use crate::host::{HostError, added_record, nft};
use crate::model::Service;

impl Network {
    /// Removes the addresses that we added, our tables and the record. Continues after an error; all are returned.
    pub(crate) fn take_down(&mut self) -> Vec<HostError> {
        let mut errors = remove_addresses(&mut self.addresses, &self.runtime);
        errors.extend(self.tables.remove().err());
        if errors.is_empty() {
            errors = self.runtime.clear();
        }
        errors
    }
}

/// Removes what any former process left: by the record, and by the marks where the record was lost.
///
/// Nothing is removed while a guardian owns the tables: the address is its own, too.
pub(crate) fn take_down_recorded(runtime: &Runtime) -> Vec<HostError> {
    let mut tables = match nft::NftClient::open() {
        Ok(tables) => Some(tables),
        // Without nf_tables there is no table.
        Err(HostError::NoNfTables(_)) => None,
        Err(error) => return vec![error],
    };
    if let Some(Err(busy)) = tables.as_mut().map(nft::NftClient::check_unowned) {
        return vec![busy];
    }
    let mut errors = match AddressClient::open() {
        Ok(mut addresses) => remove_addresses(&mut addresses, runtime),
        Err(error) => vec![error],
    };
    errors.extend(tables.and_then(|mut tables| tables.remove().err()));
    if errors.is_empty() {
        errors = runtime.clear();
    }
    errors
}

/// Every address that mock-imds can have added, whatever host.toml says by now.
fn every_address() -> Vec<IpAddr> {
    let addresses = |service: Service| [Some(service.ipv4().into()), service.ipv6().map(IpAddr::V6)];
    Service::ALL.into_iter().flat_map(addresses).flatten().collect()
}

fn remove_addresses(addresses: &mut AddressClient, runtime: &Runtime) -> Vec<HostError> {
    let record = runtime.record();
    let found = match addresses.find(&every_address()) {
        Ok(found) => found,
        Err(error) => return vec![error],
    };
    let ours = found.iter().filter(|found| added_record::is_ours(found, record.as_ref()));
    ours.filter_map(|found| addresses.remove(found.address).err()).collect()
}
