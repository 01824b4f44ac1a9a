//! The shape of a case, and where cases are.

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;

/// A case. In every text `{port}`, `{home}`, and the names of what was kept stand for their values, `{long}` for a text
/// that is longer than an answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Case {
    /// Its file.
    #[serde(skip)]
    pub file: String,
    /// What it shows, as a sentence.
    pub name: String,
    /// The words after the program's name. `--port {port}` is added to those of a server.
    #[serde(default)]
    pub args: Vec<String>,
    /// Nothing is added to `args`: the port is said elsewhere.
    #[serde(default)]
    pub own_port: bool,
    /// Variables, beside `HOME` and `TZ=UTC`.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Variables that are not set at all.
    #[serde(default)]
    pub unset: Vec<String>,
    /// Files below the home directory, which is the working directory, too. A name that ends in `/` is a directory.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Symbolic links below the home directory, and where they lead.
    #[serde(default)]
    pub links: BTreeMap<String, String>,
    /// What the server is asked, and what is done to it, one after the other. Without steps it must end by itself.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// The status with which it ends.
    pub exit: Option<i32>,
    /// Parts of stdout, in this order.
    #[serde(default)]
    pub stdout: Vec<String>,
    /// All of stdout.
    pub stdout_is: Option<String>,
    /// Lines of stdout, in any order.
    #[serde(default)]
    pub stdout_lines: Vec<String>,
    /// Parts of stderr, in this order.
    #[serde(default)]
    pub stderr: Vec<String>,
    /// What must not be in stderr.
    #[serde(default)]
    pub stderr_lacks: Vec<String>,
    /// How the last line of stderr begins; the original's trace of its stack may follow.
    pub stderr_ends: Option<String>,
    /// Files that it has written, and all of what is in them, or parts.
    #[serde(default)]
    pub written: BTreeMap<String, Vec<String>>,
    /// We differ on purpose.
    pub deviation: Option<String>,
    /// We fail it.
    pub ignored: Option<String>,
    /// Called as `mock-imds aemm`, which other programs are not.
    #[serde(default)]
    pub as_subcommand: bool,
}

/// Something that is done to a server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// GET this path.
    pub get: Option<String>,
    /// PUT.
    pub put: Option<String>,
    /// HEAD.
    pub head: Option<String>,
    /// Another method.
    pub method: Option<String>,
    /// The path for `method`.
    pub path: Option<String>,
    /// The very bytes of a request, or of several.
    pub raw: Option<String>,
    /// Lines of the head.
    #[serde(default)]
    pub with: Vec<String>,
    /// The client's address.
    pub from: Option<String>,
    /// The server's, if it is not 127.0.0.1.
    pub to: Option<String>,
    /// Ask again until the answer is the expected one.
    #[serde(default)]
    pub until: bool,
    /// The status.
    pub status: Option<u16>,
    /// The reason after the status.
    pub reason: Option<String>,
    /// The whole body.
    pub body: Option<String>,
    /// How many bytes it has.
    pub bytes: Option<usize>,
    /// Lines of the body, among others.
    #[serde(default)]
    pub lines: Vec<String>,
    /// Lines that the body has not.
    #[serde(default)]
    pub lacks: Vec<String>,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The names of all headers, spelled like this.
    pub names: Option<Vec<String>>,
    /// Everything that came, for `raw`.
    #[serde(default)]
    pub came: Vec<String>,
    /// Remember the body by this name.
    pub keep: Option<String>,
    /// Write a file.
    pub write: Option<String>,
    /// What to write.
    pub text: Option<String>,
    /// Make a symbolic link to `text`, or replace one as Kubernetes does: by a rename.
    pub link: Option<String>,
    /// Remove a file.
    pub remove: Option<String>,
    /// Send a signal: TERM, INT or HUP. It must be the last step.
    pub signal: Option<String>,
    /// Wait until stderr has this.
    pub says: Option<String>,
    /// The same, where only ours says it: so that the next step does not look too early.
    pub ours_says: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    case: Vec<Case>,
}

/// Every case of every file.
pub fn all() -> Vec<Case> {
    let directory = support::sources().join("tests/drop-in/cases");
    let files = fs::read_dir(&directory).expect("the table is beside the test");
    let mut files: Vec<_> = files.map(|file| file.expect("it can be listed").path()).collect();
    files.sort();
    let read = |file: &std::path::PathBuf| {
        let text = fs::read_to_string(file).expect("the table is text");
        let Table { case } =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let name = file.file_name().unwrap_or_default().display().to_string();
        case.into_iter().map(move |case| Case { file: name.clone(), ..case }).collect::<Vec<_>>()
    };
    files.iter().flat_map(read).collect()
}
