//! What a file or a request costs grows with its size, not with its square: four times as much takes about four times as
//! long. It is the thread's processor time that is measured, so that a busy machine makes no difference.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mock_imds::config::SourceText;
use mock_imds::identity::KeyRing;
use mock_imds::model::Timestamp;
use mock_imds::scenario;
use mock_imds::transcribe::dump::{self, DumpFiles};
use mock_imds::transcribe::shapes;
use mock_imds::transcribe::{SecretsPolicy, transcribe};
use nix::time::{ClockId, clock_gettime};
use support::{Client, PureService};

mod interfaces;

const RERUN: &str = "rerun: cargo test --test linear";
/// Bytes of the smaller text of a kind.
const SMALL: usize = 48 << 10;
const TIMES: usize = 4;
/// Linear is 4, and n log n a little more; quadratic is 16.
const MOST: u32 = 9;
/// Below that, a measurement says nothing.
const NOISE: Duration = Duration::from_millis(3);

/// A kind of text: its beginning, the part that is repeated (`%` is the number of the repetition), and its end.
type Kind = (&'static str, &'static str, &'static str, &'static str);

const REJECTED: &[Kind] = &[
    ("unknown keys", "[instance]\n", "key% = 1\n", ""),
    ("unknown keys at the top", "", "key% = 1\n", ""),
    ("unknown keys backwards", "[instance]\n", "z-% = 1\na-% = 1\n", ""),
    ("unknown tables", "", "[table%]\n", ""),
    ("one unknown key", "[instance]\n", "x", " = 1\n"),
    (
        "long unknown keys",
        "[instance]\n",
        "an-unknown-key-of-some-length-with-a-number-%-at-its-end = 1\n",
        "",
    ),
    ("brackets", "", "[", ""),
    ("nested lists", "a = ", "[", ""),
    ("dotted keys", "a", ".a", " = 1\n"),
    ("quotes", "", "\"\n", ""),
    ("words", "", "x\n", ""),
    ("duplicate keys", "[instance]\n", "a = 1\n", ""),
    ("a list without end", "[instance]\nsecurity-groups = [\n", "\"a\"\n", ""),
    ("a list of the wrong kind", "[instance]\nsecurity-groups = [", "1,", "]\n"),
    ("a list of the wrong kind over lines", "[instance]\nsecurity-groups = [\n", "1,\n", "]\n"),
    ("one wrong value", "[instance]\ninstance-id = \"", "x", "\"\n"),
    ("events that do nothing", "", "[[event]]\n", ""),
    (
        "events of no instance",
        "[instances.web]\nclients = [\"host\"]\n",
        "[[event]]\ninstance = \"x\"\nclear = \"all\"\n",
        "",
    ),
    ("no paths", "[metadata]\n", "\"x%\" = \"v\"\n", ""),
    ("values below a value", "[metadata]\n\"meta-data/x\" = \"v\"\n", "\"meta-data/x/%\" = \"v\"\n", ""),
    ("a deep path", "[metadata]\n\"meta-data", "/a", "\" = \"v\"\n"),
    ("no paths to unset", "[[event]]\nunset = [", "\"x\",", "]\n"),
    ("faults", "", "[[fault]]\nhang = true\n", ""),
    ("interfaces of one address", "", "[[instance.network-interface]]\nprivate-ipv4s = [\"10.0.0.1\"]\n", ""),
    ("names of secrets", "[instance]\na = [\n", "1, # secret\n", "]\n"),
];

const ACCEPTED: &[Kind] = &[
    ("comments", "", "# a comment\n", ""),
    ("tags", "[instance.tags]\n", "tag% = \"v\"\n", ""),
    ("paths", "[metadata]\n", "\"meta-data/x%\" = \"v\"\n", ""),
    ("deep paths", "[metadata]\n", "\"meta-data/a/b/c/d/e/f/g/h/i/j/%/x\" = \"v\"\n", ""),
    ("events", "", "[[event]]\nat = \"%s\"\nset = { \"meta-data/x%\" = \"v\" }\n", ""),
    (
        "events of instances",
        "[instances.web]\nclients = [\"10.9.9.9\"]\nderive = true\n",
        "[[event]]\ninstance = \"web\"\nat = \"%s\"\nspot-interruption = {}\n",
        "",
    ),
    ("instances", "", "[instances.i%]\nclients = [\"fd00::%\"]\nderive = true\n", ""),
    ("instances that warn", "", "[instances.i%]\nclients = [\"fd00::%\"]\n", ""),
];

/// A text of a kind of at least `size` bytes.
fn text((_, beginning, part, end): &Kind, size: usize) -> String {
    let mut text = (*beginning).to_owned();
    let mut number = 0;
    while text.len() < size {
        let mut pieces = part.split('%');
        text.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            // Digits are digits of addresses, too.
            write!(text, "{number}{piece}").expect("it fits in memory");
        }
        number += 1;
    }
    text + end
}

/// The processor time that something takes.
fn time(work: impl FnOnce()) -> Duration {
    let now =
        || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("Linux has the clock"));
    let begun = now();
    work();
    now().saturating_sub(begun)
}

/// Measures something of two sizes until the larger one takes as long as it may, three times at most.
#[track_caller]
fn grows_as_its_size(what: &str, mut measure: impl FnMut(usize) -> Duration) {
    let mut found = Vec::new();
    for _ in 0..3 {
        let (small, large) = (measure(SMALL), measure(TIMES * SMALL));
        if large <= small.max(NOISE) * MOST {
            return;
        }
        found.push((small, large));
    }
    panic!(
        "{what}: expected that {TIMES} times the size takes less than {MOST} times as long, found {found:?}\n{RERUN}"
    );
}

fn read(kind: &Kind, size: usize) -> Result<String, String> {
    let source = SourceText::new("test.toml", text(kind, size));
    let report = scenario::read(&source, Path::new(""));
    report.map(|(_, warnings)| warnings.to_string()).map_err(|report| report.to_string())
}

/// At most a hundred problems, each short, and the number of the others.
#[track_caller]
fn is_short(what: &str, report: &str) {
    let problems = report.lines().filter(|line| line.starts_with("test.toml:")).count();
    assert!(problems <= 101, "{what}: expected 100 problems and a last line, found {problems}\n{RERUN}");
    assert!(report.len() < 300_000, "{what}: a report of {} bytes\n{RERUN}", report.len());
    let last = report.lines().last().unwrap_or_default();
    assert_eq!(problems == 101, last.ends_with(" are not listed"), "{what}: {last}\n{RERUN}");
}

#[test]
fn a_bad_file_costs_as_much_as_its_size() {
    for kind in REJECTED {
        grows_as_its_size(kind.0, |size| time(|| is_short(kind.0, &read(kind, size).expect_err(kind.0))));
    }
}

#[test]
fn a_good_file_costs_as_much_as_its_size() {
    for kind in ACCEPTED {
        grows_as_its_size(kind.0, |size| {
            time(|| {
                let warnings = read(kind, size).unwrap_or_else(|report| panic!("{}: {report}", kind.0));
                is_short(kind.0, &warnings);
            })
        });
    }
}

/// A request that finds nothing prepared, and the next one.
#[test]
fn a_request_costs_as_much_as_the_scenario() {
    for kind in ACCEPTED {
        grows_as_its_size(kind.0, |size| {
            let mut service = PureService::new(&text(kind, size));
            service.seek(Duration::from_hours(24));
            time(|| {
                for client in ["10.0.0.1", "10.9.9.9", "fd00::1", "10.0.0.1"] {
                    let answer = service.ask(Client::bridged(client), "GET", "/latest/meta-data/", &[]);
                    assert_eq!(answer.status, 200, "{} for {client}\n{RERUN}", kind.0);
                }
            })
        });
    }
}

/// What [instance] has is there once for all who inherit it, or there is an error.
#[test]
fn what_instances_inherit_is_not_multiplied_without_end() {
    let lines =
        |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<Vec<_>>().concat();
    let instances = |own: &str| {
        lines(4_000, &|n| format!("[instances.i{n}]\nclients = [\"fd00::{n}\"]\nderive = true\n{own}"))
    };
    let shared = format!("[metadata]\n\"meta-data/big\" = \"{}\"\n{}", "x".repeat(500_000), instances(""));
    let source = SourceText::new("test.toml", shared);
    let (scenario, _) = scenario::read(&source, Path::new("")).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(scenario.named_instances.len(), 4_000);
    let tags = lines(10_000, &|n| format!("tag{n} = \"v\"\n"));
    let paths = lines(5_000, &|n| format!("\"meta-data/x{n}\" = \"v\"\n"));
    for (what, text) in [
        ("tags", format!("[instance.tags]\n{tags}{}", instances(""))),
        ("paths", format!("[metadata]\n{paths}{}", instances("metadata = { \"meta-data/y\" = \"v\" }\n"))),
    ] {
        let report = scenario::read(&SourceText::new("test.toml", text), Path::new(""));
        let report = report.expect_err(what).to_string();
        assert!(report.contains("4000 instances that inherit "), "{what}: {report}\n{RERUN}");
        assert!(report.contains("accepted: at most 64 MiB together"), "{what}: {report}\n{RERUN}");
    }
}

/// Files of a dump, most of which no scenario can say.
#[test]
fn a_dump_costs_as_much_as_its_files() {
    let keys = Arc::new(KeyRing::generate([7; 32]));
    for (what, name, content) in [
        ("unknown paths", "meta-data/new/x%", "value"),
        ("paths that are none", "meta-data/\u{1}x%", "value"),
        ("directories without values", "meta-data/d%/index.html", "value"),
        ("lists", "meta-data/d%", "a/\nb/"),
        ("error pages", "meta-data/d%", "<html><head><title>404 Not Found</title></head>"),
        ("public keys", "meta-data/public-keys/%/openssh-key", "ssh-rsa AAAA name"),
    ] {
        grows_as_its_size(what, |size| {
            let mut files = DumpFiles::from([(names("meta-data/instance-id"), b"i-1".to_vec())]);
            let count = size / (name.len() + content.len() + 20);
            files.extend((0..count).map(|n| (names(&name.replace('%', &n.to_string())), content.into())));
            time(|| {
                let observations =
                    dump::read(&files, SecretsPolicy::default()).expect("it has an instance-id");
                let made = transcribe(observations, "A test.", &keys, Timestamp::from_secs(1_768_478_400));
                assert!(made.is_ok(), "{what}: {made:?}\n{RERUN}");
            })
        });
    }
}

/// Files of every shape, with much of one kind. A part is repeated, `%` is its number, with commas between.
const SHAPES: &[Kind] = &[
    ("listed instances", "{\"Instances\": [", "{\"InstanceId\": \"i-%\", \"Tags\": []}", "]}"),
    ("listed tags", "{\"InstanceId\": \"i-1\", \"Tags\": [", "{\"Key\": \"k%\", \"Value\": \"v\"}", "]}"),
    ("a tree", "{\"meta-data\": {\"instance-id\": \"i-1\",", "\"x%\": \"v\"", "}}"),
    ("a tree with one name", "{\"meta-data\": {\"instance-id\": \"i-1\",", "\"x\": \"v\"", "}}"),
    ("what is beside a tree", "{\"latest\": {\"meta-data\": {\"instance-id\": \"i-1\"}},", "\"y%\": 1", "}"),
    (
        "public keys of a tree",
        "{\"meta-data\": {\"instance-id\": \"i-1\", \"public-keys\": {",
        "\"k%\": \"ssh-ed25519 AAAA me\"",
        "}}}",
    ),
    (
        "answers by path",
        "{\"/latest/meta-data/instance-id\": \"i-1\",",
        "\"/latest/meta-data/x%\": \"v\"",
        "}",
    ),
    ("flat facts", "{\"ansible_ec2_instance_id\": \"i-1\",", "\"ansible_ec2_x%\": \"v\"", "}"),
    (
        "requests of a HAR",
        "{\"log\": {\"entries\": [",
        "{\"request\": {\"method\": \"GET\", \"url\": \"http://169.254.169.254/latest/meta-data/x%\"}, \"response\": {\"status\": 200, \
         \"content\": {\"text\": \"v\"}}}",
        "]}}",
    ),
    (
        "instances in XML",
        "<DescribeInstancesResponse><reservationSet><item><instancesSet>",
        "<item><instanceId>i-%</instanceId></item>",
        "</instancesSet></item></reservationSet></DescribeInstancesResponse>",
    ),
    (
        "tags in XML",
        "<DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>i-1</instanceId><tagSet>",
        "<item><key>k%</key><value>v</value></item>",
        "</tagSet></item></instancesSet></item></reservationSet></DescribeInstancesResponse>",
    ),
];

#[test]
fn a_file_of_any_shape_costs_as_much_as_its_size() {
    let keys = Arc::new(KeyRing::generate([7; 32]));
    for (what, begin, part, end) in SHAPES {
        let between = if begin.starts_with('<') { "" } else { "," };
        grows_as_its_size(what, |size| {
            let parts: Vec<String> =
                (0..size / part.len()).map(|n| part.replace('%', &n.to_string())).collect();
            let text = format!("{begin}{}{end}", parts.join(between));
            time(|| {
                let reading = shapes::read(text.as_bytes(), SecretsPolicy::default());
                let observations =
                    reading.unwrap_or_else(|found| panic!("{what}: {found:?}\n{RERUN}")).observations;
                let made = transcribe(observations, "A test.", &keys, Timestamp::from_secs(1_768_478_400));
                assert!(made.is_ok(), "{what}: {made:?}\n{RERUN}");
            })
        });
    }
}

fn names(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}
