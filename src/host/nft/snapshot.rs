//! The state of our tables in the kernel: by handles, which the kernel gives out once only, so that equal handles
//! mean that nobody replaced, added or removed a chain or rule.

use std::collections::BTreeSet;

use nix::errno::Errno;
use nix::libc;

use super::message::{HEAD_LENGTH, message, says_absent};
use crate::host::netlink::NetlinkSocket;
use crate::host::plan::{Family, TABLE};

/// Attributes of `linux/netfilter/nf_tables.h`.
const TABLE_NAME: u16 = 1;
const TABLE_HANDLE: u16 = 4;
const TABLE_OWNER: u16 = 7;
const CHAIN_TABLE: u16 = 1;
const CHAIN_HANDLE: u16 = 2;
const RULE_TABLE: u16 = 1;
const RULE_HANDLE: u16 = 3;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TablesSnapshot {
    pub tables: Vec<InstalledTable>,
}

/// One of our tables in the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InstalledTable {
    pub family: Family,
    /// The kernel's number for it.
    pub handle: u64,
    /// The netlink port of the process that owns it.
    pub owner: Option<u32>,
    pub chains: BTreeSet<u64>,
    pub rules: BTreeSet<u64>,
}

impl TablesSnapshot {
    pub(crate) fn table(&self, family: Family) -> Option<&InstalledTable> {
        self.tables.iter().find(|table| table.family == family)
    }
}

/// The tables, with the handles of their chains and rules.
pub(super) fn read(socket: &mut NetlinkSocket) -> Result<TablesSnapshot, Errno> {
    let mut snapshot = TablesSnapshot::default();
    for family in [Family::Inet, Family::Arp] {
        snapshot.tables.extend(table(socket, family)?);
    }
    Ok(snapshot)
}

fn table(socket: &mut NetlinkSocket, family: Family) -> Result<Option<InstalledTable>, Errno> {
    let request = message(libc::NFT_MSG_GETTABLE, 0, family).text(TABLE_NAME, TABLE);
    let replies = match socket.request(request) {
        Ok(replies) => replies,
        Err(error) if says_absent(error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(reply) = replies.first() else { return Ok(None) };
    let handle = number(reply.attribute(HEAD_LENGTH, TABLE_HANDLE));
    let owner = reply.attribute(HEAD_LENGTH, TABLE_OWNER).and_then(|bytes| bytes.try_into().ok());
    let chains = handles(socket, libc::NFT_MSG_GETCHAIN, family, CHAIN_TABLE, CHAIN_HANDLE)?;
    let rules = handles(socket, libc::NFT_MSG_GETRULE, family, RULE_TABLE, RULE_HANDLE)?;
    Ok(Some(InstalledTable { family, handle, owner: owner.map(u32::from_be_bytes), chains, rules }))
}

/// The handles of all chains or rules of our table. Kernels that do not filter a dump send those of others too.
fn handles(
    socket: &mut NetlinkSocket,
    kind: i32,
    family: Family,
    table: u16,
    handle: u16,
) -> Result<BTreeSet<u64>, Errno> {
    let replies = socket.dump(&message(kind, 0, family).text(table, TABLE))?;
    let ours = replies.iter().filter(|reply| reply.text(HEAD_LENGTH, table).as_deref() == Some(TABLE));
    Ok(ours.map(|reply| number(reply.attribute(HEAD_LENGTH, handle))).collect())
}

/// A number of eight bytes in network order.
fn number(bytes: Option<&[u8]>) -> u64 {
    bytes.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes)
}
