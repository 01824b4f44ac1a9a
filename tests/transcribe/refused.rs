//! Files that are of no instance of EC2's, and what is said of them.

use mock_imds::transcribe::shapes::{self, Unread};
use serde_json::json;

use crate::service::{ALL, RERUN};

#[test]
fn files_of_others_are_refused_by_their_names() {
    for (document, expected) in [
        (
            json!({"ds": {"meta_data": {"instance-id": 271_728_189}}, "v1": {"cloud_name": "digitalocean"}}),
            "it is of DigitalOcean, not of EC2",
        ),
        (json!({"compute": {"vmId": "x", "azEnvironment": "y"}}), "it is of Azure, not of EC2"),
        (
            json!({"instance": {"machineType": "x"}, "project": {}}),
            "it is of Google Compute Engine, not of EC2",
        ),
        (
            json!({"v1": {"cloud_name": "tomorrow"}, "instance-id": "x"}),
            "it is of the cloud \"tomorrow\", not of EC2",
        ),
        (json!({"x": 1}), "it has nothing of an EC2 instance's metadata"),
    ] {
        let found = shapes::read_json(vec![document.clone()], ALL).map(|reading| reading.shape);
        assert_eq!(found, Err(Unread::Other(expected.to_owned())), "{document}\n{RERUN}");
    }
    for document in
        [json!({"metadata": {"values": {}}}), json!({"imdsv2": true}), json!({"spot": {"action": "stop"}})]
    {
        let found = shapes::read_json(vec![document.clone()], ALL).map(|reading| reading.shape);
        assert_eq!(found, Err(Unread::Aemm), "{document}\n{RERUN}");
    }
    for (text, expected) in [
        ("", "it is no JSON"),
        ("{", "it is no JSON"),
        ("hello", "it is no JSON"),
        ("<html><title>404 - Not Found</title>", "it is a page that says 404"),
    ] {
        let found = shapes::read(text.as_bytes(), ALL).map(|reading| reading.shape);
        assert!(
            matches!(&found, Err(Unread::Other(found)) if found.starts_with(expected)),
            "{text:?}: {found:?}\n{RERUN}"
        );
    }
}
