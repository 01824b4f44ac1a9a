//! The examples of the help texts, which are those of the manual too, and of mock-imds(8): each is run as it stands.
//!
//! In a network, with files and processes of its own: a server at the usual places, and programs that ask it. A command
//! that goes on until it is ended is ended once it does what it is for.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use clap::Command;
use support::{Sandbox, finish, skip};

use crate::namespaces;

/// Seconds that all of them may take: recording asks five times a second.
const LIMIT: &str = "600";

/// What the examples take for granted.
const BEFORE: &str = r#"
exec </dev/null 2>&1
ip link set lo up
ip address add 172.17.0.2/16 dev lo
mkdir upper work runtime
mount -t tmpfs none /run
mount -t overlay none -o "lowerdir=/etc,upperdir=$PWD/upper,workdir=$PWD/work" /etc || mount -t tmpfs none /etc
rm -rf /etc/mock-imds && mkdir -p /etc/mock-imds /run/cloud-init metadata/latest/meta-data
export XDG_RUNTIME_DIR=$PWD/runtime
cat >served.toml <<'END'
[instance]
user-data = "x"
[[fault]]
path = "/latest/meta-data/ami-id"
latency = "1ms"
[ecs]
[pod-identity]
[instances.web]
clients = ["10.0.0.0/8"]
instance-id = "i-0fedcba0987654321"
END
cp served.toml scenario.toml
echo '[host]' >host.toml
echo x >user-data.yaml
echo '{"spot": {"action": "stop"}}' >aemm-config.json
echo '{"Instances": [{"InstanceId": "i-1"}, {"InstanceId": "i-0fedcba0987654321"}]}' >instances.json
echo i-0fedcba0987654321 >metadata/latest/meta-data/instance-id
echo '{"ds": {"meta_data": {"instance-id": "i-0fedcba0987654321"}}}' >/run/cloud-init/instance-data.json

answers() { curl -s -o /dev/null --max-time 2 "$@"; }
until_answers() { for _ in {1..300}; do answers "$1" && return; sleep .1; done; return 1; }
failed() { echo "FAILED: $1 ($2)"; cat said; exit 1; }
# A command that ends, with one of these codes.
ends() {
    bash -c "$2" >said 2>&1
    local code=$?
    [[ " $1 " = *" $code "* ]] || failed "$2" "expected exit $1, found $code"
}
# One that goes on: it answers at this address, or with none has said something.
goes_on() {
    # Not only by the command, which may be slower than the first look.
    : >said
    bash -c "exec $2" >said 2>&1 & local pid=$!
    if [ -n "$1" ]; then until_answers "$1" || failed "$2" "no answer at $1"
    else for _ in {1..300}; do [ ! -s said ] || break; sleep .1; done; [ -s said ] || failed "$2" 'it says nothing'; fi
    kill -INT $pid 2>/dev/null || failed "$2" 'it has ended'
    kill -TERM $pid 2>/dev/null
    wait $pid
}
start() {
    mock-imds net up --allow-takeover || exit
    mock-imds serve --quiet --scenario served.toml --listen 127.0.0.1:1338 --listen 169.254.169.254:1690 >server 2>&1 &
    server=$!
    until_answers http://127.0.0.1:1338/ || { cat server; exit 1; }
    while :; do
        answers http://127.0.0.1:1338/latest/meta-data/spot/instance-action
        answers http://127.0.0.1:1338/latest/meta-data/iam/security-credentials/
        # A container that fails.
        answers --interface 172.17.0.2 http://127.0.0.1:1338/latest/meta-data/spot/instance-action
        sleep .2
    done & programs=$!
}
stop() { kill $programs $server; wait $programs $server; }
"#;

#[test]
fn the_examples_of_the_manual_do_what_they_say() {
    let Some(unshare) = namespaces() else {
        return skip("needs network namespaces: root, or user namespaces for everybody");
    };
    let sandbox = Sandbox::new();
    let bin = sandbox.path("bin");
    fs::create_dir(&bin).expect("the temporary directory is writable");
    symlink(support::program(), bin.join("mock-imds")).expect("as above");
    let (script, count) = script();
    assert!(count > 90, "only {count} examples were found");
    let mut command = sandbox.prepared(Path::new("timeout"), &["--signal", "KILL", LIMIT]);
    command.args(unshare).args(["bash", "-c", &script]);
    let path = std::env::var("PATH").unwrap_or_default();
    let found = finish(command.env("PATH", format!("{}:{path}", bin.display())));
    assert!(
        found.code == Some(0) && found.stdout.ends_with("all were run\n"),
        "expected that each example runs, found:\n{}\n{}\nrerun: cargo test --test recipes examples",
        found.stdout,
        found.stderr
    );
}

fn script() -> (String, usize) {
    let mut program = mock_imds::command_line();
    program.build();
    // tests/view runs the view.
    let is_run = |command: &&Command| !["help", "view"].contains(&command.get_name());
    let mut commands = program.get_subcommands().filter(is_run).collect::<Vec<_>>();
    // These want the ports of the server.
    let alone = |command: &&Command| ["serve", "aemm"].contains(&command.get_name());
    commands.sort_by_key(|command| !alone(command));
    let mut script = BEFORE.to_owned();
    let (mut count, mut started) = (0, false);
    let mut say = |text: &str| writeln!(script, "{text}").expect("a string takes everything");
    for command in commands {
        if !started && !alone(&command) {
            say("start");
            started = true;
        }
        if started {
            say("mock-imds reload >/dev/null");
        }
        for line in examples(command) {
            say(&run(&line));
            count += 1;
        }
    }
    say("mock-imds reload >/dev/null");
    for line in of_the_program(&program) {
        say(&run(&line));
        count += 1;
    }
    say("stop; echo all were run");
    (script, count)
}

/// The line of the script that runs an example.
fn run(example: &str) -> String {
    let quoted = example.replace('\'', r"'\''");
    let words: Vec<&str> = example.split_whitespace().collect();
    let has = |word: &str| words.contains(&word);
    // Left by an example before, or wanted by this one.
    let mine = match () {
        () if has("init") || has("-o") && !has("--force") => "rm -f mine.toml; ",
        () if has("./mine.toml") => "cp scenario.toml mine.toml; ",
        () => "",
    };
    let installed = match () {
        () if has("init") => "rm -f /etc/mock-imds/*.toml; ",
        () if has("/etc/mock-imds/scenario.toml") => "cp scenario.toml /etc/mock-imds/; ",
        () => "",
    };
    let goes_on = |url: &str| format!("{mine}goes_on '{url}' '{quoted}'");
    let listens = words.iter().skip_while(|word| **word != "--listen").nth(1);
    let port = listens.map_or("1338", |listen| listen.rsplit(':').next().unwrap_or_default());
    // Others have them among their words: `import aemm`, `conform --profile aemm`.
    let is_served = matches!(words.get(1), Some(&"serve" | &"aemm")) && !has("--help");
    match words.get(1..).unwrap_or_default() {
        // There is no API of EC2's, and no key for it; tests/clients has both.
        ["import", "ec2", ..] => format!("{mine}ends '69 78' '{quoted}'"),
        // There is no standard input, and no packaged service.
        _ if has("--until-stdin-closes") => format!("ends 0 '{quoted}'"),
        _ if has("system") => format!("ends 69 '{quoted}'"),
        _ if is_served => goes_on(&format!("http://127.0.0.1:{port}/")),
        ["net", "hold", ..] => format!("mock-imds net down; {}", goes_on("")),
        ["net", "up", ..] if !has("--allow-takeover") => {
            format!("{mine}MOCK_IMDS_ALLOW_TAKEOVER=1 ends 0 '{quoted}'")
        }
        ["net", "status", ..] => format!("mock-imds net up --allow-takeover; ends 0 '{quoted}'"),
        _ if has("--follow") || has("-f") => goes_on(""),
        // Some of the programs have no token.
        ["wait", _, "--v1", "--never", ..] | ["audit", "--require-v2", ..] => format!("ends 1 '{quoted}'"),
        // There may be something to find.
        ["doctor", ..] => format!("ends '0 1' '{quoted}'"),
        _ => format!("{mine}{installed}ends 0 '{quoted}'"),
    }
}

/// Those of a command and of the ones below it.
fn examples(command: &Command) -> Vec<String> {
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let lines =
        after.lines().skip_while(|line| *line != "Examples:").skip(1).map(|line| line.trim().to_owned());
    let below = command.get_subcommands().filter(|below| below.get_name() != "help").flat_map(examples);
    lines.chain(below).collect()
}

/// Those of `mock-imds --help` and of mock-imds(8) that need the server.
fn of_the_program(program: &Command) -> Vec<String> {
    let after = program.get_after_help().map(ToString::to_string).unwrap_or_default();
    let page = fs::read_to_string(support::sources().join("packaging/man/mock-imds.8")).expect("it is there");
    let (_, on_page) = page.split_once(".SH EXAMPLES\n.EX\n").expect("it has examples");
    let on_page = on_page.lines().take_while(|line| *line != ".EE");
    let on_page = on_page.map(|line| line.replace("\\-", "-").replace("\\(aq", "'"));
    let of_help = after.lines().skip(1).map(|line| line.trim().to_owned());
    of_help.filter(|line| !line.contains(" serve ")).chain(on_page).collect()
}
