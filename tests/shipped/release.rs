//! The scripts of a release: what they refuse, and what the bill of materials says. tests/package tries what they make.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// Runs a script of the sources with arguments; gives its exit code and both outputs.
fn script(name: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let script = support::sources().join("scripts").join(name);
    let said = Command::new(script).args(arguments).output().expect("the script is there");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (said.status.code(), text(&said.stdout), text(&said.stderr))
}

#[test]
fn what_is_asked_for_wrongly_is_refused_before_anything_is_made() {
    let cases: [(&str, &[&str], &str); 10] = [
        ("release", &["--only", "packages,wheels"], "no part is called 'wheels'"),
        ("release", &["--arch", "amd64,riscv64"], "accepted: amd64, arm64"),
        ("release", &["--arch"], "--arch needs a value"),
        ("release", &["--arch", "amd64"], "'images' is for amd64 and arm64 in one"),
        ("release", &["--arch", "arm64", "--only", "images"], "leave the part out by --only"),
        ("release", &["now"], "unknown argument 'now'"),
        ("release", &["--registry", "ghcr.io/Owner"], "a host and a path in lower case"),
        ("package", &["deb", "--arch", "i386"], "accepted: amd64, arm64"),
        ("tarball", &["no.deb", "/tmp"], "scripts/package deb makes a DEB"),
        ("repositories", &["/tmp", "ftp://example.org"], "accepted: http://… or https://…"),
    ];
    for (name, arguments, expected) in cases {
        let (code, _, said) = script(name, arguments);
        assert_eq!(code, Some(64), "the exit code of {name} {arguments:?}; it said: {said}");
        assert!(said.contains(expected), "{name} {arguments:?}: expected '{expected}', found: {said}");
    }
}

/// Packages, repositories and provenance all say where a release is served by this function.
#[test]
fn the_address_of_a_release_is_one_variable() {
    let directory = support::sources().join("target/address");
    std::fs::create_dir_all(&directory).expect("target/ is writable");
    let file = directory.join(format!("{}.md", std::process::id()));
    let library = support::sources().join("scripts/lib.sh");
    for (variable, expected) in [
        ("", "curl https://example.org/mock-imds/apt/mock-imds.sources\n"),
        (
            "https://owner.github.io/mock-imds/",
            "curl https://owner.github.io/mock-imds/apt/mock-imds.sources\n",
        ),
    ] {
        std::fs::write(&file, "curl https://example.org/mock-imds/apt/mock-imds.sources\n")
            .expect("writable");
        let script = format!(
            "set -euo pipefail; . '{}'; MOCK_IMDS_URL={variable} write_address '{}'",
            library.display(),
            file.display()
        );
        let said = Command::new("bash").args(["-c", &script]).output().expect("bash runs");
        assert!(said.status.success(), "MOCK_IMDS_URL={variable}: {said:?}");
        let found = std::fs::read_to_string(&file).expect("the file is there");
        assert_eq!(found, expected, "with MOCK_IMDS_URL={variable}");
    }
    std::fs::remove_file(&file).expect("the file is there");
}

/// Of the real documents: the page about releases and the address of the git repository are not of the download.
#[test]
fn the_address_of_the_tree_is_written_where_something_is_downloaded() {
    let made = support::sources().join("target/address").join(format!("tree-{}", std::process::id()));
    let script = format!(
        "set -euo pipefail; cd '{sources}'; . scripts/lib.sh; mkdir -p '{made}'
        cp --parents README.md docs/*.md debian/copyright packaging/rpm/mock-imds.spec '{made}'
        cd '{made}'; MOCK_IMDS_URL=https://owner.github.io/x write_address_in_tree",
        sources = support::sources().display(),
        made = made.display()
    );
    let said = Command::new("bash").args(["-c", &script]).output().expect("bash runs");
    assert!(said.status.success(), "{said:?}");
    let written = |path: &str| std::fs::read_to_string(made.join(path)).expect("the file is there");
    let original =
        |path: &str| std::fs::read_to_string(support::sources().join(path)).expect("the file is there");
    for path in ["README.md", "docs/packages.md", "debian/copyright", "packaging/rpm/mock-imds.spec"] {
        let found = written(path);
        assert!(found.contains("https://owner.github.io/x"), "no address in {path}");
        assert!(!found.contains("https://example.org/mock-imds"), "a placeholder is left in {path}");
    }
    for path in ["docs/editors.md", "docs/releasing.md"] {
        assert_eq!(written(path), original(path), "{path} names nothing that is downloaded");
    }
    std::fs::remove_dir_all(&made).expect("it is ours");
}

/// Whatever names the placeholder must be among what a release rewrites: a document that is new, too.
#[test]
fn no_other_file_names_the_placeholder() {
    // Who writes it, who explains it, and who tests that.
    let known = ["README.md", "debian/copyright", "packaging/rpm/mock-imds.spec", "scripts/lib.sh"];
    let listed = Command::new("git")
        .args([
            "grep",
            "--files-with-matches",
            "https://example.org/mock-imds",
            "--",
            ":!tests",
            ":!docs/*.md",
        ])
        .current_dir(support::sources())
        .output()
        .expect("git runs");
    let found = String::from_utf8_lossy(&listed.stdout);
    if found.is_empty() {
        return support::skip("needs the sources in git");
    }
    let unknown: Vec<&str> = found.lines().filter(|path| !known.contains(path)).collect();
    assert!(
        unknown.is_empty(),
        "expected the placeholder in {known:?} and docs/*.md alone, found it in {unknown:?}; \
         add the file to write_address_in_tree of scripts/lib.sh, and to this list"
    );
}

/// With a checksum for each crate, and nothing that depends on what is not listed. Tools of the tests are not in it.
#[test]
fn the_bill_of_materials_lists_what_is_linked() {
    let (code, made, said) = script("sbom", &[]);
    assert_eq!(code, Some(0), "scripts/sbom said: {said}");
    let bill: Value = serde_json::from_str(&made).expect("scripts/sbom prints JSON");
    let components = bill["components"].as_array().expect("components");
    let named = |name: &str| components.iter().find(|component| component["name"] == name);
    for name in ["hyper", "nftnl", "tokio", "libnftnl"] {
        assert!(named(name).is_some(), "expected {name} among the components: {made}");
    }
    assert!(named("proptest").is_none(), "proptest is not in the program");
    for component in components.iter().filter(|component| component["purl"].is_string()) {
        let checksum = component["hashes"][0]["content"].as_str().unwrap_or_default();
        assert_eq!(checksum.len(), 64, "expected a SHA-256 in {component}");
    }
    // The static programs have libraries in them that packages have of the system.
    for (name, expected) in
        [("libnftnl", vec!["packages", "static"]), ("glibc", vec!["packages"]), ("musl", vec!["static"])]
    {
        let properties =
            named(name).expect("it is among the components")["properties"].as_array().expect("a list");
        let linkage: Vec<&str> =
            properties.iter().filter_map(|one| one["value"].as_str()?.split(' ').next()).collect();
        assert_eq!(linkage, expected, "what {name} is linked into");
    }
    let root = &bill["metadata"]["component"];
    let known: BTreeSet<&str> =
        components.iter().chain(std::iter::once(root)).filter_map(|part| part["bom-ref"].as_str()).collect();
    for edges in bill["dependencies"].as_array().expect("dependencies") {
        for end in edges["dependsOn"].as_array().expect("ends").iter().chain(std::iter::once(&edges["ref"])) {
            assert!(
                end.as_str().is_some_and(|end| known.contains(end)),
                "{end} is in the dependencies, and no component"
            );
        }
    }
}
