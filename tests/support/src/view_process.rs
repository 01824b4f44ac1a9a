//! `mock-imds view` beside a test.

use std::fs;
use std::path::Path;

use crate::http::{Response, exchange};
use crate::sandbox::Sandbox;
use crate::server_process::ServerProcess;

/// A view of a sandbox's server.
pub struct ViewProcess {
    pub process: ServerProcess,
    pub token: String,
}

impl ViewProcess {
    /// Starts one, and waits until it is ready. No guardian runs unless `more` names its directory.
    pub fn start(sandbox: &Sandbox, more: &[&str]) -> Self {
        let text = |name| sandbox.path(name).display().to_string();
        let own = [
            "view",
            "--listen",
            "127.0.0.1:0",
            "--control",
            &text("c.sock"),
            "--token-file",
            &text("view.token"),
        ];
        let none = text("guardian");
        let guardian = if more.contains(&"--runtime") { &[][..] } else { &["--runtime", &none] };
        let command = sandbox.command(&[&own, guardian, more].concat());
        let process = ServerProcess::start(command, sandbox.directory());
        let token = fs::read_to_string(sandbox.path("view.token")).expect("it is there since the start");
        Self { process, token: token.trim().to_owned() }
    }

    /// The address of the page, with the token.
    pub fn url(&self) -> String {
        format!("http://{}/#token={}", self.process.address, self.token)
    }

    /// Sends a request with these lines after the first, and a body.
    #[track_caller]
    pub fn ask(&self, line: &str, headers: &[&str], body: &str) -> Response {
        let address = self.process.address;
        let host = if headers.iter().any(|header| header.starts_with("Host:")) {
            String::new()
        } else {
            format!("Host: {address}\r\n")
        };
        let lines = headers.iter().fold(String::new(), |lines, header| lines + header + "\r\n");
        let length = body.len();
        let request = format!("{line} HTTP/1.1\r\n{host}{lines}Content-Length: {length}\r\n\r\n{body}");
        exchange(address, request)
    }

    /// The same with the token.
    #[track_caller]
    pub fn api(&self, method: &str, route: &str, body: &str) -> Response {
        let bearer = self.bearer();
        self.ask(&format!("{method} /api{route}"), &[&bearer, "Content-Type: application/json"], body)
    }

    /// The header with the token.
    pub fn bearer(&self) -> String {
        format!("Authorization: Bearer {}", self.token)
    }

    /// What it wrote has no token.
    #[track_caller]
    pub fn kept_the_token(self, directory: &Path) {
        let token = self.token.clone();
        let outcome = self.process.stop();
        assert!(!format!("{outcome:?}").contains(&token), "expected no token, found it in {outcome:#?}");
        for file in fs::read_dir(directory).expect("the sandbox is there").flatten() {
            if file.path().extension().is_some_and(|extension| extension == "log") {
                let log = fs::read_to_string(file.path()).unwrap_or_default();
                assert!(!log.contains(&token), "expected no token, found it in {}", file.path().display());
            }
        }
    }
}
