//! `check --sarif` against the schema of SARIF 2.1.0, as the models of pydantic-sarif have it, which are made of that schema.

use std::fs;
use std::process::Command;

use support::{Sandbox, finish};

use crate::{RERUN, tool};

/// Prints why each of the files is no SARIF.
const JUDGE: &str = "\
import sys
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif
for name in sys.argv[1:]:
    try:
        Sarif.model_validate_json(open(name).read())
    except ValueError as error:
        print(f'{name}: {error}')
";

#[test]
fn what_is_said_of_each_file_is_sarif() {
    let Some(python) = tool("python") else { return };
    let sandbox = Sandbox::new();
    let reports = support::sources().join("tests/reports");
    let bad = fs::read_dir(&reports).expect("a directory of the sources").flatten().map(|entry| entry.path());
    let mut files: Vec<String> = bad
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| path.display().to_string())
        .collect();
    files.sort();
    assert!(files.len() > 40, "{files:?}");
    sandbox.write("a sound one.toml", "");
    files.extend(["a sound one.toml", "missing.toml"].map(str::to_owned));
    let said = |name: &str, files: &[String]| {
        let words: Vec<&str> =
            ["check", "--sarif"].into_iter().chain(files.iter().map(String::as_str)).collect();
        let text = sandbox.run(&words).stdout;
        assert!(!text.is_empty(), "{files:?}");
        (sandbox.write(name, &text), text)
    };
    let mut logs = vec![said("all.sarif", &files).0];
    logs.extend(
        files
            .iter()
            .enumerate()
            .map(|(index, file)| said(&format!("{index}.sarif"), std::slice::from_ref(file)).0),
    );
    let judge = |logs: &[std::path::PathBuf]| {
        let outcome = finish(Command::new(&python).args(["-c", JUDGE]).args(logs));
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{outcome:#?}\n{RERUN}");
        outcome.stdout
    };
    assert_eq!(judge(&logs), "", "expected SARIF of each file, found what is above\n{RERUN}");
    // The judge sees what is wrong.
    let (_, text) = said("all.sarif", &files);
    for (right, wrong) in [("\"startLine\"", "\"startLlne\""), ("\"level\":\"error\"", "\"level\":\"fatal\"")]
    {
        assert!(text.contains(right), "{text}");
        let damaged = sandbox.write("damaged.sarif", text.replace(right, wrong));
        assert_ne!(judge(&[damaged]), "", "{wrong} is no SARIF");
    }
}
