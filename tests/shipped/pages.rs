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

/// Who reads one page finds the others: docs/README.md has each, and leads nowhere else.
#[test]
fn every_page_is_in_the_index() {
    let index = read("docs/README.md");
    let directory = support::sources().join("docs");
    let links: Vec<&str> = index.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    let lost: Vec<&&str> = links.iter().filter(|link| !directory.join(link).exists()).collect();
    assert!(lost.is_empty(), "docs/README.md leads to what is not there: {lost:?}");
    for entry in fs::read_dir(&directory).expect("the pages are there") {
        let name = entry.expect("they are readable").file_name().into_string().expect("UTF-8");
        // Folders have an index of their own.
        let is_page = name != "README.md" && name.contains('.');
        assert!(!is_page || links.contains(&name.as_str()), "docs/README.md lacks a link to {name}");
    }
    for link in links.iter().filter(|link| !link.contains('/')) {
        let page = read(&format!("docs/{link}"));
        let first = page.lines().nth(2).unwrap_or_default();
        let is_sentence = !first.starts_with('|') && !first.starts_with("```");
        assert!(is_sentence, "docs/{link} does not begin with a sentence");
    }
}
