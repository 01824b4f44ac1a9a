//! Texts that are read as names, ids and words: what fits, and what is refused.

use std::fmt::Debug;
use std::str::FromStr;

use crate::model::ecs::MetadataField;
use crate::model::ids::{CredentialId, TaskId};
use crate::model::{AvailabilityZone, LifeCycle, MaintenanceCode, PathGlob, ServiceAccount};

/// Reads each text as a `T`.
#[track_caller]
fn takes<T: FromStr + Debug>(right: &[&str], wrong: &[&str])
where
    T::Err: Debug,
{
    let kind = std::any::type_name::<T>();
    for text in right {
        assert!(text.parse::<T>().is_ok(), "{kind} takes {text:?}");
    }
    for text in wrong {
        assert!(text.parse::<T>().is_err(), "{kind} refuses {text:?}");
    }
}

#[test]
fn ids_of_tasks_and_credentials_are_lower_case_hexadecimal() {
    takes::<TaskId>(
        &["0123456789abcdef0123456789abcdef", "ffffffffffffffffffffffffffffffff"],
        &[
            "",
            "0123456789abcdef0123456789abcde",
            "0123456789abcdef0123456789abcdef0",
            "0123456789abcdef0123456789abcdeg",
            "0123456789abcdef0123456789abcde/",
            "0123456789abcdef0123456789abcde:",
            "0123456789abcdef0123456789abcde`",
            "0123456789ABCDEF0123456789ABCDEF",
        ],
    );
    takes::<CredentialId>(
        &["01234567-89ab-4cde-8f01-23456789abcd"],
        &[
            "",
            "01234567-89ab-4cde-8f01-23456789abc",
            "01234567-89ab-4cde-8f01-23456789abcg",
            "01234567-89AB-4cde-8f01-23456789abcd",
            "0123456789ab4cde8f0123456789abcd",
            "012345678-9ab-4cde-8f01-23456789abcd",
        ],
    );
}

#[test]
fn a_field_of_the_metadata_is_of_the_task_or_of_a_container() {
    takes::<MetadataField>(
        &["task/ServiceName", "container/app/Health", "container/side_car-2/Limits"],
        &[
            "",
            "task",
            "task/",
            "task/Service-Name",
            "task/Service Name",
            "task/Tags/0",
            "container/app",
            "container/app/",
            "container//Health",
            "container/a b/Health",
            "container/app/He.alth",
            "pod/Name",
        ],
    );
    for text in ["task/ServiceName", "container/app/Health"] {
        assert_eq!(text.parse::<MetadataField>().expect("a field").to_string(), text);
    }
}

#[test]
fn another_word_is_taken_if_it_has_the_form_of_ec2s() {
    let longest = "a".repeat(64);
    let right = ["spot", "on-demand", "a-new-word-2", longest.as_str()];
    let longer = "a".repeat(65);
    let wrong = ["", "Spot", "sPot", "a_b", "a.b", "a--b", "-a", "a-", "2a", "a b", longer.as_str()];
    takes::<LifeCycle>(&right, &wrong);
    takes::<MaintenanceCode>(&right, &wrong);
}

#[test]
fn a_kind_of_maintenance_has_the_description_of_ec2() {
    for (code, expected) in [
        ("instance-reboot", "scheduled instance reboot"),
        ("system-reboot", "scheduled reboot"),
        ("system-maintenance", "scheduled maintenance"),
        ("instance-retirement", "scheduled retirement"),
        ("instance-stop", "scheduled stop"),
        ("another-kind", "scheduled event"),
    ] {
        assert_eq!(code.parse::<MaintenanceCode>().expect("a word").description(), expected, "{code}");
    }
}

#[test]
fn a_service_account_is_the_subject_of_its_tokens() {
    let account: ServiceAccount = "team-a/web".parse().expect("a namespace and a name");
    assert_eq!(account.subject(), "system:serviceaccount:team-a:web");
    assert_eq!(ServiceAccount::of_subject(&account.subject()), Some(account));
    for other in ["", "team-a:web", "system:serviceaccount:web", "system:serviceaccount:team-a:"] {
        assert_eq!(ServiceAccount::of_subject(other), None, "{other:?}");
    }
}

/// The id alone gives the credentials.
#[test]
fn the_debug_form_of_an_id_of_credentials_hides_it() {
    let id: CredentialId = "01234567-89ab-4cde-8f01-23456789abcd".parse().expect("an id");
    assert_eq!((format!("{id:?}"), format!("{:?}", Some(id))), ("…".to_owned(), "Some(…)".to_owned()));
}

#[test]
fn a_newer_wavelength_zone_has_a_place_of_three_letters_and_a_number() {
    for (zone, expected) in [
        ("eu-west-3-cmn-wlz-1a", true),
        ("eu-west-3-cmn-wlz-12b", true),
        ("eu-west-3-cm1-wlz-1a", false),
        ("eu-west-3-cmnx-wlz-1a", false),
        ("eu-west-3-cmn-wlz-1", false),
        ("eu-west-3-cmn-wlz-a", false),
        ("us-east-1-wl1-bos-wlz-1", false),
        ("us-west-2-lax-1a", false),
        ("us-east-1a", false),
    ] {
        let parsed: AvailabilityZone = zone.parse().expect(zone);
        assert_eq!(parsed.is_newer_wavelength_zone(), expected, "{zone}");
    }
}

#[test]
fn a_pattern_that_begins_with_a_slash_is_of_whole_paths() {
    for (glob, expected) in
        [("/latest/meta-data/mac", true), ("/**", true), ("meta-data/mac", false), ("**", false)]
    {
        assert_eq!(glob.parse::<PathGlob>().expect("a pattern").is_whole(), expected, "{glob}");
    }
    assert!(PathGlob::everything().is_whole());
}
