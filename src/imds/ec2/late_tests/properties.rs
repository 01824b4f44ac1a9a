//! What holds at every moment of every timeline.

use super::*;

/// What holds at every moment, whatever the timeline.
fn check(view: &View) -> Result<(), TestCaseError> {
    let answers = view.answers();
    // Each leaf that answers is found by the listings, and nothing else.
    for (path, leaf) in view.tree.leaves().into_iter().filter(|(path, _)| path.starts_with(MACS)) {
        let value = leaf.value(&view.context(), Version::LATEST);
        prop_assert_eq!(value.is_some(), answers.contains_key(&path), "{} is listed as it answers", path);
    }
    let listed = view.lines(MACS);
    for line in &listed {
        let mac = line.trim_end_matches('/');
        if let Some(own) = view.get(&format!("{MACS}/{mac}/mac")) {
            prop_assert_eq!(own, mac, "an interface's mac is its directory's name");
        }
    }
    // The primary interface is always there, and its card and number are never late.
    let primary = view.instance.mac().to_string();
    prop_assert_eq!(view.get("meta-data/mac"), Some(primary.clone()));
    prop_assert!(listed.contains(&format!("{primary}/")), "the primary interface is listed");
    let number = view.get(&format!("{MACS}/{primary}/device-number"));
    prop_assert_eq!(number.as_deref(), Some("0"));
    let mut attachments: Vec<_> = view.instance.interfaces.iter().map(NetworkInterface::attachment).collect();
    attachments.dedup();
    prop_assert_eq!(attachments.len(), view.instance.interfaces.len(), "no card and number twice in truth");
    // The copies at the top switch with the leaves of the primary interface.
    for (copy, leaf) in [
        ("local-ipv4", "local-ipv4s"),
        ("ipv6", "ipv6s"),
        ("public-ipv4", "public-ipv4s"),
        ("public-hostname", "public-hostname"),
    ] {
        let first = view.lines(&format!("{MACS}/{primary}/{leaf}")).into_iter().next();
        prop_assert_eq!(
            view.get(&format!("meta-data/{copy}")),
            first,
            "{} is that of the primary interface",
            copy
        );
    }
    let groups = view.get(&format!("{MACS}/{primary}/security-groups"));
    prop_assert_eq!(view.get("meta-data/security-groups"), groups);
    // The journal says of a path that it is late, unless its answer is the true one.
    let truth = view.without_lateness();
    for (path, leaf) in view.tree.leaves().into_iter().filter(|(path, _)| path.starts_with(MACS)) {
        let names: Vec<&str> = path.split('/').collect();
        let shown = leaf.value(&view.context(), Version::LATEST);
        if view.instance.late.shown_at(&names).is_none() {
            prop_assert_eq!(
                shown.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
                truth.get(&path),
                "{} is not called late",
                path
            );
        }
    }
    // The document follows the truth at once.
    let address = view.instance.local_ipv4().map(|address| format!("\"privateIp\" : \"{address}\""));
    prop_assert!(address.is_none_or(|address| view.identity.document.contains(&address)));
    Ok(())
}

/// The moments at which something changes, and some between them.
fn moments(clock: &ScenarioClock, events: &[Event]) -> Vec<Timestamp> {
    let mut moments = vec![START];
    let mut now = START;
    while let Some(next) = clock.next_change(events, now).filter(|_| moments.len() < 400) {
        moments.push(Timestamp::from_millis(now.as_millis().midpoint(next.as_millis())));
        moments.push(next);
        now = next;
    }
    moments.push(now.plus(Duration::from_secs(1)));
    moments
}

/// In CI 10,000 timelines in all; elsewhere as many for each property as `PROPTEST_CASES` says, or 256.
fn config(in_ci: u32) -> ProptestConfig {
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let chosen = std::env::var_os("PROPTEST_CASES").is_some() || std::env::var_os("CI").is_none();
    if chosen { default } else { ProptestConfig { cases: in_ci, ..default } }
}

proptest! {
    // It looks at every moment of a timeline.
    #![proptest_config(config(1_000))]

    #[test]
    fn what_is_listed_answers_and_copies_agree_at_every_moment(drawn in drawn()) {
        let (base, events) = (base(&drawn.0), events(&drawn));
        let clock = ScenarioClock::starting(START, START);
        let mut before: Option<(Timestamp, BTreeMap<String, String>)> = None;
        for now in moments(&clock, &events) {
            let view = View::at(&base, &events, &clock, now);
            check(&view)?;
            let answers = view.answers();
            // Between two changes everything stays: what is remembered until then may be answered.
            if let Some((then, same)) = before.take()
                && clock.next_change(&events, then).is_none_or(|next| now < next)
            {
                prop_assert_eq!(&same, &answers, "from {:?} to {:?}", then, now);
            }
            before = Some((now, answers));
        }
    }
}

proptest! {
    #![proptest_config(config(3_000))]

    /// In the end everything shows what is true, as if nothing had been late.
    #[test]
    fn everything_arrives(drawn in drawn()) {
        let clock = ScenarioClock::starting(START, START);
        let end = START.plus(Duration::from_hours(3));
        let late = View::at(&base(&drawn.0), &events(&drawn), &clock, end);
        prop_assert!(late.instance.late.is_settled(), "{:?}", late.instance.late);
        let at_once: Drawn = (
            Propagation::default(),
            drawn.1.iter().map(|(at, effect, _)| (*at, effect.clone(), None)).collect(),
        );
        let instant = View::at(&base(&at_once.0), &events(&at_once), &clock, end);
        prop_assert_eq!(late.answers(), instant.answers());
        prop_assert_eq!(&late.instance.interfaces, &instant.instance.interfaces);
    }

    /// With the profile that delays nothing, nothing is ever late.
    #[test]
    fn what_is_instant_is_never_late(drawn in drawn(), at in span()) {
        let changes = drawn.1.iter().filter(|(_, effect, _)| {
            !matches!(effect, EventEffect::Profile(ProfileChange { change: RoleChange::RoleInProfile, .. })
                | EventEffect::Interface(InterfaceChange::Hide { .. }))
        });
        let instant: Drawn =
            (Propagation::default(), changes.map(|(at, effect, _)| (*at, effect.clone(), None)).collect());
        let events = events(&instant);
        prop_assert!(events.iter().all(|event| event.lateness.is_over_at_once()));
        let clock = ScenarioClock::starting(START, START);
        let view = View::at(&base(&instant.0), &events, &clock, START.plus(at));
        prop_assert!(view.instance.late.is_settled());
        check(&view)?;
    }

    /// A clock that is moved to an offset shows what one shows that ran there; one that is paused stands.
    #[test]
    fn seeks_and_pauses_move_what_is_late(drawn in drawn(), to in span(), wait in span()) {
        let changes = drawn.1.into_iter().filter(|(_, effect, _)| {
            // The date of a refresh is that of the wall clock.
            !matches!(effect, EventEffect::Profile(ProfileChange { change: RoleChange::RoleInProfile, .. }))
        });
        let drawn = (drawn.0, changes.collect());
        let (base, events) = (base(&drawn.0), events(&drawn));
        let ran = ScenarioClock::starting(START, START);
        let at = START.plus(to);
        let played = View::at(&base, &events, &ran, at).answers();
        let sought = ran.seek(&events, to, START);
        prop_assert_eq!(&View::at(&base, &events, &sought, START).answers(), &played, "sought forward");
        let later = at.plus(wait);
        let back = ran.seek(&events, to, later);
        prop_assert_eq!(&View::at(&base, &events, &back, later).answers(), &played, "sought back");
        let paused = ran.pause(at);
        prop_assert_eq!(&View::at(&base, &events, &paused, later).answers(), &played, "paused");
        let resumed = paused.resume(&events, later);
        let ends = View::at(&base, &events, &resumed, later.plus(wait)).answers();
        prop_assert_eq!(&ends, &View::at(&base, &events, &ran, at.plus(wait)).answers(), "resumed");
    }
}
