//! README.md, and the pages of docs.

use std::fs;

use crate::{below, read};

/// Pages send readers to files; one that was moved would send them nowhere.
#[test]
fn the_files_that_pages_name_are_there() {
    let mut named = 0;
    for page in below("docs") {
        let text = fs::read_to_string(&page).expect("pages are text");
        let words = text.split(|c: char| c.is_whitespace() || "`()|:;,".contains(c));
        for word in words.filter(|word| word.starts_with("packaging/") || word.starts_with("scripts/")) {
            let file = support::sources().join(word.trim_end_matches('.'));
            assert!(file.exists(), "{} names {word}, which is not there", page.display());
            named += 1;
        }
    }
    assert!(named > 5, "found only {named} names: are the pages still read?");
}

/// The lines of docs/packages.md are run on a booted machine; those that README.md shows before the first release are not.
#[test]
fn the_readme_installs_as_the_page_about_packages_does() {
    let (readme, page) = (read("README.md"), read("docs/packages.md"));
    let block =
        readme.split_once("```sh\n").and_then(|(_, below)| below.split_once("```")).map(|(block, _)| block);
    let lines: Vec<&str> = block.expect("README.md has a block of sh").lines().collect();
    assert!(lines.len() > 1, "found only {lines:?}");
    for line in lines {
        assert!(page.contains(&format!("$ {line}\n")), "README.md has '{line}', docs/packages.md has not");
    }
}

/// It is read on a terminal, by somebody in the middle of something else. A command is one line.
#[test]
fn the_readme_is_short() {
    let readme = read("README.md");
    let lines = readme.lines().count();
    assert!(lines < 150, "expected README.md to have fewer than 150 lines, found {lines}");
    let long = readme
        .lines()
        .find(|line| line.chars().count() > 100 && !line.starts_with("curl ") && !line.starts_with("$ "));
    assert_eq!(long, None, "README.md has a line of more than 100 characters");
    let first_screen: Vec<&str> = readme.lines().take(45).collect();
    for command in ["$ ./scripts/run ", "$ ./scripts/test "] {
        assert!(
            first_screen.iter().any(|line| line.starts_with(command)),
            "the first screen lacks {command}"
        );
    }
}
