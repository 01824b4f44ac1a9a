#![doc = include_str!("../README.md")]

mod control;
mod environment;
mod error;
mod process;
mod request;

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{json, Value};

use control::Control;
use process::Process;

pub use error::Error;
pub use request::{Filter, Request};

/// The server waits no longer in one answer.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A wait that failed takes no longer to say what came; nor does it wait longer for an answer that is late.
const PATIENCE: Duration = Duration::from_secs(5);

/// A metadata service of one test. It ends when this is dropped, and with a process that is killed.
#[derive(Debug)]
pub struct Imds {
    process: Process,
    control: Control,
}

impl Imds {
    /// Starts a server. The scenario is a name of the library, a path that ends in `.toml`, or TOML; the built-in instance
    /// if it is empty. The program is the one that `MOCK_IMDS_PROGRAM` names, else `mock-imds` in `PATH`.
    pub fn start(scenario: &str) -> Result<Self, Error> {
        Self::start_with(scenario, &[])
    }

    /// The same, with more options of `mock-imds serve`.
    pub fn start_with(scenario: &str, arguments: &[&str]) -> Result<Self, Error> {
        let process = Process::start(scenario, arguments)?;
        let control = Control::new(process.ready.control_socket.clone());
        Ok(Self { process, control })
    }

    /// Where it is: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.process.ready.url
    }

    /// The id of the instance that clients meet unless the scenario has another one for them.
    pub fn instance_id(&self) -> &str {
        &self.process.ready.instance_id
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.process.ready.pid
    }

    /// The variables that lead AWS SDKs here, and past everything that they would ask before; `None` for one that must not
    /// be set.
    pub fn environment(&self) -> Vec<(&'static str, Option<String>)> {
        environment::of_sdk(self.url())
    }

    /// Has a program that is started meet this service.
    pub fn lead<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        for (name, value) in self.environment() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// What the server has written to stderr.
    pub fn log(&self) -> String {
        self.process.log()
    }

    // === Orders ===

    /// Asks the control socket: docs/control-api.md of mock-imds has the routes.
    pub fn ask(&self, method: &str, route: &str, body: Option<&Value>) -> Result<Value, Error> {
        Ok(self.control.ask(method, route, body)?.body)
    }

    fn order(&self, route: &str, body: &Value) -> Result<Value, Error> {
        self.ask("POST", route, Some(body))
    }

    /// Triggers an event with the keys of `[[event]]`, and `in`.
    pub fn event(&self, keys: &Value) -> Result<Value, Error> {
        self.order("/v1/events", keys)
    }

    /// Issues a spot interruption notice: termination in two minutes.
    pub fn spot(&self) -> Result<Value, Error> {
        self.event(&json!({ "spot-interruption": { "action": "terminate", "notice": "2m" } }))
    }

    /// Issues it after a time on the scenario's clock.
    pub fn spot_in(&self, delay: Duration) -> Result<Value, Error> {
        let notice = json!({ "action": "terminate", "notice": "2m" });
        self.event(&json!({ "spot-interruption": notice, "in": span(delay) }))
    }

    /// Issues a rebalance recommendation.
    pub fn rebalance(&self) -> Result<Value, Error> {
        self.event(&json!({ "rebalance-recommendation": {} }))
    }

    /// Sets the target lifecycle state of an Auto Scaling group.
    pub fn lifecycle(&self, state: &str) -> Result<Value, Error> {
        self.event(&json!({ "target-lifecycle-state": state }))
    }

    /// Overrides the value of a path.
    pub fn set(&self, path: &str, value: &str) -> Result<Value, Error> {
        self.event(&json!({ "set": { path: value } }))
    }

    /// Has a path answer 404.
    pub fn remove(&self, path: &str) -> Result<Value, Error> {
        self.event(&json!({ "set": { path: false } }))
    }

    /// Injects a fault with the keys of `[[fault]]`, such as `path`, `status` and `for`.
    pub fn fault(&self, keys: &Value) -> Result<Fault<'_>, Error> {
        let answer = self.order("/v1/faults", keys)?;
        let name = answer["name"].as_str().unwrap_or_default().to_owned();
        Ok(Fault { imds: self, name })
    }

    /// Moves the scenario's clock: to `1m30s` since the load, or by `+30s` or `-30s`.
    pub fn seek(&self, to: &str) -> Result<Value, Error> {
        self.order("/v1/clock", &json!({ "seek": to }))
    }

    /// Moves the scenario's clock forward.
    pub fn advance(&self, by: Duration) -> Result<Value, Error> {
        self.seek(&format!("+{}", span(by)))
    }

    /// Pauses the scenario's clock.
    pub fn pause(&self) -> Result<Value, Error> {
        self.order("/v1/clock", &json!({ "pause": true }))
    }

    /// Lets the scenario's clock go on.
    pub fn resume(&self) -> Result<Value, Error> {
        self.order("/v1/clock", &json!({ "resume": true }))
    }

    /// Switches to another scenario: a name of the library, a path that ends in `.toml`, or TOML.
    pub fn use_scenario(&self, scenario: &str) -> Result<Value, Error> {
        let order = if process::is_name(scenario) {
            json!({ "scenario": scenario })
        } else if process::is_file(scenario) {
            json!({ "scenario": std::path::absolute(scenario)? })
        } else {
            json!({ "content": { "text": scenario } })
        };
        self.order("/v1/use", &order)
    }

    /// Returns to the scenario of the start.
    pub fn reload(&self) -> Result<Value, Error> {
        self.order("/v1/reload", &json!({}))
    }

    /// Takes back what was ordered.
    pub fn clear(&self) -> Result<Value, Error> {
        self.order("/v1/clear", &json!({}))
    }

    // === What is served, and who asked ===

    /// What the service answers at a path, if that is 200 and text. It leaves no request.
    pub fn show(&self, path: &str) -> Result<Option<String>, Error> {
        let route = control::with_query("/v1/show", &[("path", path.to_owned())]);
        let shown = self.ask("GET", &route, None)?;
        let body = shown["body"].as_str().filter(|_| shown["status"] == 200);
        Ok(body.map(str::to_owned))
    }

    /// The requests of clients, the oldest first.
    pub fn requests(&self, filter: &Filter) -> Result<Vec<Request>, Error> {
        let route = control::with_query("/v1/requests", &filter.query());
        Request::all(self.ask("GET", &route, None)?)
    }

    /// Waits for a request for a path, and gives the first one. One that has come already counts: with the status `200`
    /// only one that found something there.
    pub fn wait_for(&self, path: &str, filter: &Filter) -> Result<Request, Error> {
        let deadline = Instant::now() + filter.timeout;
        let filter = filter.clone().path(path);
        let mut since = "start".to_owned();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let mut query = filter.query();
            query.push(("since", since));
            query.push(("limit", "1".to_owned()));
            let wait = left.min(LONGEST_WAIT);
            query.push(("wait", format!("{:.3}", wait.as_secs_f64())));
            let control = self.control.within(wait + PATIENCE);
            let answer = control.ask("GET", &control::with_query("/v1/requests", &query), None)?;
            if let Some(request) = Request::all(answer.body)?.into_iter().next() {
                return Ok(request);
            }
            if left.is_zero() {
                let came = self.control.within(PATIENCE).ask("GET", "/v1/requests", None);
                let came =
                    came.and_then(|answer| Request::all(answer.body)).map_err(|error| error.to_string());
                let (wanted, timeout) = (filter.described(), filter.timeout);
                return Err(Error::NoRequest { wanted, timeout, came });
            }
            since = answer.position;
        }
    }
}

/// A fault that was injected.
#[derive(Debug)]
pub struct Fault<'i> {
    imds: &'i Imds,
    name: String,
}

impl Fault<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many requests it had an effect on.
    pub fn hits(&self) -> Result<u64, Error> {
        let faults = self.imds.ask("GET", "/v1/faults", None)?;
        let mut faults = faults.as_array().into_iter().flatten();
        let own = faults.find(|fault| fault["name"] == self.name.as_str());
        // "Not hit" would be a wrong answer of one that is gone.
        own.and_then(|fault| fault["hits"].as_u64())
            .ok_or_else(|| Error::Refused(format!("there is no fault {:?} any more", self.name)))
    }

    /// Removes it.
    pub fn remove(self) -> Result<(), Error> {
        self.imds.order("/v1/faults/remove", &json!({ "names": [self.name] })).map(drop)
    }
}

fn span(duration: Duration) -> String {
    format!("{}ms", duration.as_millis())
}
