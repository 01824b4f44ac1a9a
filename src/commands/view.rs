//! `mock-imds view`: a page in the browser, metrics and the control API over HTTP.

use std::env;
use std::fs;
use std::io::{self, IsTerminal as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::print::print_line;
use super::server_choice;
use crate::cli::ViewArgs;
use crate::doctor::gather::sockets::listener_owner;
use crate::exit::{ExitStatus, Failure};
use crate::paths::{Paths, SYSTEM_VIEW_TOKEN};
use crate::view::{self, ViewOptions, ViewToken};

pub(crate) fn exec(args: ViewArgs) -> Result<(), Failure> {
    let listen = args.listen.unwrap_or((Ipv4Addr::LOCALHOST, view::PORT).into());
    if args.url {
        return print_url(&args, listen);
    }
    let paths = Paths::from_env();
    let file = args.token_file.clone().or_else(|| paths.view_token()).ok_or_else(no_place)?;
    let shared = args.token_file.is_none() && paths.is_in_unit();
    let token = ViewToken::load_or_make(&file, shared)?;
    if !listen.ip().is_loopback() {
        tracing::warn!(
            "{listen} is not of this host alone: whoever gets the token on its way there can do what this user can at the \
             control socket"
        );
    }
    let client = server_choice::client(&args.control)?;
    let options = ViewOptions {
        listen,
        client,
        command_options: server_choice::options(&args.control),
        token,
        allowed_hosts: args.allowed_host,
        guardian: args.runtime,
    };
    view::run(options, announce)
}

/// What is no terminal may be a log, which has no token.
fn announce(address: SocketAddr, token: &ViewToken) {
    print_line(&format!("mock-imds view is ready at http://{address}/"));
    if io::stdout().is_terminal() && env::var_os("JOURNAL_STREAM").is_none() {
        print_line(&format!("open {}", token.url(address)));
    } else {
        print_line(&format!(
            "the token is in {}; `mock-imds view --url` prints the address with it",
            token.file.display()
        ));
    }
}

fn print_url(args: &ViewArgs, listen: SocketAddr) -> Result<(), Failure> {
    let (own, shared) = match args.control.server.as_deref() {
        Some("system") => (Some(PathBuf::from(SYSTEM_VIEW_TOKEN)), true),
        _ => (Paths::from_env().view_token(), false),
    };
    let file = args.token_file.clone().or(own).ok_or_else(no_place)?;
    let token = ViewToken::load(&file, shared).map_err(|error| {
        let place = file.display();
        let (status, advice) = if error.is_missing() {
            (
                ExitStatus::Unavailable,
                "start a view with `mock-imds view`, or ask for the service's with --server system",
            )
        } else {
            (
                ExitStatus::NoPermission,
                "it is for the user of the view, and for the group mock-imds if it is the service's",
            )
        };
        Failure::new(status, format!("the file of the token, {place}, {error}; {advice}"))
    })?;
    check_listener(listen, &file)?;
    print_line(&token.url(listen));
    Ok(())
}

/// Whoever listens there gets the token: it has to be the user of the view, who owns the file.
fn check_listener(listen: SocketAddr, file: &Path) -> Result<(), Failure> {
    let owner = fs::metadata(file).map_or(u32::MAX, |metadata| metadata.uid());
    let found = match listener_owner(listen) {
        Some(user) if user == owner => return Ok(()),
        Some(user) => format!("a program of user {user} listens at {listen}, not the view of user {owner}"),
        None => format!("no view listens at {listen}"),
    };
    let advice = "--listen is the address of the view; `mock-imds view` starts one";
    Err(Failure::new(ExitStatus::Unavailable, format!("{found}; {advice}")))
}

fn no_place() -> Failure {
    let sentence = "no directory for the token is known: set HOME, or name a file with --token-file";
    Failure::new(ExitStatus::Unavailable, sentence)
}
