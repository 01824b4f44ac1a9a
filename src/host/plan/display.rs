//! Tables as `nft --stateless --numeric-priority list table` prints them, but for the flags.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::{Base, ChainKind, Family, Hook, Match, RuleVerdict, TABLE, Table, TableRule};
use crate::model::ClientMatcher;

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inet => "inet",
            Self::Arp => "arp",
        })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "table {} {TABLE} {{", self.family)?;
        for (index, chain) in self.chains.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            writeln!(f, "\tchain {} {{", chain.name)?;
            if let Some(base) = chain.base {
                writeln!(f, "\t\t{base} policy accept;")?;
            }
            for rule in &chain.rules {
                writeln!(f, "\t\t{rule}")?;
            }
            writeln!(f, "\t}}")?;
        }
        writeln!(f, "}}")
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ChainKind::Filter => "filter",
            ChainKind::Nat => "nat",
        };
        let hook = match self.hook {
            Hook::Prerouting => "prerouting",
            Hook::Output => "output",
            Hook::Input => "input",
        };
        write!(f, "type {kind} hook {hook} priority {};", self.priority)
    }
}

impl fmt::Display for TableRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for condition in &self.matches {
            write!(f, "{condition} ")?;
        }
        if self.counted {
            f.write_str("counter ")?;
        }
        write!(f, "{}", self.verdict)
    }
}

impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLoopback => f.write_str("iif != \"lo\""),
            Self::Loopback => f.write_str("iif \"lo\""),
            Self::FromNetwork(network) => {
                let protocol = if network.addr().is_ipv4() { "ip" } else { "ip6" };
                write!(f, "{protocol} saddr {}", ClientMatcher::Network(*network))
            }
            Self::From(pattern) => write!(f, "iifname \"{pattern}\""),
            Self::To(IpAddr::V4(address)) => write!(f, "ip daddr {address}"),
            Self::To(IpAddr::V6(address)) => write!(f, "ip6 daddr {address}"),
            Self::TcpPort(port) => write!(f, "tcp dport {port}"),
            Self::ArpTarget(address) => write!(f, "arp daddr ip {address}"),
        }
    }
}

impl fmt::Display for RuleVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dnat(target @ SocketAddr::V4(_)) => write!(f, "dnat ip to {target}"),
            Self::Dnat(target @ SocketAddr::V6(_)) => write!(f, "dnat ip6 to {target}"),
            Self::Goto(chain) => write!(f, "goto {chain}"),
            Self::Accept => f.write_str("accept"),
            Self::Drop => f.write_str("drop"),
            Self::Reset => f.write_str("reject with tcp reset"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::plan::Plan;
    use crate::host::settings::HostSettings;

    fn plan() -> Plan {
        let bridges = vec!["docker0".parse().expect("valid"), "br-*".parse().expect("valid")];
        let settings = HostSettings { bridges, ..HostSettings::default() };
        Plan::new(&settings.addresses(), &settings.bridges, &[])
    }

    #[test]
    fn the_plan_prints_as_nft_prints_it() {
        let printed: String = plan().tables.iter().map(Table::to_string).collect();
        let expected = "\
table inet mock-imds {
	chain redirect-host {
		type nat hook output priority -110; policy accept;
		ip daddr 169.254.169.254 tcp dport 80 dnat ip to 169.254.169.254:1690
	}

	chain redirect-callers {
		type nat hook prerouting priority -110; policy accept;
		ip daddr 169.254.169.254 tcp dport 80 dnat ip to 169.254.169.254:1690
	}

	chain callers {
		iifname \"docker0\" accept
		iifname \"br-*\" accept
		counter drop
	}

	chain guard {
		type filter hook prerouting priority -300; policy accept;
		iif != \"lo\" ip daddr 169.254.169.254 goto callers
	}

	chain guard-input {
		type filter hook input priority -300; policy accept;
		iif != \"lo\" ip daddr 169.254.169.254 goto callers
	}
}
table arp mock-imds {
	chain callers {
		iifname \"docker0\" accept
		iifname \"br-*\" accept
		counter drop
	}

	chain guard {
		type filter hook input priority 0; policy accept;
		iif != \"lo\" arp daddr ip 169.254.169.254 goto callers
	}
}
";
        assert_eq!(printed, expected);
    }
}
