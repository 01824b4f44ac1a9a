//! Paths that nothing serves, that no event sets, and that hide what an event changes.

use super::expect;

#[test]
fn the_other_segments_of_a_misspelt_path_are_kept() {
    let overridden = |path: &str| format!("[metadata]\n\"{path}\" = \"x\"\n");
    let fault = |path: &str| format!("[[fault]]\npath = \"{path}\"\nstatus = 503\n");
    let macs = "meta-data/network/interfaces/macs";
    for (text, expected) in [
        (
            overridden(&format!("{macs}/0e:49:61:0f:c3:11/subnte-id")),
            format!("did you mean \"{macs}/0e:49:61:0f:c3:11/subnet-id\"?"),
        ),
        (fault(&format!("{macs}/*/subnte-id")), format!("did you mean \"{macs}/*/subnet-id\"?")),
        (
            fault("meta-data/*/interfaces/macs/*/subnte-id"),
            "did you mean \"meta-data/*/interfaces/macs/*/subnet-id\"?".to_owned(),
        ),
        (fault("meta-data/plaecment/**"), "matches no path that is served".to_owned()),
        (
            format!("{}{}", overridden("meta-data/own/x"), fault("meta-data/plaecment/**")),
            "matches no path that is served".to_owned(),
        ),
    ] {
        expect(&text, &[&expected]);
    }
    for text in [
        // Two mistakes, and another number.
        overridden("meta-data/plaecment/reigon"),
        overridden("meta-data/public-ipv6"),
        overridden("meta-data/placement/region/x"),
        fault("latest/"),
        fault("/2021-07-15"),
        fault("meta-data/placement"),
    ] {
        expect(&text, &[]);
    }
    let named = "[instances.a]\nderive = true\nclients = [\"host\"]\nmetadata = { \"meta-data/instnace-id\" = \"x\" }\n";
    expect(named, &["EC2 serves no meta-data/instnace-id | did you mean \"meta-data/instance-id\"?"]);
}

#[test]
fn an_unset_of_what_no_event_sets_is_told() {
    expect(
        "[[event]]\nunset = [\"meta-data/no-such-path\"]\n",
        &[
            "unset of meta-data/no-such-path has no effect",
            "nothing serves meta-data/no-such-path | accepted: a path",
        ],
    );
    expect(
        "[[event]]\nunset = [\"meta-data/mac\"]\n",
        &["unset of meta-data/mac has no effect: no event sets it"],
    );
}

#[test]
fn an_override_hides_what_an_event_changes_at_or_below_its_path() {
    let macs = "meta-data/network/interfaces/macs";
    let of = |path: &str, value: &str| {
        format!(
            "[metadata]\n\"{path}\" = {value}\n[[event]]\nattach-interface = {{ mac = \"0e:49:61:0f:c3:12\" }}\n"
        )
    };
    for (path, value) in [
        (format!("{macs}/0e:49:61:0f:c3:12"), "false"),
        (format!("{macs}/0e:49:61:0f:c3:12/mac"), "\"x\""),
        (macs.to_owned(), "false"),
    ] {
        expect(
            &of(&path, value),
            &[&format!("{path} is overridden: what this event changes there is not seen")],
        );
    }
    for (path, value) in [
        (format!("{macs}/0e:49:61:0f:c3:11"), "false"),
        (format!("{macs}/0e:49:61:0f:c3:11/mac"), "\"x\""),
        ("meta-data/own".to_owned(), "\"x\""),
    ] {
        expect(&of(&path, value), &[]);
    }
}
