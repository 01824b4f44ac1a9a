//! The files and programs that `[credentials]` names: read when they are needed, judged when the scenario is loaded.
//!
//! What is wrong with one is a warning: another program may write the file, or a package bring the program, later.

use std::path::Path;

use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{AccessFlags, faccessat};

use super::credential_process::parse;
use crate::config::{Item, Section, SourceText};
use crate::files::io_error_text;
use crate::model::{CredentialSource, Credentials, Keys};

/// Reads the keys of a credentials file. The error is a sentence without a full stop, and has no secret in it.
pub(crate) fn read(path: &Path) -> Result<Keys, String> {
    let source = SourceText::read(path).map_err(|report| report.headline())?;
    parse(source.text.as_bytes()).map_err(|found| format!("{} holds {found}", path.display()))
}

/// Warns of a source that gives no keys now. `section` is the table that names it.
pub(super) fn judge(section: &Section<'_>, credentials: &Credentials) {
    match &credentials.source {
        CredentialSource::File(path) => {
            if let Some(item) = section.get("file") {
                judge_file(&item, path);
            }
        }
        CredentialSource::Process { command, .. } => {
            if let (Some(item), Some(program)) = (section.get("command"), command.first()) {
                judge_program(&item, Path::new(program));
            }
        }
        CredentialSource::Generated | CredentialSource::Static(_) => {}
    }
}

fn judge_file(item: &Item<'_>, path: &Path) {
    if let Err(why) = read(path) {
        item.warn(
            format!("no credentials: {why}"),
            "the role answers \"Code\" : \"Failed\" until the file is there, readable for the user that runs mock-imds, and of \
             the form {\"Version\": 1, \"AccessKeyId\": …, \"SecretAccessKey\": …, \"SessionToken\": …, \"Expiration\": …}",
        );
    }
}

fn judge_program(item: &Item<'_>, program: &Path) {
    let found = match program.metadata() {
        Err(error) => format!("{} cannot be run: {}", program.display(), io_error_text(&error)),
        Ok(metadata) if !metadata.is_file() => format!("{} is no program", program.display()),
        Ok(_) if !is_executable(program) => {
            format!("{} is not executable for the user that runs mock-imds", program.display())
        }
        Ok(_) => return,
    };
    item.warn(
        format!("no credentials: {found}"),
        "the role answers \"Code\" : \"Failed\" until the program can be run",
    );
}

/// By the effective user, which is not always the real one.
fn is_executable(program: &Path) -> bool {
    faccessat(AT_FDCWD, program, AccessFlags::X_OK, AtFlags::AT_EACCESS).is_ok()
}
