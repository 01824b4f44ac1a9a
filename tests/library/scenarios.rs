//! Every shipped scenario is accepted, says in its first line what it is, and keeps its promises: while time goes by,
//! when the clock is moved, and through a server.

use std::collections::BTreeMap;
use std::fs;

use mock_imds::scenario;
use support::{Answer, Client, LOADED, PureService, Sandbox, TOKEN, TTL, library, shipped};

use crate::play::{self, Instants, Line};

const RERUN: &str = "rerun: cargo test --test library scenarios";

#[test]
fn the_library_is_accepted_without_a_warning() {
    let library = library();
    assert!(library.len() >= 16, "expected at least 16 scenarios, found {library:?}");
    for (name, file) in library {
        let (_, report) = scenario::load(&file).unwrap_or_else(|report| panic!("{report}\n{RERUN}"));
        assert!(report.problems.is_empty(), "{report}\n{RERUN}");
        let text = fs::read_to_string(&file).expect("it was just read");
        let summary = text.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap_or_default();
        assert!(
            summary.ends_with('.') && summary.len() <= 118,
            "{name}: expected a sentence of at most 118 characters in the first line, for the list; found {summary:?}"
        );
    }
}

#[test]
fn the_program_accepts_the_library() {
    let files: Vec<String> = library().into_iter().map(|(_, file)| file.display().to_string()).collect();
    let arguments: Vec<&str> = ["check"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let found = Sandbox::new().run(&arguments);
    let expected: Vec<String> = files.iter().map(|file| format!("{file}: ok")).collect();
    let said: Vec<String> = found.stdout.lines().map(str::to_owned).collect();
    assert_eq!((found.code, said, found.stderr), (Some(0), expected, String::new()), "{RERUN}");
}

#[test]
fn every_play_belongs_to_a_scenario() {
    let names: Vec<String> = library().into_iter().map(|(name, _)| name).collect();
    let directory = support::sources().join("tests/library/plays");
    for entry in fs::read_dir(directory).expect("the plays are there") {
        let file = entry.expect("the plays are readable").path();
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(names.contains(&name), "{}: there is no scenario {name}", file.display());
    }
}

/// Asks what a line asks.
fn ask(service: &mut PureService, line: &Line, tokens: &mut BTreeMap<String, String>) -> Answer {
    let client = line.from.as_deref().map_or(Client::HOST, Client::bridged);
    let pod_token = line.pod_token.as_ref();
    let pod_token = pod_token
        .map(|name| tokens.entry(format!("pod {name}")).or_insert_with(|| service.pod_token()).clone());
    let mut headers = vec![];
    if line.method == "PUT" {
        headers.push((TTL, "21600"));
    }
    if let Some(name) = &line.token {
        let token = tokens.entry(name.clone()).or_insert_with(|| service.token(client, "21600"));
        headers.push((TOKEN, token.as_str()));
    }
    headers.extend(pod_token.as_deref().map(|token| ("authorization", token)));
    headers.extend(line.authorization.as_deref().map(|value| ("authorization", value)));
    service.ask(client, &line.method, &line.path, &headers)
}

/// Plays a scenario; `arrive` brings the service to the offset of a line, and notes when what it refers to happened.
fn play(name: &str, mut arrive: impl FnMut(&mut PureService, &Line, &[Line], &mut Instants)) {
    let lines = play::of(name);
    let mut service = shipped(name);
    let (mut tokens, mut instants) = (BTreeMap::new(), Instants::new());
    let mut wrong = vec![];
    for line in &lines {
        arrive(&mut service, line, &lines, &mut instants);
        let answer = ask(&mut service, line, &mut tokens);
        wrong.extend(line.judge(&answer, Some(&instants)).err());
    }
    assert!(wrong.is_empty(), "tests/library/plays/{name}.play\n{}\n{RERUN}", wrong.join("\n"));
}

#[test]
fn every_scenario_keeps_its_promises_as_time_goes_by() {
    for (name, _) in library() {
        play(&name, |service, line, lines, instants| {
            service.now = LOADED.plus(line.at);
            for offset in lines.iter().flat_map(Line::offsets) {
                instants.insert(offset, LOADED.plus(offset));
            }
        });
    }
}

#[test]
fn every_scenario_keeps_its_promises_when_the_clock_is_moved() {
    for (name, _) in library() {
        let mut reached = None;
        play(&name, |service, line, lines, instants| {
            if reached != Some(line.at) {
                service.seek(line.at);
                reached = Some(line.at);
            }
            // What lies before the point was passed now, and keeps that instant.
            for offset in lines.iter().flat_map(Line::offsets).filter(|offset| *offset <= line.at) {
                let passed = line.at.checked_sub(offset).expect("it lies before the point");
                let instant = service.now.as_millis() - u64::try_from(passed.as_millis()).expect("minutes");
                instants.entry(offset).or_insert(mock_imds::model::Timestamp::from_millis(instant));
            }
        });
    }
}
