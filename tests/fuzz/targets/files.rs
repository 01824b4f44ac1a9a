//! Files: scenarios, host.toml, configurations of amazon-ec2-metadata-mock, dumps.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper::{HeaderMap, Method};
use mock_imds::config::SourceText;
use mock_imds::host::settings::HostSettings;
use mock_imds::imds::Fleet;
use mock_imds::scenario;
use mock_imds::transcribe::{
    Observations, SecretsPolicy, TranscribeError, dump as dumps, shapes, transcribe,
};

use super::service::{KEYS, LOADED, Service};

/// A directory that is not there: a scenario of noise finds no file beside it.
const NOWHERE: &str = "/nonexistent";
/// Some of the paths that follow from a scenario, at some times of its clock.
const PATHS: [&str; 4] =
    ["/", "/latest/meta-data/", "/latest/dynamic/instance-identity/document", "/latest/user-data"];
const TIMES: [Duration; 3] = [Duration::ZERO, Duration::from_secs(45), Duration::from_hours(7)];

/// A scenario that is taken is compiled, and asked.
pub fn scenario(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match scenario::read(&SourceText::new("scenario.toml", text), Path::new(NOWHERE)) {
        Ok((scenario, warnings)) => {
            let _ = warnings.to_string();
            let service = Service::of(Fleet::compile(scenario, &KEYS, LOADED, LOADED));
            for (path, after) in PATHS.iter().flat_map(|path| TIMES.map(|after| (path, after))) {
                service.ask(&Method::GET, path, &HeaderMap::new(), LOADED.plus(after));
            }
        }
        Err(report) => assert_named(&report.to_string(), "scenario.toml"),
    }
}

pub fn host(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match HostSettings::parse(&SourceText::new("host.toml", text)) {
        Ok((_, report)) => _ = report.to_string(),
        Err(report) => assert_named(&report.to_string(), "host.toml"),
    }
}

fn assert_named(report: &str, file: &str) {
    assert!(report.contains(file), "expected a report about {file}, found {report:?}");
}

/// The first byte is that of the extension.
pub fn aemm(input: &[u8]) {
    let Some((first, rest)) = input.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let extension = match first {
        b'y' => "yaml",
        b't' => "toml",
        _ => "json",
    };
    if let Err(why) = mock_imds::fuzzing::aemm_file(extension, text) {
        assert!(!why.is_empty(), "a refusal without a word");
    }
}

/// A file of any shape, or files if it begins so: each begins with a line `== PATH`.
pub fn dump(input: &[u8]) {
    let policy = SecretsPolicy { credentials: true, user_data: true };
    let observations = if input.starts_with(b"== ") {
        dumps::read(&unpacked(input), policy).ok()
    } else {
        shapes::read(input, policy).ok().map(|reading| reading.observations)
    };
    observations.into_iter().for_each(written);
}

fn unpacked(input: &[u8]) -> dumps::DumpFiles {
    let text = String::from_utf8_lossy(input);
    let files = text.split("== ").filter_map(|file| file.split_once('\n'));
    let path = |path: &str| path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    files.map(|(name, content)| (path(name), content.as_bytes().to_vec())).collect()
}

/// What was observed becomes a scenario that is accepted, or nothing.
pub fn written(observations: Observations) {
    match transcribe(observations, "Of noise.", &Arc::clone(&KEYS), LOADED) {
        Ok(transcript) => {
            let read = scenario::read(&SourceText::new("written.toml", transcript.text), Path::new(NOWHERE));
            if let Err(report) = read {
                panic!("expected a scenario that is accepted, found:\n{report}");
            }
        }
        Err(TranscribeError::Nothing | TranscribeError::TooLarge(_) | TranscribeError::TooSlow(_)) => {}
        Err(error @ TranscribeError::Rejected(_)) => panic!("{error}"),
    }
}
