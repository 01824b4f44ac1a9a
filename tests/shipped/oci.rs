//! `scripts/oci` packs images as the OCI image specification says: every name is the hash of what it names.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

fn done(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "expected success of {command:?}, it said: {said}");
}

/// An empty directory of this test.
fn scratch(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("oci-{name}"));
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).expect("target/ is writable");
    directory
}

/// A file system of one file.
fn file_system(directory: &Path, content: &str) -> PathBuf {
    let tar = directory.join(format!("{content}.tar"));
    fs::write(directory.join("file"), content).expect("it is writable");
    done(Command::new("tar").arg("-C").arg(directory).arg("-cf").arg(&tar).arg("file"));
    tar
}

/// The content that a descriptor names, after a look at whether it does.
fn blob(layout: &Path, descriptor: &Value) -> Vec<u8> {
    let digest =
        descriptor["digest"].as_str().expect("a digest").strip_prefix("sha256:").expect("of SHA-256");
    let bytes = fs::read(layout.join("blobs/sha256").join(digest)).expect("the blob is there");
    assert_eq!(hash(&bytes), digest, "the name of {descriptor}");
    assert_eq!(descriptor["size"], json!(bytes.len()), "the size of {descriptor}");
    bytes
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn read(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

#[test]
fn an_archive_has_both_architectures_and_what_runs_in_them() {
    let directory = scratch("archive");
    let (amd64, arm64) = (file_system(&directory, "amd64"), file_system(&directory, "arm64"));
    for (name, entry, arguments) in [
        ("mock-imds", "/usr/bin/mock-imds", json!(["serve", "--watch", "--listen", "0.0.0.0:1338"])),
        ("ec2-metadata-mock", "/ec2-metadata-mock", Value::Null),
    ] {
        let archives = ["first", "second"].map(|try_| directory.join(format!("{name}-{try_}.tar")));
        for archive in &archives {
            let script = support::sources().join("scripts/oci");
            done(Command::new(script).arg(name).args([&amd64, &arm64, archive]));
        }
        let bytes = archives.map(|archive| fs::read(archive).expect("scripts/oci made it"));
        assert!(bytes[0] == bytes[1], "expected the same bytes of {name} twice");

        let layout = scratch(name);
        let archive = directory.join(format!("{name}-first.tar"));
        done(Command::new("tar").arg("-C").arg(&layout).arg("-xf").arg(archive));
        let list = read(&fs::read(layout.join("index.json")).expect("a layout has it"));
        let [index] = &list["manifests"].as_array().expect("a list")[..] else {
            panic!("expected one image: {list}")
        };
        let index = read(&blob(&layout, index));
        for (number, (architecture, tar)) in [("amd64", &amd64), ("arm64", &arm64)].into_iter().enumerate() {
            let manifest = &index["manifests"][number];
            assert_eq!(manifest["platform"], json!({ "architecture": architecture, "os": "linux" }));
            let manifest = read(&blob(&layout, manifest));
            blob(&layout, &manifest["layers"][0]);
            let config = read(&blob(&layout, &manifest["config"]));
            assert_eq!(config["architecture"], architecture);
            let tar = fs::read(tar).expect("it was made here");
            assert_eq!(config["rootfs"]["diff_ids"], json!([format!("sha256:{}", hash(&tar))]));
            let environment =
                ["PATH=/usr/bin", "XDG_CONFIG_HOME=/etc", "XDG_STATE_HOME=/var/lib", "XDG_RUNTIME_DIR=/run"];
            let found = &config["config"];
            assert_eq!(
                (&found["User"], &found["Entrypoint"], &found["Cmd"], &found["Env"]),
                (&json!("1000:1000"), &json!([entry]), &arguments, &json!(environment)),
                "how {name} runs"
            );
        }
        fs::remove_dir_all(layout).expect("it was made here");
    }
    fs::remove_dir_all(directory).expect("it was made here");
}

/// Helm's documentation of charts in registries: the chart's archive is the one layer, and the configuration is of a type of its own.
#[test]
fn an_archive_of_the_chart_is_what_helm_pulls() {
    let directory = scratch("chart");
    let tgz = directory.join("mock-imds.tgz");
    let charts = support::sources().join("packaging/helm");
    done(Command::new("tar").arg("-C").arg(charts).arg("-czf").arg(&tgz).arg("mock-imds"));
    let archive = directory.join("chart.tar");
    let script = support::sources().join("scripts/oci");
    done(Command::new(script).arg("chart").arg(&tgz).arg(&archive));
    let layout = scratch("chart-layout");
    done(Command::new("tar").arg("-C").arg(&layout).arg("-xf").arg(&archive));
    let list = read(&fs::read(layout.join("index.json")).expect("a layout has it"));
    let manifest = read(&blob(&layout, &list["manifests"][0]));
    let (config, layer) = (&manifest["config"], &manifest["layers"][0]);
    assert_eq!(config["mediaType"], "application/vnd.cncf.helm.config.v1+json");
    assert_eq!(layer["mediaType"], "application/vnd.cncf.helm.chart.content.v1.tar+gzip");
    assert!(
        blob(&layout, layer) == fs::read(&tgz).expect("it was made here"),
        "the layer is the chart's archive"
    );
    let config = read(&blob(&layout, config));
    assert_eq!(
        (&config["name"], &config["version"], &config["apiVersion"]),
        (&json!("mock-imds"), &json!(env!("CARGO_PKG_VERSION")), &json!("v2"))
    );
    // It is no image: the licence of the libraries in one is not its.
    assert_eq!(manifest["annotations"]["org.opencontainers.image.licenses"], "MIT OR Apache-2.0");
    fs::remove_dir_all(layout).expect("it was made here");
    fs::remove_dir_all(directory).expect("it was made here");
}

/// An archive that lacks an image would be pushed as if it were whole.
#[test]
fn a_file_system_that_is_missing_stops_it() {
    let directory = scratch("missing");
    let there = file_system(&directory, "there");
    let missing = directory.join("missing.tar");
    for tars in [[&missing, &there], [&there, &missing]] {
        let archive = directory.join("archive.tar");
        let script = support::sources().join("scripts/oci");
        let output = Command::new(script)
            .arg("mock-imds")
            .args(tars)
            .arg(&archive)
            .output()
            .expect("the script is there");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "expected a failure with {tars:?}; it said: {said}");
        assert!(said.contains("missing.tar"), "expected the missing file's name, found: {said}");
        assert!(!archive.exists(), "expected no archive of {tars:?}");
    }
    fs::remove_dir_all(directory).expect("it was made here");
}

/// Both say how the image runs; the one at the top cannot take it from the other.
#[test]
fn the_two_container_files_agree() {
    let instructions = |file: &str| -> Vec<String> {
        let text = fs::read_to_string(support::sources().join(file)).expect("it is there");
        let of_the_image = ["ENV ", "USER ", "ENTRYPOINT ", "CMD ", "FROM root AS ", "FROM scratch AS "];
        text.lines()
            .filter(|line| of_the_image.iter().any(|start| line.starts_with(start)))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(instructions("Dockerfile"), instructions("packaging/container/Containerfile"));
}
