//! The schemas, the hook and SARIF, with the tools that people use: taplo, the language server of the extension Even
//! Better TOML, pre-commit, and models of SARIF's schema. `scripts/editors` installs them; `scripts/test editors` does that and runs the tests.
//!
//! | file | about |
//! |---|---|
//! | `schema` | which files a schema accepts and rejects |
//! | `hook` | `.pre-commit-hooks.yaml` |
//! | `language_server` | what an editor offers and marks, by way of `editor.mjs` |
//! | `page` | `docs/editors.md` |
//! | `sarif` | `check --sarif`, by the schema of SARIF |

mod hook;
mod language_server;
mod page;
mod sarif;
mod schema;

use std::path::PathBuf;

const RERUN: &str = "rerun: scripts/test editors";

/// A tool that `scripts/editors` installed; says so if it is not there.
fn tool(name: &str) -> Option<PathBuf> {
    let tool = support::sources().join("target/editors/bin").join(name);
    if !tool.exists() {
        support::skip(&format!("needs {name}: run scripts/editors"));
        return None;
    }
    Some(tool)
}

/// The address of a shipped schema.
fn schema_url(name: &str) -> String {
    format!("file://{}/packaging/schema/{name}.schema.json", support::sources().display())
}
