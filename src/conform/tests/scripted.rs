//! A service in this process that answers as a test says, and what a check says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::small::TREE;
use crate::conform::{
    CheckVerdict, ConformanceLimits, ConformanceProfile, ConformanceProgress, ConformanceRun, all_checks,
};

/// A service with one request on a connection. It ends when it is dropped.
pub(super) struct ScriptedService {
    pub(super) address: SocketAddr,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl ScriptedService {
    /// Answers each request with the bytes that its head gets.
    pub(super) fn start(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> Self {
        Self::conversing(move |mut stream| {
            if let Some(head) = read_head(&mut stream) {
                let _ = stream.write_all(&answer(&head));
            }
        })
    }

    /// Does this with each connection.
    pub(super) fn conversing(converse: impl Fn(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let ends = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&ends);
        let thread = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                converse(stream);
            }
        });
        Self { address, ends, thread: Some(thread) }
    }

    /// How a check of this name ends: "passed", "skipped: why", "found what".
    pub(super) fn verdict(&self, name: &str) -> String {
        let checks: Vec<_> = all_checks().into_iter().filter(|check| check.name == name).collect();
        assert_eq!(checks.len(), 1, "expected one check with the name {name:?}");
        let profile = ConformanceProfile::named("ec2", &checks).expect("it is there").expect("it parses");
        let target = self.address.to_string().parse().expect("it is an address");
        let limits = ConformanceLimits {
            rate: "1000".parse().expect("it is a rate"),
            max_time: Duration::from_mins(5),
        };
        let run = ConformanceRun { target: &target, profile: &profile, certificates: &[], limits };
        let report = run.make(checks, &ConformanceProgress::default()).expect("the service answers");
        match &report.results[0].verdict {
            CheckVerdict::Passed => "passed".to_owned(),
            CheckVerdict::Skipped { reason } => format!("skipped: {reason}"),
            CheckVerdict::Failed { found, .. } => format!("found {found}"),
        }
    }
}

impl Drop for ScriptedService {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // So that it looks.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn read_head(stream: &mut TcpStream) -> Option<String> {
    let (mut bytes, mut byte) = (vec![], [0]);
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        bytes.push(byte[0]);
    }
    String::from_utf8(bytes).ok()
}

/// An answer with a text.
pub(super) fn answer(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

const VERSIONS: &str = "1.0\n2009-04-04\nlatest";

/// Values by path. `/2009-04-04/…` is of one version, `meta-data/…` of all; none: the path answers 404.
pub(super) type Changes<'c> = &'c [(&'c str, Option<&'c str>)];

/// A check, what is otherwise than in the small instance, and how the check ends.
pub(super) type Case<'c> = (&'c str, Changes<'c>, &'c str);

#[track_caller]
pub(super) fn judged(cases: &[Case<'_>]) {
    for (check, changes, expected) in cases {
        assert_eq!(instance(changes).verdict(check), *expected, "{check} with {changes:?}");
    }
}

pub(super) fn leaf(directory: &str, name: &str) -> String {
    format!("{directory}/{name}")
}

/// A service with these values in the place of the small instance's.
pub(super) fn instance(changes: Changes<'_>) -> ScriptedService {
    let own = TREE.iter().map(|(path, value)| ((*path).to_owned(), Some((*value).to_owned())));
    let others = changes.iter().map(|(path, value)| ((*path).to_owned(), value.map(str::to_owned)));
    let tree: BTreeMap<String, Option<String>> = own.chain(others).collect();
    ScriptedService::start(move |head| {
        let mut words = head.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if method == "PUT" {
            return answer("200 OK", "dG9rZW4=");
        }
        value(&tree, path).map_or_else(|| answer("404 Not Found", ""), |body| answer("200 OK", &body))
    })
}

fn value(tree: &BTreeMap<String, Option<String>>, path: &str) -> Option<String> {
    if let Some(value) = tree.get(path) {
        return value.clone();
    }
    if path == "/" {
        return Some(VERSIONS.to_owned());
    }
    let (version, below) = path.strip_prefix('/')?.split_once('/')?;
    if !VERSIONS.lines().any(|known| known == version) {
        return None;
    }
    if let Some(value) = tree.get(below) {
        return value.clone();
    }
    let directory =
        if below.is_empty() { String::new() } else { below.trim_end_matches('/').to_owned() + "/" };
    let there = tree.iter().filter(|(_, value)| value.is_some());
    let names: BTreeSet<String> = there
        .filter_map(|(path, _)| path.strip_prefix(&directory))
        .filter(|rest| !rest.is_empty() && !rest.starts_with('/'))
        .map(|rest| rest.split_once('/').map_or_else(|| rest.to_owned(), |(name, _)| format!("{name}/")))
        .collect();
    (!names.is_empty()).then(|| names.into_iter().collect::<Vec<_>>().join("\n"))
}
