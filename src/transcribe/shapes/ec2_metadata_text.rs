//! What the script `ec2-metadata` of Amazon Linux prints.

use serde_json::Value;

use super::input::Part;
use super::reading::Certainty;
use super::service_tree::{Knowledge, ServiceTree};
use crate::transcribe::known_paths::KEYS;

/// Leaves that have their own names there.
const LEAVES: [&str; 20] = [
    "ami-id",
    "ami-launch-index",
    "ami-manifest-path",
    "ancestor-ami-ids",
    "instance-action",
    "instance-id",
    "instance-life-cycle",
    "instance-type",
    "local-hostname",
    "local-ipv4",
    "kernel-id",
    "mac",
    "product-codes",
    "public-hostname",
    "public-ipv4",
    "ramdisk-id",
    "reservation-id",
    "security-groups",
    "hostname",
    "ipv6",
];
/// Leaves that have other names there.
const RENAMED: [(&str, &str); 8] = [
    ("placement", "meta-data/placement/availability-zone"),
    ("availability-zone", "meta-data/placement/availability-zone"),
    ("availability-zone-id", "meta-data/placement/availability-zone-id"),
    ("region", "meta-data/placement/region"),
    ("partition", "meta-data/services/partition"),
    ("group-name", "meta-data/placement/group-name"),
    ("partition-number", "meta-data/placement/partition-number"),
    ("user-data", "user-data"),
];
const NOTHING: &str = "not available";

pub(super) fn read(text: &str) -> Option<ServiceTree> {
    let evidence = "its lines instance-id: i-…";
    let shape = "the text of ec2-metadata";
    let mut tree = ServiceTree::new(shape, Certainty::Certain, evidence, Knowledge::Selection);
    let mut lines = text.lines().enumerate().peekable();
    let mut left = Vec::new();
    while let Some((number, line)) = lines.next() {
        let at = |name: &str| vec![format!("line {}", number + 1), name.to_owned()];
        let Some((name, value)) = line.split_once(':').filter(|(name, _)| !name.starts_with([' ', '\t']))
        else {
            left.extend((!line.trim().is_empty()).then(|| number + 1));
            continue;
        };
        let part = |value: &str| Part { at: at(name), value: Value::String(value.to_owned()) };
        let value = value.strip_prefix(' ').unwrap_or(value);
        let path = RENAMED.iter().find(|(known, _)| *known == name).map(|(_, path)| (*path).to_owned());
        let path = path.or_else(|| LEAVES.contains(&name).then(|| format!("meta-data/{name}")));
        match (name, path) {
            (_, Some(path)) if value.trim() == NOTHING => tree.absent.push((at(name), path)),
            _ if value.trim() == NOTHING => {
                let directory =
                    ["block-device-mapping", "public-keys"].into_iter().find(|known| *known == name);
                tree.absent.extend(directory.map(|known| (at(name), format!("meta-data/{known}"))));
            }
            ("block-device-mapping", _) => {
                while let Some((_, device)) = lines.next_if(|(_, line)| line.starts_with([' ', '\t'])) {
                    if let Some((name, device)) = device.trim().split_once(':') {
                        tree.add(
                            &format!("meta-data/block-device-mapping/{name}"),
                            Some(part(device.trim())),
                        );
                    }
                }
            }
            ("keyname", _) => {
                let index = lines.next_if(|(_, line)| line.starts_with("index:"));
                let index =
                    index.and_then(|(_, line)| line.split_once(':')).map_or("0", |(_, index)| index.trim());
                let is_head = |line: &str| line.starts_with("format:") || line.starts_with("key:");
                while lines.next_if(|(_, line)| is_head(line)).is_some() {}
                if let Some((_, key)) = lines.next() {
                    tree.add(&format!("{KEYS}/{index}={value}"), Some(part(key)));
                }
            }
            ("public-keys", _) => {}
            // It is the last, and has lines of its own.
            ("user-data", Some(path)) => {
                let more: Vec<&str> = lines.by_ref().map(|(_, line)| line).collect();
                let whole: Vec<&str> = [value].into_iter().chain(more).collect();
                tree.add(&path, Some(part(&whole.join("\n"))));
            }
            // Its list has blanks where the service has line ends.
            ("security-groups", Some(path)) => {
                let mut groups = vec![value];
                while let Some((_, line)) = lines.next_if(|(_, line)| !line.is_empty() && !line.contains(':'))
                {
                    groups.push(line);
                }
                tree.add(&path, Some(part(&groups.join("\n"))));
            }
            (_, Some(path)) => tree.add(&path, Some(part(value))),
            (_, None) => left.push(number + 1),
        }
    }
    let is_one = |(path, part): &(String, Part)| {
        path == "meta-data/instance-id" && part.value.as_str().is_some_and(|id| !id.is_empty())
    };
    if !left.is_empty() {
        let numbers: Vec<String> = left.iter().take(20).map(ToString::to_string).collect();
        tree.notes.push(format!("lines {}: not of ec2-metadata's text", numbers.join(", ")));
    }
    tree.parts.iter().any(is_one).then_some(tree)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_read_to_its_end() {
        let text = "ami-id: ami-0123456789abcdef0\nancestor-ami-ids: not available\nblock-device-mapping: \n\t ami: xvda\n\t \
                    root: /dev/xvda\ninstance-id: i-0123456789abcdef0\nplacement: eu-west-1a\npublic-keys: \nkeyname:me\nindex:0\n\
                    format:openssh-key\nkey:(begins from next line)\nssh-rsa AAAA me\nsecurity-groups: a\nb\nuser-data: #!/bin/sh\n\
                    echo: x\n";
        let tree = read(text).expect("it is its text");
        let found: Vec<(&str, &str)> = tree
            .parts
            .iter()
            .map(|(path, part)| (path.as_str(), part.value.as_str().unwrap_or_default()))
            .collect();
        assert_eq!(
            found,
            [
                ("meta-data/ami-id", "ami-0123456789abcdef0"),
                ("meta-data/block-device-mapping/ami", "xvda"),
                ("meta-data/block-device-mapping/root", "/dev/xvda"),
                ("meta-data/instance-id", "i-0123456789abcdef0"),
                ("meta-data/placement/availability-zone", "eu-west-1a"),
                ("meta-data/public-keys/0=me", "ssh-rsa AAAA me"),
                ("meta-data/security-groups", "a\nb"),
                ("user-data", "#!/bin/sh\necho: x"),
            ]
        );
        assert_eq!(
            tree.absent,
            [(
                vec!["line 2".to_owned(), "ancestor-ami-ids".to_owned()],
                "meta-data/ancestor-ami-ids".to_owned()
            )]
        );
        let odd = read("instance-id: i-0123456789abcdef0\n\nhello\nother: x\n").expect("it is its text");
        assert_eq!(odd.notes, ["lines 3, 4: not of ec2-metadata's text"]);
        let absent = read(
            "instance-id: i-0123456789abcdef0\nmac: not available\npublic-keys: not available\n\
             block-device-mapping: not available\nother: not available\n",
        );
        let absent: Vec<String> =
            absent.expect("it is its text").absent.into_iter().map(|(_, path)| path).collect();
        assert_eq!(absent, ["meta-data/mac", "meta-data/public-keys", "meta-data/block-device-mapping"]);
        assert!(
            read("ami-id: ami-0123456789abcdef0\n").is_none() && read("instance-id: \nami-id: a\n").is_none()
        );
        assert!(read("instance: x\n").is_none() && read("hello").is_none());
    }
}
