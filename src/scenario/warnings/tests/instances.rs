//! Facts of instances: zones, architectures, ids, words of EC2, and keys without effect.

use super::{expect, warnings};

#[test]
fn keys_without_effect_are_told_of_every_instance() {
    let named = "[instances.a]\nderive = true\nclients = [\"host\"]\n[instances.a.credentials]\n";
    let tags = "no program sees these tags";
    let tagged = "[instances.a]\nderive = true\nclients = [\"host\"]\ntags = { Name = \"x\" }\n";
    expect(tagged, &[tags]);
    expect(&format!("[instance.tags]\nName = \"y\"\n{tagged}"), &[tags, tags]);
    expect(&format!("[metadata-options]\ninstance-metadata-tags = \"enabled\"\n{tagged}"), &[]);
    expect(&format!("{tagged}metadata-options = {{ instance-metadata-tags = \"enabled\" }}\n"), &[]);
    expect("[instance.tags]\n", &[]);
    let event = "[[event]]\nmetadata-options = { instance-metadata-tags = \"disabled\" }\n";
    expect(&format!("[instance.tags]\nName = \"x\"\n{event}"), &[tags]);
    expect("[http]\nopen-listings = false\n", &[]);
    expect("[http]\nprofile = \"aemm\"\nopen-listings = true\n", &[]);
    expect("[http]\nallowed-hosts = []\n", &[]);
    let keys = "source = \"static\"\naccess-key-id = \"A\"\nsecret-access-key = \"s\"\n";
    expect(&format!("[http]\nallowed-hosts = [\"x\"]\n[credentials]\n{keys}"), &[]);
    expect(&format!("[http]\nallowed-hosts = [\"x\"]\n{named}{keys}"), &[]);
}

#[test]
fn zones_and_architectures_are_compared_with_what_there_is() {
    for (zone, expected) in [
        ("us-east-1f", &[][..]),
        ("us-east-1g", &["mock-imds knows no zone \"us-east-1g\""]),
        ("us-east-1z", &["the nearest that it knows: \"us-east-1a\""]),
        ("us-west-2-lax-1a", &[]),
        ("us-west-2-lax-1z", &["the nearest that it knows: \"us-west-2-lax-1a\""]),
        ("us-east-1-wl1-bos-wlz-1", &[]),
        ("us-east-1-wl1-boss-wlz-1", &["the nearest that it knows: \"us-east-1-wl1-bos-wlz-1\""]),
        ("eu-west-1-dub-1a", &["mock-imds knows no zone \"eu-west-1-dub-1a\""]),
        ("eu-west-4f", &[]),
        ("eu-west-4g", &["the region eu-west-4 has no zone \"eu-west-4g\""]),
        ("us-isob-east-1b", &[]),
        ("us-east-3a", &[]),
        ("us-eest-1a", &["did you mean \"us-east-1a\"?"]),
    ] {
        expect(&format!("[instance]\navailability-zone = \"{zone}\"\n"), expected);
    }
    let differs = "does not belong to the region of the zone";
    for (zone, id, expected) in [
        ("us-east-1a", "use1-az6", &[][..]),
        ("us-east-1a", "usw2-az1", &[differs]),
        ("us-west-2a", "usw2-az1", &[]),
        ("us-west-2a", "use1-az1", &[differs]),
    ] {
        let text = format!("[instance]\navailability-zone = \"{zone}\"\navailability-zone-id = \"{id}\"\n");
        expect(&text, expected);
    }
    for (kind, architecture, expected) in [
        ("m6g.large", "arm64", &[][..]),
        ("m6g.large", "i386", &["instance type m6g.large is arm64, not i386"]),
        ("m5.large", "x86_64", &[]),
        ("m5.large", "arm64", &["instance type m5.large is x86_64, not arm64"]),
    ] {
        let text = format!("[instance]\ninstance-type = \"{kind}\"\narchitecture = \"{architecture}\"\n");
        expect(&text, expected);
    }
}

/// They are taken in any case: tests have ids of their own.
#[test]
fn ids_of_other_forms_are_told_unless_they_are_meant() {
    let ids = "instance-id = \"i-0test123456\"\naccount-id = \"0123456789\"\nsecurity-group-ids = [\"sg-0ac62554\", \"mine\"]\n\
               availability-zone = \"eu-west-1q\"\n";
    let interface =
        "[[instance.network-interface]]\nsubnet-id = \"subnet-1\"\n[instance.placement]\nhost-id = \"h-1\"\n";
    let found = warnings(&format!("[instance]\n{ids}{interface}"));
    for expected in [
        "2:15: instance.instance-id is \"i-0test123456\", which is no id of EC2's | on EC2: \"i-\" and 8 or 17",
        "3:14: instance.account-id is \"0123456789\"",
        "is \"mine\", which is no id of EC2's",
        "mock-imds knows no zone \"eu-west-1q\"",
        "is \"subnet-1\", which is no id of EC2's",
        "is \"h-1\", which is no id of EC2's",
    ] {
        assert!(
            found.iter().any(|warning| warning.contains(expected)),
            "expected {expected:?}, found {found:#?}"
        );
    }
    assert_eq!(found.len(), 6, "{found:#?}");
    assert_eq!(warnings(&format!("[instance]\nother-ids = true\n{ids}{interface}")), [""; 0]);
    let named = "[instances.a]\nclients = [\"host\"]\ninstance-id = \"mine\"\n";
    assert_eq!(warnings(named).len(), 1);
    assert_eq!(warnings(&format!("[instance]\nother-ids = true\n{named}")), [""; 0]);
}

#[test]
fn words_that_ec2_may_have_added_are_served_with_a_warning() {
    for (text, expected) in [
        ("[instance]\nlife-cycle = \"interruptible-capacity-reservation\"\n", &[][..]),
        ("[instance]\nlife-cycle = \"sponsored\"\n", &["mock-imds knows no life-cycle \"sponsored\""]),
        ("[instance]\nlife-cycle = \"on-demnad\"\n", &["did you mean \"on-demand\"?"]),
        (
            "[[event]]\nat = \"1s\"\nlife-cycle = \"sponsored\"\n",
            &["mock-imds knows no life-cycle \"sponsored\""],
        ),
        (
            "[[event]]\nat = \"1s\"\nmaintenance = { code = \"system-upgrade\", state = \"deferred\" }\n",
            &["mock-imds knows no code \"system-upgrade\"", "mock-imds knows no state \"deferred\""],
        ),
    ] {
        expect(text, expected);
    }
}
