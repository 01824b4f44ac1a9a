//! `mock-imds show`: the value of a path, or the certificate of the identity document.

use std::iter;
use std::net::IpAddr;
use std::path::PathBuf;

use hyper::StatusCode;

use super::print::{print_bytes, to_json};
use super::server_choice;
use crate::cli::{IdentityCertificateArgs, ShowArgs, ShowArtifact};
use crate::config::nearest;
use crate::control::ControlClient;
use crate::exit::{ExitStatus, Failure};
use crate::files;
use crate::paths::{IDENTITY, Paths, SYSTEM_STATE};
use crate::scenario::{FoundScenario, Library, shipped};

/// A certificate has less than 4 KiB, text around it not counted.
const MAX_CERTIFICATE_BYTES: u64 = 64 * 1024;

pub(crate) fn exec(show: &ShowArgs) -> Result<(), Failure> {
    match &show.artifact {
        Some(ShowArtifact::IdentityCertificate(args)) => identity_certificate(args),
        None => match &show.scenario {
            Some(name) => scenario(name),
            None => path(show, show.path.as_deref().unwrap_or_default()),
        },
    }
}

/// Prints a scenario of the library as it is.
fn scenario(name: &str) -> Result<(), Failure> {
    match Library::new(None).find(name) {
        Ok(FoundScenario::Shipped(name)) => print_bytes(shipped(&name).unwrap_or_default().as_bytes()),
        Ok(FoundScenario::File(file)) => {
            let found = format!("{} is a file; `cat` prints it", file.display());
            Err(Failure::new(
                ExitStatus::Usage,
                format!("{found}; accepted: a name of `mock-imds use --list`"),
            ))
        }
        Err(report) => Err(Failure::new(ExitStatus::Usage, report.to_string())),
    }
}

/// Prints user data byte for byte; other values are text, and get a newline.
fn path(show: &ShowArgs, path: &str) -> Result<(), Failure> {
    let client = server_choice::client(&show.control)?;
    let shown = client.show(path, show.client)?;
    if show.json {
        print_bytes(format!("{}\n", to_json(&shown)).as_bytes())?;
    }
    let at = &shown.path;
    match StatusCode::from_u16(shown.status) {
        Ok(status) if status.is_success() => {}
        Ok(StatusCode::NOT_FOUND) => {
            let advice = match meant(&client, at, show.client) {
                Some(meant) => format!("did you mean {meant}?"),
                None => listed_above(&client, at, show.client),
            };
            return Err(Failure::new(ExitStatus::No, format!("there is nothing at {at}; {advice}")).at(at));
        }
        Ok(other) => {
            return Err(Failure::new(ExitStatus::No, format!("the service answers {other} at {at}")));
        }
        Err(error) => return Err(Failure::new(ExitStatus::Unavailable, format!("{at}: {error}"))),
    }
    if show.json {
        return Ok(());
    }
    let text = shown.content_type.starts_with("text/") || shown.content_type == "application/json";
    let mut body = shown.content.into_bytes().unwrap_or_default();
    if text && !body.ends_with(b"\n") {
        body.push(b'\n');
    }
    print_bytes(&body)
}

/// A path beside this one that has nearly its name.
fn meant(client: &ControlClient, path: &str, address: Option<IpAddr>) -> Option<String> {
    let (directory, name) = path.rsplit_once('/')?;
    let listing = client.show(&format!("{directory}/"), address).ok().filter(|shown| shown.status == 200)?;
    let listing = String::from_utf8(listing.content.into_bytes()?).ok()?;
    let names: Vec<&str> = listing.lines().map(|name| name.trim_end_matches('/')).collect();
    Some(format!("{directory}/{}", nearest(name, &names)?))
}

/// The command that lists the nearest directory above a path.
fn listed_above(client: &ControlClient, path: &str, address: Option<IpAddr>) -> String {
    let above = iter::successors(Some(path), |path| path.rsplit_once('/').map(|(above, _)| above)).skip(1);
    let mut directories = above.map(|directory| format!("{directory}/"));
    let is_listed =
        |directory: &String| client.show(directory, address).is_ok_and(|shown| shown.status == 200);
    let directory = directories.find(is_listed).unwrap_or_else(|| "/".to_owned());
    let whose = address.map(|address| format!(" --client {address}")).unwrap_or_default();
    format!("`mock-imds show {directory}{whose}` lists what there is")
}

/// Certificates are public, so no server is needed: everybody may read the files.
fn identity_certificate(args: &IdentityCertificateArgs) -> Result<(), Failure> {
    let usual = || {
        [Some(PathBuf::from(SYSTEM_STATE)), Paths::from_env().state_directory()]
            .into_iter()
            .flatten()
            .collect()
    };
    let states: Vec<PathBuf> = args.state.clone().map_or_else(usual, |state| vec![state]);
    let paths: Vec<PathBuf> =
        states.iter().map(|state| state.join(IDENTITY).join(format!("{}.pem", args.leaf))).collect();
    if let Some(pem) = paths.iter().find_map(|path| files::read(path, MAX_CERTIFICATE_BYTES).ok()) {
        let pem = [pem.trim_ascii_end(), b"\n"].concat();
        if !args.json {
            return print_bytes(&pem);
        }
        let certificate = String::from_utf8_lossy(&pem);
        let shown = serde_json::json!({ "leaf": args.leaf, "certificate": certificate });
        return print_bytes(format!("{shown}\n").as_bytes());
    }
    let looked: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    Err(Failure::new(
        ExitStatus::Unavailable,
        format!(
            "no certificate is at {}; start the server once to create it, or name its state directory with --state DIR",
            looked.join(" or ")
        ),
    ))
}
