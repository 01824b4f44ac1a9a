//! What the endpoints of containers answer, byte for byte: `tests/protocol/endpoints/NAME.http` has the requests of a
//! conversation and their replies.
//!
//! A changed reply fails here. Read the difference against the service's documentation before you accept it with
//! `UPDATE_GOLDEN=1 cargo test --test protocol endpoints`.

mod agent_api;
mod clear;
mod credentials;
mod events;
mod lost;
mod metadata;
mod pod_identity;

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use mock_imds::imds::ContainerChoice;
use mock_imds::model::Service;
use support::{Client, PureService, sources};

use crate::requests::{Headers, wire};

/// A service, and what was said to it.
struct Conversation {
    service: PureService,
    addressed: Option<Service>,
    client: Client,
    text: String,
}

impl Conversation {
    /// With the service of a scenario, asked at the address of one of EC2's services.
    #[track_caller]
    fn at(addressed: Service, scenario: &str) -> Self {
        let mut service = PureService::new(scenario);
        service.wait(Duration::from_secs(34 * 60 + 56));
        Self {
            service,
            addressed: Some(addressed),
            client: Client::bridged("172.18.0.5"),
            text: String::new(),
        }
    }

    fn get(&mut self, target: &str) -> String {
        self.ask("GET", target, &[("host", "169.254.170.2")], "")
    }

    /// Asks, and gives the body.
    fn ask(&mut self, method: &str, target: &str, headers: Headers<'_>, body: &str) -> String {
        let reply = self.service.endpoint(self.addressed, self.client, (method, target), headers, body);
        let reply = reply.unwrap_or_else(|| panic!("{method} {target}: an endpoint answers"));
        let _ = writeln!(self.text, "> {method} {target}");
        for (name, value) in headers.iter().filter(|(name, _)| *name != "host") {
            let _ = writeln!(self.text, "> {name}: {value}");
        }
        if !body.is_empty() {
            let _ = writeln!(self.text, "> {body}");
        }
        for line in String::from_utf8_lossy(&wire(method, &reply)).lines() {
            let _ = writeln!(self.text, "< {line}");
        }
        self.text.push('\n');
        String::from_utf8_lossy(&reply.body).into_owned()
    }

    /// The path of a variable's URI.
    #[track_caller]
    fn path_of(&self, variable: &str) -> String {
        let variables = self.service.ecs_environment(ContainerChoice::default());
        let (_, value) = variables.iter().find(|(name, _)| *name == variable).expect("the variable is set");
        value.strip_prefix("http://169.254.170.2").unwrap_or(value).to_owned()
    }

    fn note(&mut self, text: &str) {
        let _ = writeln!(self.text, "# {text}");
    }

    /// Compares all of it with the file of this name, or writes that.
    #[track_caller]
    fn is_golden(&self, name: &str) {
        let file = sources().join("tests/protocol/endpoints").join(format!("{name}.http"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&file, &self.text).expect("golden is writable");
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            expected == self.text,
            "expected ({}):\n{expected}\nfound:\n{}\nrerun: cargo test --test protocol endpoints",
            file.display(),
            self.text
        );
    }
}
