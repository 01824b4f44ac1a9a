//! DNS names as EC2 forms them. Source: EC2 User Guide, "EC2 instance hostnames and domains".

use std::net::Ipv4Addr;

use super::location::Region;
use super::resource_ids::InstanceId;

/// `ip-10-0-0-12.us-east-2.compute.internal`; `ip-10-0-0-12.ec2.internal` in us-east-1.
pub(crate) fn private_by_address(address: Ipv4Addr, region: &Region) -> String {
    format!("ip-{}.{}", dashed(address), private_suffix(region))
}

/// `i-0123….us-east-2.compute.internal`; `i-0123….ec2.internal` in us-east-1.
pub(crate) fn private_by_instance(id: &InstanceId, region: &Region) -> String {
    format!("{id}.{}", private_suffix(region))
}

/// `ec2-1-2-3-4.us-east-2.compute.amazonaws.com`; `ec2-1-2-3-4.compute-1.amazonaws.com` in us-east-1.
pub(crate) fn public(address: Ipv4Addr, region: &Region) -> String {
    let domain = region.partition().domain;
    let address = dashed(address);
    match region.as_str() {
        "us-east-1" => format!("ec2-{address}.compute-1.{domain}"),
        other => format!("ec2-{address}.{other}.compute.{domain}"),
    }
}

fn private_suffix(region: &Region) -> String {
    match region.as_str() {
        "us-east-1" => "ec2.internal".to_owned(),
        other => format!("{other}.compute.internal"),
    }
}

fn dashed(address: Ipv4Addr) -> String {
    address.to_string().replace('.', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_address_and_region() {
        let address = Ipv4Addr::new(172, 16, 34, 43);
        let region = |name: &str| name.parse::<Region>().expect(name);
        let names = [
            (private_by_address(address, &region("us-east-1")), "ip-172-16-34-43.ec2.internal"),
            (private_by_address(address, &region("eu-west-1")), "ip-172-16-34-43.eu-west-1.compute.internal"),
            (public(address, &region("us-east-1")), "ec2-172-16-34-43.compute-1.amazonaws.com"),
            (public(address, &region("us-east-2")), "ec2-172-16-34-43.us-east-2.compute.amazonaws.com"),
            (public(address, &region("cn-north-1")), "ec2-172-16-34-43.cn-north-1.compute.amazonaws.com.cn"),
        ];
        for (found, expected) in names {
            assert_eq!(found, expected);
        }
    }
}
