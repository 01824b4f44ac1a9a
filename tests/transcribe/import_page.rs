//! `docs/import.md` has a row for each shape.

use mock_imds::transcribe::shapes::ACCEPTED;

use crate::service::RERUN;

const PAGE: &str = include_str!("../../docs/import.md");

#[test]
fn every_shape_has_its_row() {
    let rows: Vec<&str> = PAGE.lines().filter(|line| line.starts_with("| ")).collect();
    for shape in [
        "instance-data.json",
        "directory",
        "a tree in JSON",
        "answers by path",
        "facter",
        "Ansible",
        "Ohai",
        "ec2-metadata`",
        "describe-instances",
        "`import ec2`",
        "identity document",
        "HAR",
        "amazon-ec2-metadata-mock",
        "OpenStack",
    ] {
        assert!(rows.iter().any(|row| row.contains(shape)), "expected a row of {shape}\n{RERUN}");
    }
    assert!(ACCEPTED.contains("HAR") && ACCEPTED.contains("facter"), "{ACCEPTED}");
}
