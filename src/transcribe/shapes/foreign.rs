//! Other clouds' metadata, by the names that only they have.

use serde_json::Value;

/// Clouds that are EC2's kind, or unnamed.
const OURS: [&str; 4] = ["aws", "ec2", "unknown", "none"];

/// Names of cloud-init's → names of clouds.
const CLOUDS: [(&str, &str); 14] = [
    ("akamai", "Akamai"),
    ("aliyun", "Alibaba Cloud"),
    ("azure", "Azure"),
    ("cloudstack", "CloudStack"),
    ("digitalocean", "DigitalOcean"),
    ("exoscale", "Exoscale"),
    ("gce", "Google Compute Engine"),
    ("hetzner", "Hetzner"),
    ("nocloud", "NoCloud"),
    ("openstack", "OpenStack"),
    ("oracle", "Oracle Cloud"),
    ("scaleway", "Scaleway"),
    ("upcloud", "UpCloud"),
    ("vultr", "Vultr"),
];

/// Paths that a cloud's own service or data source has.
const MARKS: [(&str, &str); 13] = [
    ("/compute/vmId", "Azure"),
    ("/compute/azEnvironment", "Azure"),
    ("/ds/meta_data/imds/compute", "Azure"),
    ("/ds/meta_data/vmId", "Azure"),
    ("/instance/machineType", "Google Compute Engine"),
    ("/machineType", "Google Compute Engine"),
    ("/project/projectId", "Google Compute Engine"),
    ("/droplet_id", "DigitalOcean"),
    ("/ds/meta_data/droplet_id", "DigitalOcean"),
    ("/instance-v2-id", "Vultr"),
    ("/ds/meta_data/instance-v2-id", "Vultr"),
    ("/canonicalRegionName", "Oracle Cloud"),
    ("/owner-account-id", "Alibaba Cloud"),
];

/// The name of the cloud that a document is of, if that is not EC2.
pub(super) fn cloud_of(document: &Value) -> Option<String> {
    let named = ["/v1/cloud_name", "/v1/cloud-name", "/cloud_name", "/v1/platform"].iter();
    let named = named.filter_map(|path| document.pointer(path)?.as_str()).find(|name| !name.is_empty());
    if let Some(name) = named.filter(|name| !OURS.contains(&name.to_lowercase().as_str())) {
        let known = CLOUDS.iter().find(|(known, _)| *known == name.to_lowercase());
        let visible: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
        return Some(known.map_or_else(|| format!("the cloud {visible:?}"), |(_, name)| (*name).to_owned()));
    }
    let mark = MARKS.iter().find(|(path, _)| document.pointer(path).is_some());
    mark.map(|(_, cloud)| (*cloud).to_owned())
}
