//! Which server a command asks: that of `--control` or `--server`, else the usual one of those that run.

use std::path::{self, Path};

use super::print::warn;
use crate::cli::ControlArgs;
use crate::control::{ControlClient, server_called, usual_server};
use crate::exit::Failure;
use crate::paths::SYSTEM_CONTROL;

/// The client of the chosen server. If nobody chose, and several run, it says which one it is.
pub(super) fn client(args: &ControlArgs) -> Result<ControlClient, Failure> {
    choose(args.path.as_deref(), args.server.as_deref())
}

/// The options with which another command asks the same server, from any directory.
pub(super) fn options(args: &ControlArgs) -> Vec<String> {
    let (name, value) = match (&args.path, &args.server) {
        (Some(path), _) if path == Path::new(SYSTEM_CONTROL) => ("--server", "system".to_owned()),
        (Some(path), _) => {
            ("--control", path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string())
        }
        (None, Some(server)) => ("--server", server.clone()),
        (None, None) => return vec![],
    };
    vec![name.to_owned(), value]
}

pub(super) fn choose(control: Option<&Path>, server: Option<&str>) -> Result<ControlClient, Failure> {
    match (control, server) {
        (Some(path), _) => Ok(ControlClient::new(Some(path))),
        (None, Some(server)) => server_called(server),
        (None, None) => {
            let (client, sentence) = usual_server();
            if let Some(sentence) = sentence {
                warn(&format!("mock-imds: {sentence}"));
            }
            Ok(client)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn another_command_asks_the_same_server() {
        let chosen = |path: Option<&str>, server: Option<&str>| {
            let args = ControlArgs { path: path.map(PathBuf::from), server: server.map(str::to_owned) };
            options(&args).join(" ")
        };
        let here = std::env::current_dir().expect("a directory");
        for (path, server, expected) in [
            (None, None, String::new()),
            (None, Some("1338"), "--server 1338".to_owned()),
            (Some("/run/a.sock"), Some("1338"), "--control /run/a.sock".to_owned()),
            (Some("a.sock"), None, format!("--control {}/a.sock", here.display())),
            (Some(SYSTEM_CONTROL), None, "--server system".to_owned()),
        ] {
            assert_eq!(chosen(path, server), expected, "{path:?} {server:?}");
        }
    }
}
