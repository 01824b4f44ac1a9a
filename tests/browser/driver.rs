//! Chromium by `WebDriver`: Debian's chromedriver, and requests as its protocol has them.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;
use std::{env, fs};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::{Value, json};
use support::{Sandbox, poll, skip};

use crate::browser::chromium;

/// A browser on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// What `WebDriver` calls an element in JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

pub(crate) struct Driver {
    child: Child,
    address: SocketAddr,
    session: String,
    log: PathBuf,
}

impl Driver {
    /// A browser with an empty profile. `None`, after saying why, if there is none.
    pub(crate) fn start(sandbox: &Sandbox, rules: &str) -> Option<Self> {
        let browser = chromium()?;
        let paths = env::var_os("PATH").unwrap_or_default();
        let mut folders = env::split_paths(&paths).map(|folder| folder.join("chromedriver"));
        let Some(program) = folders.find(|path| path.is_file()) else {
            skip("no program 'chromedriver': run scripts/test browser");
            return None;
        };
        // Free now, and nobody else asks for this one.
        let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback has a port");
        let address = listener.local_addr().expect("it is bound");
        drop(listener);
        let log = sandbox.path("chromedriver.log");
        let output = File::create(&log).expect("the sandbox is writable");
        let mut command = sandbox.prepared(&program, &[]);
        command.arg(format!("--port={}", address.port())).env("TMPDIR", sandbox.directory());
        command.stdout(output).stderr(Stdio::null()).process_group(0);
        let child = command.spawn().expect("chromedriver starts");
        let mut driver = Self { child, address, session: String::new(), log };
        let ready = poll(PATIENCE, || match TcpStream::connect(address) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        });
        ready.unwrap_or_else(|error| panic!("expected chromedriver, found {error}"));
        let profile = format!("--user-data-dir={}", sandbox.path("profile").display());
        // Its sandbox refuses root.
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            &profile,
        ];
        let arguments: Vec<&str> =
            arguments.into_iter().chain((!rules.is_empty()).then_some(rules)).collect();
        let options = json!({ "binary": browser, "args": arguments });
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"} });
        let session = driver.call("POST", "/session", &json!({ "capabilities": { "alwaysMatch": wanted } }));
        driver.session = format!("/session/{}", session["sessionId"].as_str().expect("a session"));
        Some(driver)
    }

    pub(crate) fn open(&self, url: &str) {
        self.in_session("POST", "/url", &json!({ "url": url }));
    }

    /// What a function's body gives in the page.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.in_session("POST", "/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// The same of one that gives a promise.
    pub(crate) fn run_async(&self, script: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1]; (async () => {{ {script} }})().then(done, (error) => done(`error ${{error}}`));"
        );
        self.in_session("POST", "/execute/async", &json!({ "script": script, "args": [] }))
    }

    /// Waits until a script gives something true, and gives that.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, script: &str) -> Value {
        let found = poll(PATIENCE, || match self.run(script) {
            Value::Null | Value::Bool(false) => Err("it is not so".to_owned()),
            found => Ok(found),
        });
        match found {
            Ok((found, _)) => found,
            Err(error) => panic!(
                "expected {what}, {error}; the page has:\n{}\nits messages: {}",
                self.run("return document.body.innerText"),
                self.messages()
            ),
        }
    }

    /// Waits until this is on the page.
    #[track_caller]
    pub(crate) fn shows(&self, selector: &str, text: &str) {
        let script = format!(
            "return [...document.querySelectorAll({selector:?})].some((it) => it.textContent.includes({text:?}))"
        );
        self.wait(&format!("{text:?} in {selector:?}"), &script);
    }

    /// Clicks where a person would.
    pub(crate) fn click(&self, selector: &str) {
        self.in_element("click", selector, &json!({}));
    }

    /// Types into a field; into one for files the path of a file.
    pub(crate) fn fill(&self, selector: &str, text: &str) {
        self.in_element("value", selector, &json!({ "text": text }));
    }

    fn in_element(&self, command: &str, selector: &str, body: &Value) {
        let element =
            self.in_session("POST", "/element", &json!({ "using": "css selector", "value": selector }));
        let id = element[ELEMENT].as_str().expect("an element");
        self.in_session("POST", &format!("/element/{id}/{command}"), body);
    }

    /// Presses keys, wherever the focus is.
    pub(crate) fn press(&self, keys: &[&str]) {
        let strokes: Vec<Value> = keys
            .iter()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })))
            .collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.in_session("POST", "/actions", &json!({ "actions": [keyboard] }));
    }

    /// A command of the developer tools.
    pub(crate) fn command(&self, name: &str, parameters: &Value) -> Value {
        self.in_session("POST", "/goog/cdp/execute", &json!({ "cmd": name, "params": parameters }))
    }

    /// The page as in a window of this width, for a reader with this preference of colours who wants no motion.
    pub(crate) fn looks(&self, scheme: &str, width: u32) {
        let media = json!({ "features": [
            {"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        self.command("Emulation.setEmulatedMedia", &media);
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.command("Emulation.setDeviceMetricsOverride", &size);
        // The window has one and the picture has not, which would then lack the right edge.
        self.command("Emulation.setScrollbarsHidden", &json!({ "hidden": true }));
    }

    /// The whole page as a picture, in PNG.
    pub(crate) fn picture(&self) -> Vec<u8> {
        let size = self.run(
            "const root = document.documentElement; return { x: 0, y: 0, scale: 1, width: root.clientWidth, height: root.scrollHeight }",
        );
        let found = self.command(
            "Page.captureScreenshot",
            &json!({ "format": "png", "captureBeyondViewport": true, "clip": size }),
        );
        BASE64_STANDARD.decode(found["data"].as_str().expect("a picture")).expect("base64")
    }

    /// The errors and messages of the page.
    pub(crate) fn messages(&self) -> Value {
        self.in_session("POST", "/se/log", &json!({ "type": "browser" }))
    }

    fn in_session(&self, method: &str, path: &str, body: &Value) -> Value {
        self.call(method, &format!("{}{path}", self.session), body)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.exchange(method, path, &body.to_string());
        let answer: Value = serde_json::from_str(&answer)
            .unwrap_or_else(|error| panic!("{method} {path}: {error} in {answer:?}; {}", self.log()));
        let value = answer["value"].clone();
        assert!(value.get("error").is_none(), "{method} {path} with {body}: {value:#}");
        value
    }

    /// The body of the answer, by its length: the driver keeps the connection.
    fn exchange(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.address).expect("chromedriver accepts");
        stream.set_read_timeout(Some(PATIENCE)).expect("it is not zero");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all((head + body).as_bytes()).expect("chromedriver reads");
        let (mut bytes, mut buffer) = (Vec::new(), [0; 8192]);
        loop {
            let text = String::from_utf8_lossy(&bytes);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| {
                    line.to_lowercase()
                        .strip_prefix("content-length:")
                        .and_then(|it| it.trim().parse::<usize>().ok())
                });
                if length.is_some_and(|length| body.len() >= length) {
                    return body.to_owned();
                }
            }
            match stream.read(&mut buffer) {
                Ok(count) if count > 0 => bytes.extend_from_slice(&buffer[..count]),
                outcome => panic!("{method} {path}: expected an answer, found {outcome:?}; {}", self.log()),
            }
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let group = i32::try_from(self.child.id()).expect("process ids are small");
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}
