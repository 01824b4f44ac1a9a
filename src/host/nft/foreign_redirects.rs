//! Rules of other tables that send connections to an address elsewhere: native nat rules, and those that iptables writes
//! into `nf_tables`. Rules of legacy iptables are not in `nf_tables`, and not seen here; nor is an address in a set or a map.

use std::net::Ipv4Addr;

use nix::errno::Errno;
use nix::libc;

use super::message::{HEAD_LENGTH, message_for};
use crate::host::netlink::{NetlinkReply, NetlinkSocket, attributes};
use crate::host::plan::TABLE;

/// Attributes of `linux/netfilter/nf_tables.h`.
const RULE_TABLE: u16 = 1;
const RULE_CHAIN: u16 = 2;
const RULE_EXPRESSIONS: u16 = 4;
const EXPRESSION_NAME: u16 = 1;
const EXPRESSION_DATA: u16 = 2;
const PAYLOAD_BASE: u16 = 2;
const PAYLOAD_OFFSET: u16 = 3;
const CMP_DATA: u16 = 3;
const DATA_VALUE: u16 = 1;
const NAT_TYPE: u16 = 1;
/// Of `NFPROTO_NETDEV` and others there is no nat.
const FAMILIES: [(i32, &str); 2] = [(libc::NFPROTO_IPV4, "ip"), (libc::NFPROTO_INET, "inet")];
const NETWORK_HEADER: u32 = 1;
/// Where an IPv4 header has the destination.
const DESTINATION: u32 = 16;
const DESTINATION_NAT: u32 = 1;

/// A rule of somebody else's that redirects what is sent to an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ForeignRedirect {
    pub address: Ipv4Addr,
    /// `ip nat`.
    pub table: String,
    pub chain: String,
}

/// Those of these addresses, in all tables but ours.
pub(super) fn read(
    socket: &mut NetlinkSocket,
    addresses: &[Ipv4Addr],
) -> Result<Vec<ForeignRedirect>, Errno> {
    let mut found = Vec::new();
    for (number, family) in FAMILIES {
        // Without tables of the family it is an empty list.
        let rules = socket.dump(&message_for(libc::NFT_MSG_GETRULE, number))?;
        found.extend(rules.iter().filter_map(|rule| foreign(rule, family, addresses)));
    }
    Ok(found)
}

fn foreign(rule: &NetlinkReply, family: &str, addresses: &[Ipv4Addr]) -> Option<ForeignRedirect> {
    let (table, chain) = (rule.text(HEAD_LENGTH, RULE_TABLE)?, rule.text(HEAD_LENGTH, RULE_CHAIN)?);
    if table == TABLE {
        return None;
    }
    let address = redirected(rule.attribute(HEAD_LENGTH, RULE_EXPRESSIONS)?, addresses)?;
    Some(ForeignRedirect { address, table: format!("{family} {table}"), chain })
}

/// The address that a rule's expressions compare the destination with, if they change the destination.
fn redirected(expressions: &[u8], addresses: &[Ipv4Addr]) -> Option<Ipv4Addr> {
    let (mut of_destination, mut compared, mut changed) = (false, None, false);
    for (_, expression) in attributes(expressions) {
        let find = |kind| attributes(expression).find(|(found, _)| *found == kind).map(|(_, value)| value);
        let (Some(name), data) = (find(EXPRESSION_NAME), find(EXPRESSION_DATA).unwrap_or_default()) else {
            continue;
        };
        let value = |kind| attributes(data).find(|(found, _)| *found == kind).map(|(_, value)| value);
        let number = |kind| value(kind).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
        match name.split(|byte| *byte == 0).next().unwrap_or_default() {
            b"payload" => {
                let place = (number(PAYLOAD_BASE), number(PAYLOAD_OFFSET));
                of_destination = place == (Some(NETWORK_HEADER), Some(DESTINATION));
            }
            b"cmp" if of_destination => {
                let bytes =
                    value(CMP_DATA).and_then(|data| attributes(data).find(|(kind, _)| *kind == DATA_VALUE));
                let address =
                    bytes.and_then(|(_, bytes)| <[u8; 4]>::try_from(bytes).ok()).map(Ipv4Addr::from);
                compared = compared.or(address.filter(|address| addresses.contains(address)));
                of_destination = false;
            }
            b"nat" => changed |= number(NAT_TYPE) == Some(DESTINATION_NAT),
            b"redir" => changed = true,
            // iptables' own, behind nf_tables' interface.
            b"target" => {
                let name = value(EXPRESSION_NAME).unwrap_or_default();
                changed |= name.starts_with(b"DNAT") || name.starts_with(b"REDIRECT");
            }
            _ => {}
        }
    }
    compared.filter(|_| changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ECS: Ipv4Addr = Ipv4Addr::new(169, 254, 170, 2);

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(4 + value.len()).expect("it is short");
        let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
        bytes.extend_from_slice(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn expression(name: &str, data: &[Vec<u8>]) -> Vec<u8> {
        let name = attribute(EXPRESSION_NAME, format!("{name}\0").as_bytes());
        attribute(1, &[name, attribute(EXPRESSION_DATA, &data.concat())].concat())
    }

    fn number(kind: u16, number: u32) -> Vec<u8> {
        attribute(kind, &number.to_be_bytes())
    }

    /// `ip daddr ADDRESS`, or `ip saddr ADDRESS`.
    fn compared(offset: u32, address: Ipv4Addr) -> Vec<u8> {
        let payload =
            expression("payload", &[number(PAYLOAD_BASE, NETWORK_HEADER), number(PAYLOAD_OFFSET, offset)]);
        let value = attribute(DATA_VALUE, &address.octets());
        [payload, expression("cmp", &[attribute(CMP_DATA, &value)])].concat()
    }

    #[test]
    fn a_rule_redirects_an_address_that_it_compares_if_it_changes_the_destination() {
        let of_ecs = || compared(DESTINATION, ECS);
        let target = |name: &str| expression("target", &[attribute(EXPRESSION_NAME, name.as_bytes())]);
        let dnat = || expression("nat", &[number(NAT_TYPE, DESTINATION_NAT)]);
        for (what, rule, expected) in [
            ("redirect", vec![of_ecs(), expression("redir", &[])], Some(ECS)),
            ("dnat", vec![of_ecs(), dnat()], Some(ECS)),
            ("DNAT of iptables", vec![of_ecs(), target("DNAT")], Some(ECS)),
            ("REDIRECT of iptables", vec![of_ecs(), target("REDIRECT")], Some(ECS)),
            ("another target", vec![of_ecs(), target("MARK")], None),
            ("snat", vec![of_ecs(), expression("nat", &[number(NAT_TYPE, 0)])], None),
            ("nothing", vec![of_ecs()], None),
            ("of the source", vec![compared(12, ECS), dnat()], None),
            ("another address", vec![compared(DESTINATION, Ipv4Addr::LOCALHOST), dnat()], None),
            ("none", vec![dnat()], None),
        ] {
            assert_eq!(redirected(&rule.concat(), &[ECS]), expected, "{what}");
        }
    }
}
