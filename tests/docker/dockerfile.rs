//! `docker build .` in a clone makes the image that `scripts/image` makes, by both of Docker's builders.
//!
//! Here the two scripts that compile stand aside, because the machine has no network: the program is there already.

use std::fs;

use support::machine::Machine;

use crate::{boot, image};

/// A clone, as far as the Dockerfile sees it, and a base with the tools that it uses.
const CLONE: &str = r#"
mkdir -p /srv/clone/scripts && cd /srv/clone
cp /srv/image/root.tar given.tar
echo 'need_build() { :; }' >scripts/lib.sh
printf '#!/bin/sh\necho PROGRAM\n' >scripts/compile
printf '#!/bin/sh\n[ "$*" = "--root-only PROGRAM" ] && mkdir -p target/image && cp given.tar target/image/root.tar\n' >scripts/image
chmod +x scripts/compile scripts/image
mkdir /srv/base && cd /srv/base
tar -C /srv/rootfs -cf tools.tar ./usr/bin/cp ./usr/bin/ls ./usr/bin/mkdir ./usr/bin/rm ./usr/bin/tar
printf 'FROM box\nADD tools.tar /\n' >Dockerfile
docker build --quiet --tag base .
"#;

/// Every file of an image with its mode, owner and size, and how it is run.
fn content(machine: &Machine, image: &str) -> String {
    machine.ok(&format!(
        "container=$(docker create {image} none) && docker export $container | tar -tv --numeric-owner | \
         sed -E 's/ +[0-9-]+ [0-9:]+ / /; s/ +/ /g' | sort -k 4; docker rm $container >/dev/null; \
         docker image inspect -f '{{{{.Config.User}}}} {{{{json .Config.Env}}}} {{{{json .Config.Entrypoint}}}} \
         {{{{json .Config.Cmd}}}}' {image}"
    ))
}

#[test]
fn a_clone_builds_the_same_images() {
    let Some(machine) = boot() else { return };
    image::build(&machine);
    machine.ok(CLONE);
    let dockerfile = fs::read_to_string(support::sources().join("Dockerfile")).expect("it is there");
    machine.ok(&format!("cat >/srv/clone/Dockerfile <<'END'\n{dockerfile}END"));
    for builder in ["DOCKER_BUILDKIT=0", "DOCKER_BUILDKIT=1"] {
        for name in ["ec2-metadata-mock", "mock-imds"] {
            let build = "docker build --quiet --build-arg BASE=base";
            machine.ok(&format!("{builder} {build} --tag cloned --target {name} /srv/clone"));
            let (expected, found) = (content(&machine, name), content(&machine, "cloned"));
            let differ: Vec<&str> = found.lines().filter(|line| !expected.contains(line)).collect();
            assert_eq!(found, expected, "{name} by {builder}; lines that differ: {differ:#?}");
        }
        let last = machine.ok(&format!("{builder} docker build --quiet --build-arg BASE=base /srv/clone"));
        assert_eq!(
            content(&machine, &last),
            content(&machine, "mock-imds"),
            "without --target, by {builder}"
        );
    }
}
