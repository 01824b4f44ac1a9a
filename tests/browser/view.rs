//! The page of `mock-imds view`, in the browser, against the real server.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use support::{Sandbox, ServerProcess, ViewProcess, eventually, installed, skip, sources};

use crate::driver::Driver;

const SCENARIO: &str = "\
[instance]
life-cycle = \"spot\"
[instance.tags]
Name = \"<img src=x onerror=document.title='injected'>\"
[metadata-options]
instance-metadata-tags = \"enabled\"
[[event]]
at = \"10m\"
rebalance-recommendation = {}
[[fault]]
name = \"no-mac\"
path = \"meta-data/mac\"
status = 503
";
const SPOT: &str = "/latest/meta-data/spot/instance-action";
const REBALANCE: &str = "/latest/meta-data/events/recommendations/rebalance";
/// Pixels.
pub(crate) const WIDTHS: [u32; 3] = [360, 768, 1440];
const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const END: &str = "\u{e010}";

pub(crate) struct Page {
    pub(crate) driver: Driver,
    pub(crate) view: ViewProcess,
    pub(crate) server: ServerProcess,
    pub(crate) sandbox: Sandbox,
}

impl Page {
    /// The page, connected. `None`, after saying why, where there is no browser.
    fn open() -> Option<Self> {
        Self::of(SCENARIO)
    }

    /// The same of another scenario.
    pub(crate) fn of(scenario: &str) -> Option<Self> {
        let page = Self::unopened(scenario, "")?;
        page.driver.open(&page.view.url());
        page.driver.shows("#connection", "Connected");
        Some(page)
    }

    fn unopened(scenario: &str, rules: &str) -> Option<Self> {
        let sandbox = Sandbox::new();
        sandbox.write("s.toml", scenario);
        let driver = Driver::start(&sandbox, rules)?;
        let server = sandbox.serve(&["--scenario", "s.toml"]);
        let view = ViewProcess::start(&sandbox, &[]);
        Some(Self { driver, view, server, sandbox })
    }

    fn status(&self) -> Value {
        let found = self.view.api("GET", "/v1/status", "");
        serde_json::from_str(&found.body).unwrap_or_else(|error| panic!("{error}: {found:?}"))
    }

    #[track_caller]
    fn answers(&self, path: &str) {
        eventually(&format!("200 at {path}"), || (self.server.get(path).status == 200).then_some(()));
    }

    /// No policy was violated, and no script failed.
    #[track_caller]
    fn is_silent(&self) {
        let messages = self.driver.messages();
        assert_eq!(messages, json!([]), "expected no message of the browser");
    }
}

#[test]
fn a_spot_notice_from_the_page_is_what_programs_get() {
    let Some(page) = Page::open() else { return };
    page.driver.click("details:nth-of-type(1) summary");
    page.driver.shows("form[aria-label='Spot interruption'] code", "mock-imds spot --action terminate");
    page.driver.click("form[aria-label='Spot interruption'] button.primary");
    page.driver.shows("#outcome", "spot interruption: terminate at");
    page.answers(SPOT);
    // What changed is marked in the tree, and the request just made is in the table.
    page.driver.shows(".leaf.changed", "meta-data/spot/instance-action");
    page.driver.shows("#requests-table td.path", SPOT);
    page.driver.shows("#glance", "spot-interruption");
    // The address has no token any more, and text of the scenario is no markup.
    let url = page.driver.run("return location.href");
    assert_eq!(url, format!("http://{}/", page.view.process.address));
    assert_eq!(page.driver.run("return document.title"), "mock-imds");
    page.is_silent();

    let Some(python) = installed("python/bin/python") else { return };
    // Its endpoint comes from the session's configuration; without one it would ask the real address.
    let program = "import sys; from botocore.utils import IMDSFetcher\n\
                   f = IMDSFetcher(config={'ec2_metadata_service_endpoint': sys.argv[1], 'ec2_metadata_service_endpoint_mode': 'ipv4'})\n\
                   print(f._get_request('latest/meta-data/spot/instance-action', None, f._fetch_metadata_token()).text)";
    let mut boto = Command::new(python);
    boto.args(["-c", program, &format!("http://{}/", page.server.address)]);
    let output = boto.output().expect("python starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("\"terminate\""), "expected the notice in botocore, found {output:?}");
}

#[test]
fn scrubbing_and_the_buttons_move_the_clock() {
    let Some(page) = Page::open() else { return };
    page.driver.shows("#toggle", "Pause");
    page.driver.click("#toggle");
    page.driver.shows("#toggle", "Play");
    assert!(page.status()["clock"].get("paused").is_some());
    // As a drag to the end does, by the keyboard: past the event at 10 minutes.
    page.driver.run("document.getElementById('scrub').focus()");
    page.driver.press(&[END]);
    page.driver.shows("#outcome", "mock-imds clock seek");
    page.answers(REBALANCE);
    page.driver.shows("#events", "rebalance recommendation");
    page.driver.click("#toggle");
    page.driver.shows("#toggle", "Pause");
    page.is_silent();
}

#[test]
fn a_refused_reload_shows_its_report_with_the_caret() {
    let Some(page) = Page::open() else { return };
    page.sandbox.write("s.toml", "[metadata-options]\nhttp-tokens = \"perhaps\"\n");
    page.driver.run(
        "[...document.querySelectorAll('summary')].find((it) => it.textContent.startsWith('Reload')).click()",
    );
    page.driver.click("form[aria-label='Reload the scenario'] button.primary");
    page.driver.shows("#outcome pre", "^^^^^^^^^");
    page.driver.shows("#outcome", "Rejected; nothing has changed");
    page.driver.shows("#alerts", "was rejected; the former scenario is served");
    page.is_silent_but_for(422);
}

impl Page {
    /// The browser tells of each answer with an error; of this status only.
    #[track_caller]
    fn is_silent_but_for(&self, status: u16) {
        let messages = self.driver.messages();
        let others: Vec<&Value> = messages
            .as_array()
            .expect("a list")
            .iter()
            .filter(|message| {
                !message["message"].as_str().is_some_and(|text| text.contains(&format!("status of {status}")))
            })
            .collect();
        assert!(others.is_empty(), "expected no other message of the browser, found {others:#?}");
    }

    /// Presses the tab key until this has the focus.
    #[track_caller]
    fn tab_to(&self, selector: &str) {
        for _ in 0..60 {
            self.driver.press(&[TAB]);
            if self.driver.run(&format!("return document.activeElement.matches({selector:?})")) == true {
                return;
            }
        }
        panic!(
            "expected the focus at {selector}, found {}",
            self.driver.run("return document.activeElement.outerHTML")
        );
    }
}

/// What a form is given where a value is needed, or where its own default would do nothing.
const GIVEN: &[(&str, &str, &str)] = &[
    ("set", "path", "meta-data/public-ipv4"),
    ("set", "value", "192.0.2.77"),
    ("attach", "private-ipv4", "172.16.34.50"),
    ("interface", "interface", "0e:49:61:0f:c3:11"),
    ("interface", "value", "172.16.34.60"),
    ("profile", "role", "ci-role"),
    ("fault", "name", "from-the-page"),
    ("fault", "path", "meta-data/nothing"),
];

#[test]
fn each_form_does_what_its_command_does() {
    let Some(page) = Page::open() else { return };
    page.driver.shows("#spot-instance", "all");
    page.driver.run("document.querySelectorAll('#actions details').forEach((it) => { it.open = true; })");
    for (form, name, value) in GIVEN {
        let script = format!(
            "const it = document.getElementById('{form}-{name}'); it.value = '{value}'; \
             it.dispatchEvent(new Event('input', {{ bubbles: true }}))"
        );
        page.driver.run(&script);
    }
    let titles =
        page.driver.run("return [...document.querySelectorAll('#actions form')].map((it) => it.ariaLabel)");
    let titles: Vec<&str> = titles.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(titles.len() >= 15, "expected a form for each verb, found {titles:?}");
    for title in titles {
        let of_form = |script: &str| {
            page.driver.run(&format!(
                "const form = document.querySelector(\"form[aria-label='{title}']\"); {script}"
            ))
        };
        let command = of_form("return form.querySelector('code').textContent");
        let command = command.as_str().expect("a command").to_owned();
        page.driver.run("document.getElementById('outcome').replaceChildren()");
        of_form("form.requestSubmit()");
        let told = page.driver.wait(
            &format!("an outcome of {title}"),
            "return document.querySelector('#outcome p')?.outerHTML",
        );
        let told = told.as_str().unwrap_or_default().to_owned();
        assert!(told.contains("class=\"good\""), "{title}: expected that it is accepted, found {told}");
        // The command beside it, as somebody pastes it into a shell, on a server as it was.
        assert_eq!(page.sandbox.control(&["clear"]).code, Some(0));
        let program = support::program().display().to_string();
        let line = command.replacen("mock-imds", &program, 1);
        let output =
            page.sandbox.prepared(std::path::Path::new("sh"), &["-c", &line]).output().expect("a shell");
        assert!(output.status.success(), "{command}: expected that it is accepted, found {output:?}");
    }
    page.is_silent();
}

#[test]
fn a_server_that_goes_is_said_and_time_stands_still() {
    let Some(page) = Page::open() else { return };
    let Page { driver, view, server, sandbox } = page;
    server.stop();
    driver.shows("#alerts h2", "The server does not answer");
    driver.shows("#alerts", "no mock-imds server listens at");
    driver.shows("#connection.bad", "The server does not answer");
    let again = sandbox.serve(&["--scenario", "s.toml"]);
    driver.shows("#connection.good", "Connected");
    driver.wait("no alert", "return document.getElementById('alerts').childElementCount === 0");
    drop((again, view));
}

/// The pause does not move what comes.
#[test]
fn what_comes_keeps_its_distance_while_the_clock_is_paused() {
    let Some(page) = Page::open() else { return };
    page.driver.shows("#toggle", "Pause");
    assert_eq!(page.sandbox.control(&["clock", "pause"]).code, Some(0));
    assert_eq!(page.sandbox.control(&["clock", "seek", "4m"]).code, Some(0));
    page.driver.shows("#events", "6 min after the pause");
    let status = page.status();
    page.driver.wait(
        "a later status",
        &format!(
            "return Date.now() > Date.parse({:?}) + 2500",
            status["clock"]["paused"].as_str().expect("it is paused")
        ),
    );
    page.driver.shows("#events", "6 min after the pause");
    page.driver.shows("#events", "(10m)");
}

#[test]
fn instances_and_the_host_are_shown() {
    let Some(page) = Page::of("[instances.web]\nclients = [\"10.0.0.0/8\"]\ninstance-type = \"c7g.large\"\n")
    else {
        return;
    };
    page.driver.shows("#instances td", "web");
    page.driver.shows("#instances td", "c7g.large in us-east-1a");
    page.driver.shows("#instances td", "10.0.0.0/8");
    page.driver.shows("#host", "No guardian runs; this server needs none.");
    page.driver.shows("#spot-instance option", "web");
    page.driver.shows("#tree-instance option", "web");
    page.is_silent();
}

#[test]
fn requests_come_with_a_chart_and_counts_for_each_client() {
    let Some(page) = Page::open() else { return };
    page.driver.shows("#requests-table", "No request has come yet");
    page.server.get("/latest/meta-data/instance-id");
    page.server.get("/latest/meta-data/mac");
    page.server.get(SPOT);
    page.driver.shows("#requests-table td", "GET /latest/meta-data/instance-id");
    page.driver.shows("#requests-table td.bad", "503 by a fault");
    // A poll before its event is no failure.
    page.driver.shows("#requests-table td.info", "404");
    for kind in ["ok", "missing", "failed"] {
        page.driver.wait(
            &format!("a bar of {kind}"),
            &format!("return document.querySelector('#chart rect.{kind}')"),
        );
    }
    let row = "return document.querySelector('#clients-table tbody tr')?.innerText.split(/\\s+/).join(' ')";
    assert_eq!(page.driver.run(row), "host 3 0 0 1 1 0 1");
}

#[test]
fn who_wants_less_motion_gets_none() {
    let Some(page) = Page::open() else { return };
    assert_eq!(page.sandbox.control(&["spot"]).code, Some(0));
    page.driver.shows(".leaf.changed", "meta-data/spot/instance-action");
    let animation = |preference: &str| {
        let media = json!({ "features": [{"name": "prefers-reduced-motion", "value": preference}] });
        page.driver.command("Emulation.setEmulatedMedia", &media);
        page.driver.run("return getComputedStyle(document.querySelector('.leaf.changed')).animationName")
    };
    assert_eq!((animation("no-preference"), animation("reduce")), ("changed".into(), "none".into()));
}

#[test]
fn the_keyboard_alone_is_enough() {
    let Some(page) = Page::open() else { return };
    page.tab_to(".skip");
    page.driver.press(&[ENTER]);
    page.tab_to("#toggle");
    page.driver.press(&[ENTER]);
    page.driver.shows("#toggle", "Play");
    // The focus stays through everything that is drawn anew.
    assert_eq!(page.driver.run("return document.activeElement.id"), "toggle");
    page.tab_to("#actions summary");
    page.driver.press(&[ENTER]);
    page.tab_to("#spot-notice");
    page.driver.press(&["5", "m"]);
    page.driver.shows("form[aria-label='Spot interruption'] code", "--notice 5m");
    page.tab_to("form[aria-label='Spot interruption'] button.primary");
    page.driver.press(&[ENTER]);
    page.answers(SPOT);
    page.tab_to("#faults button");
    page.driver.press(&[ENTER]);
    page.driver.shows("#faults", "There is no fault");
    assert_eq!(page.server.get("/latest/meta-data/mac").status, 200);
}

/// Dequeue's axe-core, by `scripts/test browser`.
#[test]
fn axe_finds_nothing_serious_in_any_width_or_colour() {
    let file = sources().join("target/browser/node_modules/axe-core/axe.min.js");
    let Ok(axe) = fs::read_to_string(&file) else {
        return skip(&format!("{} is missing: run scripts/test browser", file.display()));
    };
    let Some(page) = Page::open() else { return };
    page.server.get(SPOT);
    assert_eq!(page.sandbox.control(&["spot"]).code, Some(0));
    page.driver.shows(".leaf.changed", "meta-data/spot/instance-action");
    page.driver.run("document.querySelectorAll('details').forEach((it) => { it.open = true; })");
    // By the developer tools, which the page's policy does not bind.
    page.driver.command("Runtime.evaluate", &json!({ "expression": axe }));
    for scheme in ["light", "dark"] {
        for width in WIDTHS {
            page.driver.looks(scheme, width);
            let found = page.driver.run_async(
                "const { violations } = await axe.run(); return violations.filter(({ impact }) => impact !== 'minor')\
                 .map(({ id, impact, nodes }) => [id, impact, nodes.slice(0, 3).map(({ html, failureSummary }) => [html, failureSummary])]);",
            );
            assert_eq!(found, json!([]), "at {width} pixels, {scheme}: expected nothing, found {found:#}");
            let overflow = page
                .driver
                .run("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assert_eq!(overflow, 0, "at {width} pixels the page is wider than the window");
        }
    }
}

/// The page of an attacker, at a name that leads here: what it tries, and what it got.
#[test]
fn another_page_in_the_same_browser_gets_nothing_and_changes_nothing() {
    let Some(page) = Page::unopened(SCENARIO, "--host-resolver-rules=MAP *.example 127.0.0.1") else {
        return;
    };
    // The user's own tab is open, and has the token.
    page.driver.open(&page.view.url());
    page.driver.shows("#connection", "Connected");
    let port = page.view.process.address.port();
    // Rebinding: the name is the page's own origin, and leads to the view.
    page.driver.open(&format!("http://evil.example:{port}/"));
    page.driver.shows("body", "the name in the Host header is not allowed");
    let found = page.driver.run_async("return (await fetch('/metrics')).status");
    assert_eq!(found, 403, "of its own origin");
    let found = page.driver.run("return [sessionStorage.length, localStorage.length, document.cookie]");
    assert_eq!(found, json!([0, 0, ""]), "nothing of the view is there");
    // Another origin, which asks for the view by its address.
    let target = format!("http://127.0.0.1:{port}");
    for (attempt, script) in [
        ("read", "return (await fetch(`${target}/api/v1/status`)).status"),
        ("metrics", "return (await fetch(`${target}/metrics`)).status"),
        (
            "order",
            "return (await fetch(`${target}/api/v1/events`, { method: 'POST', body, headers: { 'Content-Type': 'application/json' } })).status",
        ),
        (
            "guess",
            "return (await fetch(`${target}/api/v1/status`, { headers: { Authorization: 'Bearer x' } })).status",
        ),
        (
            "frame",
            "const frame = document.createElement('iframe'); frame.src = target; document.body.append(frame); \
                   await new Promise((loaded) => { frame.onload = loaded; }); return frame.contentDocument === null ? 'error hidden' : 'seen'",
        ),
    ] {
        let prelude = format!("const target = '{target}'; const body = '{{\"spot-interruption\": {{}}}}';");
        let found = page.driver.run_async(&format!("{prelude} {script}"));
        let refused = found.as_str().is_some_and(|found| found.starts_with("error "));
        assert!(refused, "{attempt}: expected that the browser refuses, found {found}");
    }
    // Requests that a browser sends without asking first.
    let blind =
        "fetch(`${target}/api/v1/events`, { method: 'POST', mode: 'no-cors', body }).then(() => 'sent')";
    let script = format!(
        "const target = '{target}'; const body = '{{\"spot-interruption\": {{}}}}'; return await {blind}"
    );
    let _ = page.driver.run_async(&script);
    let status = page.status();
    assert_eq!(status["changes"], json!([]), "nothing has changed");
}

#[test]
fn without_scripts_there_is_a_page_to_read() {
    let Some(page) = Page::unopened(SCENARIO, "") else { return };
    page.driver.command("Emulation.setScriptExecutionDisabled", &json!({ "value": true }));
    let address = page.view.process.address;
    page.driver.open(&format!("http://{address}/"));
    page.driver.shows("noscript, .notice", "readable without them");
    page.driver.open(&format!("http://reader:{}@{address}/plain", page.view.token));
    page.driver.shows("h2", "Timeline");
    page.driver.shows("td", "meta-data/instance-id");
    page.driver.shows("td", "<img src=x onerror");
}

#[test]
fn a_wrong_token_asks_for_the_right_one() {
    let Some(page) = Page::unopened(SCENARIO, "") else { return };
    page.driver.open(&format!("http://{}/#token=wrong", page.view.process.address));
    page.driver.shows("#connection", "The token is not accepted");
    page.driver.run(&format!("document.getElementById('token').value = '{}'", page.view.token));
    page.driver.click("#login button");
    page.driver.shows("#connection", "Connected");
    page.driver.shows("#glance", "i-1234567890abcdef0");
}
