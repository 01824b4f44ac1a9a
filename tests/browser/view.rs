//! The page of `mock-imds view`, in the browser, against the real server.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use support::host::{Host, SERVICE};
use support::{Sandbox, ServerProcess, ViewProcess, eventually, installed, skip, sources};

use crate::driver::Driver;

pub(crate) const SCENARIO: &str = "\
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
pub(crate) const SPOT: &str = "/latest/meta-data/spot/instance-action";
const REBALANCE: &str = "/latest/meta-data/events/recommendations/rebalance";
/// Pixels.
pub(crate) const WIDTHS: [u32; 3] = [360, 768, 1440];
const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";
const END: &str = "\u{e010}";

pub(crate) struct Page {
    pub(crate) driver: Driver,
    pub(crate) view: ViewProcess,
    pub(crate) server: ServerProcess,
    pub(crate) sandbox: Sandbox,
}

impl Page {
    /// The page, connected. `None`, after saying why, where there is no browser.
    pub(crate) fn open() -> Option<Self> {
        Self::of(SCENARIO)
    }

    /// The same of another scenario.
    pub(crate) fn of(scenario: &str) -> Option<Self> {
        let page = Self::unopened(scenario, "")?;
        page.driver.open(&page.view.url());
        page.driver.shows("#connection", "Connected");
        Some(page)
    }

    pub(crate) fn unopened(scenario: &str, rules: &str) -> Option<Self> {
        let sandbox = Sandbox::new();
        sandbox.write("s.toml", scenario);
        let driver = Driver::start(&sandbox, rules)?;
        let server = sandbox.serve(&["--scenario", "s.toml"]);
        let view = ViewProcess::start(&sandbox, &[]);
        Some(Self { driver, view, server, sandbox })
    }

    /// The page of a server at the service's address on a host with a guardian, connected. All of it is in the network
    /// namespace of that host.
    pub(crate) fn on(host: &Host, scenario: &str) -> Option<Self> {
        let sandbox = Sandbox::new();
        sandbox.write("s.toml", scenario);
        let driver = Driver::start(&sandbox, "")?;
        let server = sandbox.serve(&["--scenario", "s.toml", "--listen", SERVICE]);
        let runtime = host.runtime().display().to_string();
        let view = ViewProcess::start(&sandbox, &["--runtime", &runtime]);
        driver.open(&view.url());
        driver.shows("#connection", "Connected");
        Some(Self { driver, view, server, sandbox })
    }

    pub(crate) fn status(&self) -> Value {
        let found = self.view.api("GET", "/v1/status", "");
        serde_json::from_str(&found.body).unwrap_or_else(|error| panic!("{error}: {found:?}"))
    }

    #[track_caller]
    fn answers(&self, path: &str) {
        eventually(&format!("200 at {path}"), || (self.server.get(path).status == 200).then_some(()));
    }

    /// No policy was violated, and no script failed.
    #[track_caller]
    pub(crate) fn is_silent(&self) {
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
    pub(crate) fn is_silent_but_for(&self, status: u16) {
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
    pub(crate) fn tab_to(&self, selector: &str) {
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
