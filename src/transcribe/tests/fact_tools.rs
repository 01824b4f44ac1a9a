//! Facts of configuration tools.

use serde_json::json;

use super::shapes::{ID, kept, read};

#[test]
fn facts_of_facter_are_nested_or_flat() {
    for document in [
        json!({"ec2_metadata": {"instance-id": ID}}),
        json!({"values": {"ec2_metadata": {"instance-id": ID}}}),
        json!({"ec2_instance_id": ID}),
        json!({"ec2_instance_id": ID, "ec2_ami_id": "ami-0123456789abcdef0"}),
    ] {
        assert_eq!(read(&document).map(|reading| reading.shape).ok(), Some("facter's facts"), "{document}");
        assert_eq!(kept(&document).text("meta-data/instance-id"), Some(ID), "{document}");
    }
    let with_trees = kept(&json!({
        "ec2_instance_id": ID,
        "ec2_iam": {"info": {"Code": "Success"}},
        "ec2_network_interfaces_macs": {"06:00:00:00:00:01": {"mac": "06:00:00:00:00:01"}},
    }));
    assert!(with_trees.has("meta-data/iam/info"), "{:?}", with_trees.notes);
    assert!(read(&json!({"ec2_instance_id": ""})).is_err(), "it says nothing");
    let mac = with_trees.text("meta-data/network/interfaces/macs/06:00:00:00:00:01/mac");
    assert_eq!(mac, Some("06:00:00:00:00:01"));
    let of_image = kept(&json!({"ec2_ami_id": "ami-0123456789abcdef0"}));
    assert_eq!(of_image.text("meta-data/ami-id"), Some("ami-0123456789abcdef0"));
}

#[test]
fn facts_that_are_no_path_are_left_out_whatever_is_in_them() {
    let seen = kept(&json!({
        "ec2_instance_id": ID,
        "ec2_iam": "web",
        "ec2_uptime": {"info": {"Code": "Success"}},
    }));
    for name in ["ec2_iam", "ec2_uptime"] {
        let found = seen.account.left_out.get(&vec![name.to_owned()]).map(String::as_str);
        assert_eq!(found, Some("facts of the host, not of the metadata"), "{name}");
    }
    assert!(!seen.has("meta-data/iam"), "{:?}", seen.notes);
}
