//! Chains and rules of the plan in the words of libnftnl.

use std::ffi::CString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nftnl::expr::{
    Bitwise, Cmp, CmpOp, Counter, Immediate, InterfaceName, Ipv4HeaderField, Ipv6HeaderField, Meta, Nat,
    NatType, NetworkHeaderField, Payload, Register, RejectionType, TcpHeaderField, TransportHeaderField,
    Verdict,
};
use nftnl::{Chain, ChainType, Policy, ProtoFamily, Rule};
use nix::libc;

use crate::host::plan::{self, Base, ChainKind, Hook, Match, RuleVerdict};
use crate::host::settings::InterfacePattern;

/// The index of `lo`, in each network namespace.
const LOOPBACK: u32 = 1;

pub(super) fn build_chain<'t>(chain: &plan::Chain, table: &'t nftnl::Table) -> Chain<'t> {
    let mut built = Chain::new(text(chain.name), table);
    if let Some(Base { kind, hook, priority }) = chain.base {
        let hook = match (table.get_family(), hook) {
            // The arp family counts its own hooks: NF_ARP_IN is 0, which is prerouting elsewhere.
            (ProtoFamily::Arp, _) | (_, Hook::Prerouting) => nftnl::Hook::PreRouting,
            (_, Hook::Output) => nftnl::Hook::Out,
            (_, Hook::Input) => nftnl::Hook::In,
        };
        built.set_hook(hook, priority);
        built.set_type(match kind {
            ChainKind::Filter => ChainType::Filter,
            ChainKind::Nat => ChainType::Nat,
        });
        built.set_policy(Policy::Accept);
    }
    built
}

pub(super) fn build_rule<'c>(rule: &plan::TableRule, chain: &'c Chain<'c>) -> Rule<'c> {
    let mut built = Rule::new(chain);
    for condition in &rule.matches {
        add_match(&mut built, condition);
    }
    if rule.counted {
        built.add_expr(&Counter);
    }
    match &rule.verdict {
        RuleVerdict::Dnat(target) => {
            let family = match target.ip() {
                IpAddr::V4(address) => {
                    built.add_expr(&Immediate::new(address.octets(), Register::Reg1));
                    ProtoFamily::Ipv4
                }
                IpAddr::V6(address) => {
                    built.add_expr(&Immediate::new(address.octets(), Register::Reg1));
                    ProtoFamily::Ipv6
                }
            };
            built.add_expr(&Immediate::new(target.port().to_be_bytes(), Register::Reg2));
            built.add_expr(&Nat {
                nat_type: NatType::DNat,
                family,
                ip_register: Register::Reg1,
                port_register: Some(Register::Reg2),
            });
        }
        RuleVerdict::Goto(name) => built.add_expr(&Verdict::Goto { chain: text(name) }),
        RuleVerdict::Accept => built.add_expr(&Verdict::Accept),
        RuleVerdict::Drop => built.add_expr(&Verdict::Drop),
        RuleVerdict::Reset => built.add_expr(&Verdict::Reject(RejectionType::TcpRst)),
    }
    built
}

fn add_match(rule: &mut Rule<'_>, condition: &Match) {
    match condition {
        Match::NotLoopback => {
            rule.add_expr(&Meta::Iif);
            rule.add_expr(&Cmp::new(CmpOp::Neq, LOOPBACK));
        }
        Match::Loopback => {
            rule.add_expr(&Meta::Iif);
            rule.add_expr(&Cmp::new(CmpOp::Eq, LOOPBACK));
        }
        Match::FromNetwork(network) => {
            let (protocol, field) = match network.addr() {
                IpAddr::V4(_) => (libc::NFPROTO_IPV4, NetworkHeaderField::Ipv4(Ipv4HeaderField::Saddr)),
                IpAddr::V6(_) => (libc::NFPROTO_IPV6, NetworkHeaderField::Ipv6(Ipv6HeaderField::Saddr)),
            };
            rule.add_expr(&Meta::NfProto);
            rule.add_expr(&Cmp::new(CmpOp::Eq, byte(protocol)));
            rule.add_expr(&Payload::Network(field));
            if network.prefix_len() < network.max_prefix_len() {
                let nothing = match network.addr() {
                    IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                    IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
                };
                rule.add_expr(&Bitwise::new(network.netmask(), nothing));
            }
            rule.add_expr(&Cmp::new(CmpOp::Eq, network.network()));
        }
        Match::From(pattern) => {
            let name = match pattern {
                InterfacePattern::Exact(name) => InterfaceName::Exact(text(name)),
                InterfacePattern::Prefix(prefix) => InterfaceName::StartingWith(text(prefix)),
            };
            rule.add_expr(&Meta::IifName);
            rule.add_expr(&Cmp::new(CmpOp::Eq, name));
        }
        Match::To(address) => {
            // An inet table sees both protocols; the destination's place differs.
            let (protocol, field) = match address {
                IpAddr::V4(_) => (libc::NFPROTO_IPV4, NetworkHeaderField::Ipv4(Ipv4HeaderField::Daddr)),
                IpAddr::V6(_) => (libc::NFPROTO_IPV6, NetworkHeaderField::Ipv6(Ipv6HeaderField::Daddr)),
            };
            rule.add_expr(&Meta::NfProto);
            rule.add_expr(&Cmp::new(CmpOp::Eq, byte(protocol)));
            rule.add_expr(&Payload::Network(field));
            rule.add_expr(&Cmp::new(CmpOp::Eq, *address));
        }
        Match::TcpPort(port) => {
            rule.add_expr(&Meta::L4Proto);
            rule.add_expr(&Cmp::new(CmpOp::Eq, byte(libc::IPPROTO_TCP)));
            rule.add_expr(&Payload::Transport(TransportHeaderField::Tcp(TcpHeaderField::Dport)));
            rule.add_expr(&Cmp::new(CmpOp::Eq, &port.to_be_bytes()[..]));
        }
        Match::ArpTarget(address) => {
            // Bytes 24 to 27 of an ARP packet for IPv4 over Ethernet; nftnl calls the unit bits, but hands it on.
            rule.add_expr(&Payload::Network(NetworkHeaderField::Raw { offset_bits: 24, length_bits: 4 }));
            rule.add_expr(&Cmp::new(CmpOp::Eq, *address));
        }
    }
}

fn byte(constant: i32) -> u8 {
    u8::try_from(constant).expect("protocol numbers have one byte")
}

fn text(name: &str) -> CString {
    CString::new(name).expect("names of chains and interfaces hold no NUL")
}
