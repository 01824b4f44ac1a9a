//! The commands of the manual, run as they are written.

use std::fs;
use std::path::Path;

use crate::machine::Machine;
use crate::{CLEAN, image, without_units};

/// What differs here: there is no sudo, Debian's compose has a hyphen, and a reader takes longer than a script to ask.
const READER: &str = r#"
exec 2>&1
sudo() { "$@"; }
docker() { if [ "$1" = compose ]; then shift; command docker-compose --ansi never "$@"; else command docker "$@"; fi; }
curl() { for try in $(seq 100); do command curl "$@" 2>/dev/null && return; sleep 0.1; done; command curl "$@"; }
export APP_IMAGE=box
"#;

/// Runs the commands of a page's console blocks in one shell, and finds what the page says that they print, in that
/// order. "…" stands for whatever follows in its line.
#[track_caller]
fn as_written(machine: &Machine, page: &str, directory: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    let text = fs::read_to_string(&path).expect("the page is there");
    let blocks: Vec<&str> =
        text.split("```console\n").skip(1).filter_map(|at| at.split("```").next()).collect();
    let lines: Vec<&str> = blocks.iter().flat_map(|block| block.lines()).collect();
    let commands: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(commands.len() > 2, "{page} has {} commands: is it still read?", commands.len());
    let (_, said) = machine.run(&format!("cd {directory} || exit; {READER}{}", commands.join("\n")));
    let mut printed = said.lines();
    for expected in lines.iter().filter(|line| !line.starts_with("$ ")) {
        let begins = expected.trim_end_matches('…');
        let whole = begins == *expected;
        let found = printed.any(|line| if whole { line == *expected } else { line.starts_with(begins) });
        assert!(found, "expected {expected:?} of {page}, after what it prints before; found:\n{said}");
    }
    assert!(!said.contains("command not found"), "{page}:\n{said}");
}

#[test]
fn manual_pages_about_containers_do_what_they_say() {
    let Some(machine) = Machine::boot("manual_pages_about_containers_do_what_they_say") else { return };
    image::build(&machine);
    machine.ok("cp -r /srv/packaging/compose /srv/compose && mkdir /srv/image.md");
    as_written(&machine, "image.md", "/srv/image.md");
    as_written(&machine, "compose.md", "/srv/compose");
    assert_eq!(machine.ok("docker ps -q"), "", "what the pages leave running");
}

#[test]
fn without_systemd_two_commands_do_what_the_units_do() {
    let Some(mut machine) = Machine::boot("without_systemd_two_commands_do_what_the_units_do") else {
        return;
    };
    without_units(&mut machine);
    as_written(&machine, "without-systemd.md", "/root");
    machine.ok(CLEAN);
}
