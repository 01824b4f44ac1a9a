//! A list of instances: which of them is taken.

use std::fs;

use mock_imds::transcribe::shapes::{self, Unread};
use support::PureService;

use crate::service::{ALL, RERUN, written};

const FIRST: &str = "instance-id = \"i-0123456789abcdef0\"";

fn bytes(file: &str) -> Vec<u8> {
    fs::read(support::sources().join("tests/transcribe/files").join(file)).expect("it is there")
}

/// Of a list the instance that is named; without a name the first, and the others are said.
#[test]
fn one_instance_of_a_list_is_taken() {
    for file in ["describe-instances.json", "describe-instances.xml"] {
        let bytes = bytes(file);
        let of = |id| shapes::read_instance(&bytes, ALL, id);
        for (id, expected, said) in [
            (None, FIRST, "the other instances, i-0123456789abcdef1: "),
            (
                Some("i-0123456789abcdef0"),
                FIRST,
                "not in the metadata, said otherwise elsewhere, or of another instance",
            ),
            (Some("i-0123456789abcdef1"), "instance-id = \"i-0123456789abcdef1\"", "of another instance"),
        ] {
            let transcript = written(of(id).expect("it is listed").observations, &PureService::new(""));
            let notes = transcript.notes.join("\n");
            assert!(
                transcript.text.contains(expected) && notes.contains(said),
                "expected {expected:?} and {said:?} of {id:?} in {file}, found\n{}\n{notes}\n{RERUN}",
                transcript.text
            );
        }
        let found = of(Some("i-2")).expect_err("it is not listed");
        let expected = "it has no instance i-2; accepted: i-0123456789abcdef0, i-0123456789abcdef1";
        assert_eq!(found, Unread::NoInstance(expected.to_owned()), "{file}\n{RERUN}");
    }
    let bare = shapes::read_instance(b"{\"instance-id\": \"i-1\"}", ALL, Some("i-1"));
    assert_eq!(bare.map(|reading| reading.shape), Err(Unread::NoList), "{RERUN}");
}

/// What is there twice, and says the same, is taken: no remark says that it is not in the metadata.
#[test]
fn what_a_list_says_twice_is_not_left_out() {
    for file in ["describe-instances.json", "describe-instances.xml"] {
        let account = shapes::read(&bytes(file), ALL).expect("it is a list").observations.account;
        let left_out: Vec<&str> =
            account.left_out.keys().filter_map(|name| name.last().map(String::as_str)).collect();
        for name in ["SubnetId", "VpcId", "GroupId", "PrivateIpAddress", "PublicIp"] {
            assert!(
                !left_out.contains(&name),
                "{file}: expected {name} to be taken, found {left_out:?}\n{RERUN}"
            );
        }
    }
}
