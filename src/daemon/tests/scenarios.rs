//! Which scenario is served, and what of one outlives the next.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use serde_json::json;
use tokio::sync::watch;

use super::fleets::{LOADED, fleet_at, keys, loaded_scenario, scenario};
use crate::config::Report;
use crate::control::ScenarioChoice;
use crate::control::api::{FallbackScenario, ScenarioContent};
use crate::daemon::last_good::Fallback;
use crate::daemon::load::{LoadedScenario, ScenarioSource, read};
use crate::daemon::origin::ScenarioOrigin;
use crate::daemon::replacement::Replacement;
use crate::daemon::restore::InitialState;
use crate::daemon::sent_scenario::SentScenarioFile;
use crate::daemon::store::ScenarioStore;
use crate::imds::{Fleet, FleetChange, FleetItem};
use crate::model::fault::{Fault, FaultEffect};
use crate::model::{FetchFailure, Fetched};
use crate::scenario::Library;

const EVENT: &str = "[[event]]\nat = \"1h\"\nset = { \"meta-data/a\" = \"x\" }\n";
const FAULT: &str = "[[fault]]\nname = \"slow\"\nlatency = \"1s\"\n";

// === The fleet of another scenario ===

fn replaced(before: &str, after: &str, keep: bool, change: impl FnOnce(Fleet) -> Fleet) -> Replacement {
    let (served, loaded) = (loaded_scenario(before), loaded_scenario(after));
    let fleet = change(fleet_at(scenario(before), LOADED));
    Replacement::compile(&loaded, &served, &fleet, keep, &keys(), LOADED.into())
}

fn ordered(fleet: &Fleet) -> Fleet {
    let fault = Fault { name: "x".parse().expect("a name"), ..Fault::always(FaultEffect::Hang) };
    let order = Arc::new(json!({"name": "x", "hang": true}));
    fleet.apply(FleetChange::Fault(Box::new(FleetItem::ordered(fault, order))))
}

#[test]
fn counters_go_on_only_if_events_and_faults_keep_their_indices() {
    for (before, after, keep, expected) in [
        ("", "", true, true),
        ("", "", false, false),
        (EVENT, EVENT, true, true),
        (FAULT, FAULT, true, true),
        ("", "[instance]\nami-launch-index = 1\n", true, true),
        (EVENT, "", true, false),
        ("", EVENT, true, false),
        (FAULT, "", true, false),
        ("", FAULT, true, false),
    ] {
        let found = replaced(before, after, keep, |fleet| fleet);
        assert_eq!(found.same_indices, expected, "from {before:?} to {after:?}, kept: {keep}");
    }
}

#[test]
fn keys_of_the_same_source_are_not_fetched_again() {
    let fetched = Fetched { keys: None, failure: Some(FetchFailure { at: LOADED, why: "x".to_owned() }) };
    let source = |file: &str| format!("[credentials]\nsource = \"file\"\nfile = \"{file}\"\n");
    for (after, expected) in [(source("/a"), true), (source("/b"), false), (String::new(), false)] {
        let apply = |fleet: Fleet| fleet.apply(FleetChange::Fetched(fetched.clone()));
        let found = replaced(&source("/a"), &after, false, apply);
        assert_eq!(found.fleet.fetched(), expected.then_some(&fetched), "with {after:?}");
    }
}

#[test]
fn the_end_of_the_sentence_counts_what_is_kept_and_dropped() {
    let words = |before, after, keep, change: fn(Fleet) -> Fleet| {
        let found = replaced(before, after, keep, change);
        (found.changes_words(), found.same_indices)
    };
    let twice = |fleet: Fleet| ordered(&fleet.apply(FleetChange::RemoveFaults([0].into())));
    assert_eq!(words("", "", true, |fleet| fleet), (String::new(), true));
    assert_eq!(words("", "", true, |fleet| ordered(&fleet)), ("; kept: 1 change".into(), true));
    assert_eq!(words("", "", false, |fleet| ordered(&fleet)), ("; dropped: 1 change".into(), false));
    // A fault of the file that is removed is a change, too.
    assert_eq!(words(FAULT, FAULT, true, twice), ("; kept: 2 changes".into(), true));
    assert_eq!(words(FAULT, FAULT, false, twice), ("; dropped: 2 changes".into(), false));
    assert_eq!(words(FAULT, "", true, twice), ("; kept: 1 change, dropped: 1 change".into(), false));
}

// === The store ===

struct Store {
    store: ScenarioStore,
    texts: watch::Sender<Arc<str>>,
}

impl Store {
    /// Scenarios from memory, of which the first is served; or, after a restart, another one.
    async fn new(overridden: bool) -> Self {
        let (texts, scenarios) = watch::channel(Arc::from(""));
        let source = ScenarioSource::Memory(scenarios);
        let served = source.read(&ScenarioOrigin::BuiltIn).await.expect("it is empty");
        let mut initial = InitialState::unsaved(served);
        initial.overridden = overridden;
        let store = ScenarioStore::new(source, Library::new(None), SentScenarioFile::new(None), initial);
        Self { store, texts }
    }

    /// `None`: nothing new; `Some(false)`: it is rejected.
    async fn reads(&mut self, text: &str) -> Option<bool> {
        self.texts.send(Arc::from(text)).expect("the store has the other end");
        self.store.read_if_changed().await.map(|read| read.is_ok())
    }
}

const OTHER: &str = "[instance]\nami-launch-index = 1\n";
const BROKEN: &str = "[instance]\nami-launch-index = \"x\"\n";
const BROKEN_TOO: &str = "[instance]\nami-launch-index = \"y\"\n";

#[tokio::test]
async fn only_what_is_new_is_given() {
    let mut store = Store::new(false).await;
    for (text, expected) in [
        ("", None),
        (OTHER, Some(true)),
        (OTHER, None),
        (BROKEN, Some(false)),
        (BROKEN, None),
        (BROKEN_TOO, Some(false)),
        (OTHER, Some(true)),
        ("", Some(true)),
    ] {
        assert_eq!(store.reads(text).await, expected, "{text:?}");
    }
}

/// It would end what `use` chose before the restart.
#[tokio::test]
async fn after_a_restart_that_serves_another_scenario_the_first_reading_is_nothing_new() {
    let mut store = Store::new(true).await;
    assert_eq!(store.reads(OTHER).await, None);
    assert_eq!(store.reads(OTHER).await, None);
    assert_eq!(store.reads("").await, Some(true));
}

#[tokio::test]
async fn another_scenario_is_served_until_it_ends() {
    let mut store = Store::new(false).await.store;
    let digest = |loaded: &LoadedScenario| loaded.digest.clone();
    let own = digest(store.served());
    for name in ["spot-idle", "default"] {
        let choice = ScenarioChoice::Named(name.to_owned());
        let other = store.read_other(choice).await.expect("the library has it");
        store.override_with(other.clone());
        assert!(store.is_overridden(), "{name}");
        assert_eq!(digest(store.served()), digest(&other), "{name}");
    }
    let before = store.read_overridden().await.expect("it was served");
    assert_eq!(digest(&before), own, "the one before both");
    store.end_override(before);
    assert_eq!((store.is_overridden(), digest(store.served())), (false, own));
}

#[tokio::test]
async fn a_rejected_file_is_told_until_a_reload_is_accepted() {
    let (_texts, scenarios) = watch::channel(Arc::from(""));
    let source = ScenarioSource::Memory(scenarios);
    let served = source.read(&ScenarioOrigin::BuiltIn).await.expect("it is empty");
    let mut initial = InitialState::unsaved(served);
    let report = Report::whole("/test.toml", "is wrong", "accepted: right");
    initial.fallback = Some(Fallback { report, is_last_good: true });
    let mut store = ScenarioStore::new(source, Library::new(None), SentScenarioFile::new(None), initial);
    let fallback = store.fallback().expect("it stands for a file");
    assert_eq!((fallback.serving, fallback.file.as_str()), (FallbackScenario::LastGood, "/test.toml"));
    let read = store.read().await.expect("it is good");
    store.serve(read);
    assert_eq!(store.fallback(), None);
}

/// A scenario that was sent may have keys: they go with it.
#[tokio::test]
async fn what_was_sent_is_kept_as_long_as_it_is_served() {
    let directory = std::env::temp_dir().join(format!("mock-imds-store-{}", std::process::id()));
    let file = directory.join("used.json");
    let (_texts, scenarios) = watch::channel(Arc::from(""));
    let source = ScenarioSource::Memory(scenarios);
    let served = source.read(&ScenarioOrigin::BuiltIn).await.expect("it is empty");
    let sent = SentScenarioFile::new(Some(file.clone()));
    let mut store = ScenarioStore::new(source, Library::new(None), sent, InitialState::unsaved(served));
    let content = ScenarioContent { path: "/home/u/a.toml".into(), text: OTHER.to_owned(), files: [].into() };
    for ends_by in ["another", "a reload"] {
        let loaded = store.read_other(ScenarioChoice::Sent(content.clone())).await.expect("it is good");
        store.override_with(loaded);
        store.forget_sent_unless_served().await;
        assert!(file.exists(), "it is served, before {ends_by}");
        if ends_by == "another" {
            let other = store.read_other(ScenarioChoice::Named("spot-idle".to_owned())).await;
            store.override_with(other.expect("the library has it"));
        } else {
            let read = store.read().await.expect("it is good");
            store.serve(read);
        }
        store.forget_sent_unless_served().await;
        assert!(!file.exists(), "{ends_by} is served");
    }
    std::fs::remove_dir_all(directory).expect("ours");
}

#[tokio::test]
async fn a_reload_ends_what_was_chosen() {
    let Store { mut store, texts } = Store::new(false).await;
    let other = store.read_other(ScenarioChoice::Named("spot-idle".to_owned())).await;
    store.override_with(other.expect("the library has it"));
    texts.send(Arc::from(OTHER)).expect("the store has the other end");
    let read = store.read().await.expect("it is good");
    store.serve(read.clone());
    assert_eq!((store.is_overridden(), &store.served().digest), (false, &read.digest));
}

/// It is in no file system, whose answer somebody would have to wait for.
#[test]
fn the_built_in_scenario_is_there_at_once() {
    let mut reading = Box::pin(read(ScenarioOrigin::BuiltIn));
    let found = reading.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(&found, Poll::Ready(Ok(loaded)) if loaded.origin == ScenarioOrigin::BuiltIn));
}
