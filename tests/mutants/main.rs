//! The mutants of `scripts/mutants` are what they say: each kind is put into a small program, switched on, and run.

#![expect(dead_code, reason = "the program that uses all of it is beside this file")]

mod catalogue;
mod compile_errors;
mod rewrite;
mod sites;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use catalogue::{Genre, Mutant, Place, Span};
use rewrite::rewrite;

const SAMPLE: &str = include_str!("sample.rs.txt");

/// Genre, where it begins, what is there instead, and the line of the output that differs then.
const MUTANTS: [(Genre, &str, &str, &str); 16] = [
    (Genre::FnValue, "smaller(1, 2) && true", "false", "body false"),
    (Genre::BinaryOperator, "< b", "==", "comparison false"),
    (Genre::BinaryOperator, "+ 2 * a", "-", "arithmetic -4"),
    (Genre::BinaryOperator, "* a", "+", "arithmetic 7"),
    (Genre::BinaryOperator, "+= step()", "-=", "assignment -2"),
    (Genre::BinaryOperator, "&& said(", "||", "and [a] true"),
    (Genre::BinaryOperator, "|| said(", "&&", "or [b] false"),
    (Genre::UnaryOperator, "!flag", "", "not true"),
    (Genre::UnaryOperator, "-number", "", "minus 4"),
    (Genre::MatchArm, "1 => \"one\"", "", "arm many"),
    (Genre::MatchArm, "n if n > 9", "", "guarded arm many"),
    (Genre::MatchArmGuard, "n > 9", "true", "guard big"),
    (Genre::MatchArmGuard, "n > 9", "false", "guarded arm many"),
    (Genre::StructField, "left: 7", "", "field 0"),
    (Genre::StructField, "right,", "", "short field 0 0"),
    (Genre::FnValue, "Some(text.len())", "None", "option None"),
];

fn mutants() -> Vec<Mutant> {
    let place = |needle: &str| {
        let at = SAMPLE.find(needle).unwrap_or_else(|| panic!("the sample has no '{needle}'"));
        let before = &SAMPLE[..at];
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        Place { line: before.matches('\n').count() + 1, column }
    };
    let mutant = |(genre, needle, replacement, _): &(Genre, &str, &str, &str)| Mutant {
        file: "src/sample.rs".to_owned(),
        name: format!("src/sample.rs: {needle} → {replacement}"),
        genre: *genre,
        replacement: (*replacement).to_owned(),
        span: Span { start: place(needle) },
    };
    MUTANTS.iter().map(mutant).collect()
}

fn compile(text: &str, name: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (source, program) = (directory.join(format!("{name}.rs")), directory.join(name));
    let switch = "mod mutant { pub fn on(number: u32) -> bool { \
                  std::env::var(\"MOCK_IMDS_MUTANT\").is_ok_and(|text| text == number.to_string()) } }";
    fs::write(&source, format!("{text}\n{switch}\n")).expect("the directory for tests can be written");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(compiler);
    let output =
        command.args(["--edition=2024", "--cap-lints=allow", "-o"]).arg(&program).arg(&source).output();
    let output = output.expect("rustc can be run");
    assert!(
        output.status.success(),
        "{} does not compile:\n{}",
        source.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    program
}

fn lines(program: &PathBuf, mutant: usize) -> Vec<String> {
    let output =
        Command::new(program).env("MOCK_IMDS_MUTANT", mutant.to_string()).output().expect("it can be run");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn each_kind_of_mutant_changes_just_what_it_says() {
    let mutants = mutants();
    let numbered: Vec<(u32, &Mutant)> = (1..).zip(&mutants).collect();
    let rewritten = rewrite(SAMPLE, &numbered).expect("the sample can be parsed");
    assert_eq!(rewritten.unplaced, [0; 0], "each has its place");
    let original = lines(&compile(SAMPLE, "sample"), 0);
    let program = compile(&rewritten.text, "sample-with-mutants");
    assert_eq!(lines(&program, 0), original, "without a mutant it is the same program");
    for (number, (.., expected)) in (1..).zip(MUTANTS) {
        let changed: Vec<_> =
            lines(&program, number).into_iter().zip(&original).filter(|(new, old)| new != *old).collect();
        let found: BTreeSet<&str> = changed.iter().map(|(new, _)| new.as_str()).collect();
        assert!(
            found.contains(expected),
            "mutant {number}, {:?}: expected the line '{expected}', found {found:?}",
            MUTANTS[number - 1]
        );
    }
}

#[test]
fn places_that_no_switch_can_be_in_are_named() {
    let text = "const LIMIT: u32 = 1 + 2;\nconst fn half(n: u32) -> u32 {\n    n / 2\n}\n";
    let mutant = |column, line, genre| Mutant {
        file: "src/sample.rs".to_owned(),
        name: String::new(),
        genre,
        replacement: "-".to_owned(),
        span: Span { start: Place { line, column } },
    };
    let mutants = [
        mutant(22, 1, Genre::BinaryOperator),
        mutant(5, 3, Genre::FnValue),
        mutant(7, 3, Genre::BinaryOperator),
    ];
    let numbered: Vec<(u32, &Mutant)> = (1..).zip(&mutants).collect();
    let rewritten = rewrite(text, &numbered).expect("it can be parsed");
    assert_eq!((rewritten.unplaced, rewritten.text.as_str()), (vec![1, 2, 3], text));
}

#[test]
fn an_error_of_the_compiler_leads_to_its_mutant() {
    let text = "fn pick() -> String {\n    String::new()\n}\n";
    let mutant = Mutant {
        file: "src/sample.rs".to_owned(),
        name: String::new(),
        genre: Genre::FnValue,
        replacement: "1".to_owned(),
        span: Span { start: Place { line: 2, column: 5 } },
    };
    let rewritten = rewrite(text, &[(7, &mutant)]).expect("it can be parsed");
    let at = rewritten.text.find("return 1").expect("the mutant is there") + 7;
    let message = format!(
        r#"{{"message":{{"level":"error","code":null,"rendered":"mismatched types","spans":[{{"file_name":"src/sample.rs","byte_start":{at},"byte_end":{},"is_primary":true}}]}}}}"#,
        at + 1
    );
    let files = BTreeMap::from([("src/sample.rs".to_owned(), rewritten)]);
    assert_eq!(compile_errors::culprits(&message, &files), Ok(BTreeSet::from([7])));
    let elsewhere = message.replace("src/sample.rs", "src/other.rs");
    assert_eq!(compile_errors::culprits(&elsewhere, &files), Err("mismatched types".to_owned()));
}
