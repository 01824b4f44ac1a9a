//! The commands of the manual, run as they are written.

use support::machine::Machine;
use support::page::{Besides, Page};

use crate::{CLEAN, boot, image, without_units};

/// What differs here: there is no sudo, Debian's compose has a hyphen, and a reader takes longer than a script to ask.
const READER: &str = r#"
exec 2>&1
sudo() { "$@"; }
docker() { if [ "$1" = compose ]; then shift; command docker-compose --ansi never "$@"; else command docker "$@"; fi; }
curl() { for try in $(seq 100); do command curl "$@" 2>/dev/null && return; sleep 0.1; done; command curl "$@"; }
export APP_IMAGE=box DEBUG_IMAGE=box
"#;

/// Runs a page of the manual in a directory.
#[track_caller]
fn as_written(machine: &Machine, page: &str, directory: &str) {
    let page = Page::read(&format!("docs/{page}"));
    let said = machine.run(&format!("cd {directory} || exit; {READER}{}", page.script())).stdout;
    if let Err(difference) = page.judge(&said, Besides::Anything) {
        panic!("{difference}");
    }
}

#[test]
fn manual_pages_about_containers_do_what_they_say() {
    let Some(machine) = boot() else { return };
    image::build(&machine);
    machine.ok("cp -r /srv/packaging/compose /srv/compose && mkdir /srv/image.md");
    as_written(&machine, "image.md", "/srv/image.md");
    as_written(&machine, "compose.md", "/srv/compose");
    machine.ok("rm -r /srv/compose && cp -r /srv/packaging/compose /srv/compose");
    as_written(&machine, "recipes/compose-debug.md", "/srv/compose");
    assert_eq!(machine.ok("docker ps -q"), "", "what the pages leave running");
}

#[test]
fn without_systemd_two_commands_do_what_the_units_do() {
    let Some(machine) = boot() else {
        return;
    };
    without_units(&machine);
    as_written(&machine, "without-systemd.md", "/root");
    machine.ok(CLEAN);
}
