//! Instance profiles that are replaced, and roles in them.

use super::*;
use crate::model::CredentialState;

const INFO: &str = "meta-data/iam/info";
const ROLES: &str = "meta-data/iam/security-credentials";

fn change(change: RoleChange, role: &str) -> EventEffect {
    let role = Some(role.parse().expect("a role"));
    EventEffect::Profile(ProfileChange { role, name: None, change })
}

/// The profile in `iam/info`, and the roles that are listed, this many seconds after the start.
fn seen(settings: &Propagation, effects: &[(u64, EventEffect)], seconds: u64) -> (String, Vec<String>) {
    let at = |(seconds, effect): &(u64, EventEffect)| {
        event(EventTime::AfterLoad(Duration::from_secs(*seconds)), effect.clone(), None, settings)
    };
    let events: Vec<Event> = effects.iter().map(at).collect();
    let clock = ScenarioClock::starting(START, START);
    let view = View::at(&base(settings), &events, &clock, START.plus(Duration::from_secs(seconds)));
    let info = view.get(INFO).unwrap_or_default();
    let profile = info.split_once(":instance-profile/").map(|(_, rest)| rest.split('"').next());
    (profile.flatten().unwrap_or_default().to_owned(), view.lines(ROLES))
}

fn names(roles: &[&str]) -> Vec<String> {
    roles.iter().map(|role| (*role).to_owned()).collect()
}

#[test]
fn what_was_never_visible_is_not_shown_in_the_place_of_the_next() {
    let settings = Propagation { profile: PropagationProfile::Slow, ..Propagation::default() };
    // Each is visible after 20 s, its keys after 30.
    let effects =
        [(0, change(RoleChange::Associate, "second")), (10, change(RoleChange::Associate, "third"))];
    for (seconds, profile, roles) in [
        (5, "dev-role", &["dev-role"][..]),
        (15, "dev-role", &["dev-role"]),
        (25, "dev-role", &["dev-role"]),
        (29, "dev-role", &["dev-role"]),
        (30, "third", &[]),
        (39, "third", &[]),
        (40, "third", &["third"]),
    ] {
        let found = seen(&settings, &effects, seconds);
        assert_eq!(found, (profile.to_owned(), names(roles)), "at {seconds} s");
    }
}

#[test]
fn another_role_in_the_profile_is_listed_at_the_next_refresh_and_the_profile_stays() {
    let settings = Propagation::default();
    let effects = [(0, change(RoleChange::RoleInProfile, "second"))];
    // The clock starts 2,800 s after a whole hour.
    for (seconds, role) in [(0, "dev-role"), (799, "dev-role"), (800, "second"), (10_000, "second")] {
        let found = seen(&settings, &effects, seconds);
        assert_eq!(found, ("dev-role".to_owned(), vec![role.to_owned()]), "at {seconds} s");
    }
}

#[test]
fn another_profile_has_none_of_the_failures_of_the_last() {
    let settings = Propagation::default();
    for state in [CredentialState::NoRole, CredentialState::Failed, CredentialState::ProfileNotFound] {
        let effects = [(0, EventEffect::Credentials(state)), (1, change(RoleChange::Associate, "second"))];
        let found = seen(&settings, &effects, 2);
        assert_eq!(found, ("second".to_owned(), vec!["second".to_owned()]), "{state:?}");
    }
}

/// A profile that has arrived at the very time of the next change is what is shown until that one arrives.
#[test]
fn what_has_arrived_is_shown_until_the_next_arrives() {
    let settings = Propagation { profile: PropagationProfile::Slow, ..Propagation::default() };
    let effects =
        [(0, change(RoleChange::Associate, "second")), (20, change(RoleChange::Associate, "third"))];
    for (seconds, profile, roles) in [
        (19, "dev-role", &["dev-role"][..]),
        (20, "second", &[]),
        (39, "second", &[]),
        (40, "third", &[]),
        (50, "third", &["third"]),
    ] {
        let found = seen(&settings, &effects, seconds);
        assert_eq!(found, (profile.to_owned(), names(roles)), "at {seconds} s");
    }
}

#[test]
fn another_profile_has_an_id_of_its_own() {
    let settings = Propagation::default();
    let mut instance = base(&settings);
    let id = "AIPAIOSFODNN7EXAMPLE0";
    let credentials = instance.credentials.get_or_insert_default();
    credentials.instance_profile_id = Some(id.parse().expect("an id"));
    let clock = ScenarioClock::starting(START, START);
    for (role, is_same) in [(RoleChange::Associate, false), (RoleChange::RoleInProfile, true)] {
        let effect = change(role, "second");
        let events = [event(EventTime::AfterLoad(Duration::from_secs(1)), effect, None, &settings)];
        let info = |seconds| {
            let view = View::at(&instance, &events, &clock, START.plus(Duration::from_secs(seconds)));
            view.get(INFO).expect("there is a profile")
        };
        assert!(info(0).contains(id), "before: {}", info(0));
        assert_eq!(info(10_000).contains(id), is_same, "{role:?}: {}", info(10_000));
    }
}

/// An event about the profile is later than its association with the instance at the start.
#[test]
fn another_profile_does_not_wait_for_the_first_to_be_attached() {
    let settings = Propagation::default();
    let mut instance = base(&settings);
    instance.credentials.get_or_insert_default().attached_after = Duration::from_hours(10);
    let clock = ScenarioClock::starting(START, START);
    for role in [RoleChange::Associate, RoleChange::RoleInProfile] {
        let effect = change(role, "second");
        let events = [event(EventTime::AfterLoad(Duration::from_secs(1)), effect, None, &settings)];
        // Of a role in a profile the next refresh of the keys is over, too.
        for (seconds, expected) in [(0, &[][..]), (7_200, &["second"])] {
            let view = View::at(&instance, &events, &clock, START.plus(Duration::from_secs(seconds)));
            assert_eq!(view.lines(ROLES), names(expected), "{role:?}, at {seconds} s");
        }
    }
}

#[test]
fn a_settlement_shows_the_profile_and_no_other_does() {
    let settings = Propagation { profile: PropagationProfile::Slow, ..Propagation::default() };
    let settle = EventEffect::Settle;
    for (then, profile) in [
        (settle(SettleTarget::InstanceProfile), "second"),
        (settle(SettleTarget::All), "second"),
        (settle(SettleTarget::Network), "dev-role"),
        (settle(SettleTarget::Facts), "dev-role"),
        (EventEffect::Clear(ClearTarget::Tags), "dev-role"),
    ] {
        let effects = [(0, change(RoleChange::Associate, "second")), (5, then)];
        let found = seen(&settings, &effects, 6);
        assert_eq!(found, (profile.to_owned(), names(&[profile])), "{:?}", effects[1].1);
    }
    // A clear shows that of the scenario, and nothing is pending of the other one.
    let clear = EventEffect::Clear(ClearTarget::Credentials);
    let effects = [(0, change(RoleChange::Associate, "second")), (25, clear)];
    for (seconds, profile, roles) in [(24, "second", &[][..]), (25, "dev-role", &["dev-role"])] {
        let found = seen(&settings, &effects, seconds);
        assert_eq!(found, (profile.to_owned(), names(roles)), "at {seconds} s");
    }
}
