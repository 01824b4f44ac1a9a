//! The table of docs/late-metadata.md is made of the rows.

use std::fmt::Write as _;
use std::fs;

use super::rows;
use support::sources;

const PAGE: &str = "docs/late-metadata.md";
const HEAD: &str = "| scenario | client | what it did |\n|---|---|---|\n";

fn table() -> String {
    let mut table = HEAD.to_owned();
    let (mut scenario, mut client) = ("", None);
    for row in rows() {
        let is_same = row.scenario == scenario;
        let name = if is_same { String::new() } else { format!("`{}`", row.scenario) };
        let who = if is_same && client == Some(row.client) {
            row.runs.to_owned()
        } else {
            let (name, version, origin) = (row.client.name(), row.client.version(), row.client.origin());
            let runs = if row.runs.is_empty() { String::new() } else { format!(", {}", row.runs) };
            format!("{name} {version} ({origin}){runs}")
        };
        writeln!(table, "| {name} | {who} | {} |", row.did).expect("a string");
        (scenario, client) = (row.scenario, Some(row.client));
    }
    table.replace("|  |", "| |")
}

#[test]
fn the_page_has_the_table() {
    let path = sources().join(PAGE);
    let page = fs::read_to_string(&path).expect("the page");
    let (before, rest) = page.split_once(HEAD).expect("the page has the head of the table");
    let length = rest.split_inclusive('\n').take_while(|line| line.starts_with('|')).map(str::len).sum();
    let made = format!("{before}{}{}", table(), &rest[length..]);
    if std::env::var_os("UPDATE_SHIPPED").is_some() {
        fs::write(&path, made).expect("the page is writable");
        return;
    }
    assert!(
        page == made,
        "{PAGE} has another table than tests/clients/late: \
         UPDATE_SHIPPED=1 cargo test --test clients the_page_has_the_table writes it; expected\n{}",
        table()
    );
}

/// Each scenario of the page's library has been tried.
#[test]
fn each_scenario_of_the_library_has_a_row() {
    let page = fs::read_to_string(sources().join(PAGE)).expect("the page");
    let library = page.split("## The library").nth(1).and_then(|rest| rest.split("\n## ").next());
    let listed: Vec<&str> = library
        .expect("the page has the library")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    assert_eq!(listed.len(), 14, "the scenarios of the page: {listed:?}");
    let rows = rows();
    let without: Vec<_> =
        listed.iter().filter(|name| !rows.iter().any(|row| row.scenario == **name)).collect();
    assert!(without.is_empty(), "expected a row for each scenario, found none for {without:?}");
}
