//! Scenarios: read from a text, or shipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use mock_imds::config::SourceText;
use mock_imds::identity::KeyRing;
use mock_imds::imds::Fleet;
use mock_imds::model::Timestamp;
use mock_imds::scenario;

use crate::pure_service::PureService;
use crate::target;

/// The keys of all services of the tests, made once: it takes a moment.
static KEYS: LazyLock<Arc<KeyRing>> = LazyLock::new(|| Arc::new(KeyRing::generate([7; 32])));

/// The service of a scenario that is loaded now, by a program that was started then.
#[track_caller]
pub(crate) fn fleet(source: &SourceText, base: &Path, now: Timestamp, started: Timestamp) -> Fleet {
    match scenario::read(source, base) {
        Ok((scenario, _)) => Fleet::compile(scenario, &KEYS, now, started),
        Err(report) => panic!("expected a good scenario, found:\n{report}"),
    }
}

/// The text of a hundred instances that have 100,000 `clients` in all, and of one for 127.0.0.1. A scenario file may have
/// 1 MiB: so the addresses are short ones, of IPv6.
pub fn hundred_thousand_clients() -> String {
    let address = |number: u32| match number {
        0..0x1_0000 => format!("\"::{number:x}\""),
        _ => format!("\"1::{:x}\"", number - 0x1_0000),
    };
    let instance = |number: u32| {
        let clients: Vec<String> = (number * 1_000..(number + 1) * 1_000).map(address).collect();
        format!("[instances.i{number}]\nclients = [{}]\n", clients.join(","))
    };
    let instances: String = (0..100).map(instance).collect();
    format!("{instances}[instances.local]\nclients = [\"127.0.0.1\"]\n")
}

/// The text of an instance with sixty interfaces on four network cards.
pub fn sixty_interfaces() -> String {
    let interface = |number: u32| {
        let (card, device) = (number % 4, number / 4);
        format!("[[instance.network-interface]]\nnetwork-card = {card}\ndevice-number = {device}\n")
    };
    let interfaces: String = (0..60).map(interface).collect();
    format!("[instance]\ninstance-type = \"p4d.24xlarge\"\n{interfaces}")
}

/// The names of the shipped scenarios, and their files.
pub fn library() -> Vec<(String, PathBuf)> {
    let directory = target::sources().join("packaging/scenarios");
    let entries = fs::read_dir(&directory).expect("the library is there");
    let files = entries.map(|entry| entry.expect("the library is readable").path());
    let mut library: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|extension| extension == "toml"))
        .map(|file| (file.file_stem().expect("a name").to_string_lossy().into_owned(), file))
        .collect();
    library.sort();
    library
}

/// A service of the shipped scenario of this name.
#[track_caller]
pub fn shipped(name: &str) -> PureService {
    let library = library();
    let file = library.iter().find(|(found, _)| found == name);
    let (_, file) = file.unwrap_or_else(|| panic!("packaging/scenarios/{name}.toml is not there"));
    PureService::read(file)
}

/// A task and a pod without a limit of requests, for [`ECS_CREDENTIALS`] and [`POD_CREDENTIALS`].
pub fn containers() -> String {
    "[ecs]\ncredential-id = \"01234567-89ab-4cde-8f01-23456789abcd\"\nthrottle = false\n\
     [pod-identity]\nthrottle = false\n"
        .to_owned()
}

/// The path of the credentials of [`containers`], of Amazon ECS.
pub const ECS_CREDENTIALS: &str = "/v2/credentials/01234567-89ab-4cde-8f01-23456789abcd";
/// The same of EKS Pod Identity, for who has [`POD_TOKEN`].
pub const POD_CREDENTIALS: &str = "/v1/credentials";
/// A service account token of "default/default", signed by nobody, which lasts until 2096.
pub const POD_TOKEN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJlbmNoIn0.\
     eyJhdWQiOlsicG9kcy5la3MuYW1hem9uYXdzLmNvbSJdLCJleHAiOjQwMDAwMDAwMDAsInN1YiI6InN5c3RlbTpzZXJ2aWNlYWNjb3VudDpkZWZhdWx0OmRlZmF1bHQifQ.c2lnbmF0dXJl";
