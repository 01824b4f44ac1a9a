//! `mock-imds show`: prints what a server keeps.

use std::fs;
use std::path::PathBuf;

use super::say;
use crate::cli::{IdentityCertificate, Show};
use crate::exit::{Failure, Status};
use crate::places::{IDENTITY, Places, SYSTEM_STATE};

/// Runs the subcommand.
pub fn exec(show: &Show) -> Result<(), Failure> {
    match show {
        Show::IdentityCertificate(asked) => identity_certificate(asked),
    }
}

/// Certificates are public, so no server is asked: everybody may read the files.
fn identity_certificate(asked: &IdentityCertificate) -> Result<(), Failure> {
    let usual =
        || [Some(PathBuf::from(SYSTEM_STATE)), Places::from_env().state()].into_iter().flatten().collect();
    let states: Vec<PathBuf> = asked.state.clone().map_or_else(usual, |state| vec![state]);
    let paths: Vec<PathBuf> =
        states.iter().map(|state| state.join(IDENTITY).join(format!("{}.pem", asked.leaf))).collect();
    if let Some(pem) = paths.iter().find_map(|path| fs::read_to_string(path).ok()) {
        say(pem.trim_end());
        return Ok(());
    }
    let looked: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    Err(Failure::new(
        Status::Unavailable,
        format!(
            "no certificate is at {}; start the server once, which makes it, or name its state directory with --state DIR",
            looked.join(" or ")
        ),
    ))
}
