//! Pictures of the page, for people to look at, in target/browser/screenshots: each state, width and colour scheme. What a machine
//! sees of them is checked: nothing is cut.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use support::host::Host;
use support::sources;

use crate::view::{Page, WIDTHS};

const SCENARIO: &str = "\
[instance]
life-cycle = \"spot\"
[instances.worker-with-a-rather-long-name]
clients = [\"10.1.0.0/16\"]
instance-id = \"i-0aaaaaaaaaaaaaaa1\"
instance-type = \"c7g.large\"
[instances.db]
clients = [\"10.2.0.7\"]
instance-id = \"i-0bbbbbbbbbbbbbbb2\"
instance-type = \"r6i.large\"
[[event]]
at = \"2m\"
rebalance-recommendation = {}
[[event]]
at = \"5m\"
spot-interruption = { action = \"terminate\", notice = \"2m\" }
[[fault]]
name = \"no-iam\"
path = \"/latest/meta-data/iam/**\"
for = \"8m\"
status = 503
[[fault]]
name = \"slow-tokens-of-the-big-cluster\"
path = \"/latest/api/token\"
latency = { min = \"100ms\", max = \"2s\" }
probability = 0.25
";

/// What has more than it shows. Reports keep their lines, and many columns are scrolled on a telephone.
const WIDER: &str = "\
    const root = document.documentElement;
    const known = root.clientWidth < 400 ? 'pre, #clients-table' : 'pre';
    const all = [root, ...document.querySelectorAll('body *')].filter((it) => it.clientWidth > 0 && it.scrollWidth > it.clientWidth + 1);
    return all.filter((it) => !it.matches(known) && (it === root || getComputedStyle(it).overflowX !== 'visible'))
        .map((it) => `${it.tagName}#${it.id}.${it.className}: ${it.scrollWidth} in ${it.clientWidth}`)";

/// A file for each width and scheme.
fn pictures(page: &Page, directory: &Path, state: &str) {
    for width in WIDTHS {
        for scheme in ["light", "dark"] {
            page.driver.looks(scheme, width);
            // What is drawn each second has been drawn for this width.
            let drawn = "return document.getElementById('content').hidden || document.querySelector('svg.line')?.viewBox.baseVal.width === \
                         Math.max(240, document.getElementById('line').clientWidth)";
            page.driver.wait("a timeline of this width", drawn);
            let wide = page.driver.run(WIDER);
            assert_eq!(
                wide,
                json!([]),
                "{state} at {width} pixels, {scheme}: expected nothing that is cut, found {wide:#}"
            );
            let file = directory.join(format!("{state}-{width}-{scheme}.png"));
            fs::write(&file, page.driver.picture())
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        }
    }
}

fn directory() -> PathBuf {
    let directory = sources().join("target/browser/screenshots");
    fs::create_dir_all(&directory).expect("it can be made");
    directory
}

#[test]
fn pictures_of_each_state() {
    let directory = directory();
    let directory = directory.as_path();
    let Some(empty) = Page::of("") else { return };
    pictures(&empty, directory, "empty");
    drop(empty);

    let Some(page) = Page::of(SCENARIO) else { return };
    let order = |words: &[&str]| assert_eq!(page.sandbox.control(words).code, Some(0), "{words:?}");
    let token = page.server.token();
    for path in ["instance-id", "iam/security-credentials/dev-role", "spot/instance-action"] {
        page.server.get(&format!("/latest/meta-data/{path}"));
    }
    page.server.get(&format!("/latest/{}", "a-very-long-path-".repeat(8)));
    assert!(!token.is_empty());
    order(&["spot", "--in", "1m"]);
    order(&["clock", "seek", "+2m30s"]);
    page.driver.shows(".leaf.changed", "meta-data/spot/instance-action");
    page.driver.shows("#requests-table td", "a-very-long-path-");
    pictures(&page, directory, "busy");

    order(&["clock", "pause"]);
    page.driver.shows("#toggle", "Play");
    page.driver.run("document.querySelectorAll('details').forEach((it) => { it.open = true; })");
    pictures(&page, directory, "paused");
    page.driver.run("document.querySelectorAll('details').forEach((it) => { it.open = false; })");

    page.sandbox.write("s.toml", "[instance]\ninstance-type = \"m5 large\"\nregoin = \"x\"\n");
    page.driver.run("document.querySelector(\"form[aria-label='Reload the scenario']\").requestSubmit()");
    page.driver.shows("#outcome pre", "^^^^^^");
    page.driver.shows("#alerts", "was rejected");
    pictures(&page, directory, "refused");

    let Page { driver, view, server, sandbox } = page;
    server.stop();
    driver.shows("#alerts", "The server does not answer");
    let server = sandbox.serve(&[]);
    let page = Page { driver, view, server, sandbox };
    // Another document, or the address of the same one would only change its fragment.
    page.driver.open("about:blank");
    page.driver.open(&format!("http://{}/#token=wrong", page.view.process.address));
    page.driver.shows("#connection", "The token is not accepted");
    pictures(&page, directory, "token");
}

/// The network of the host, as its guardian tells of it.
#[test]
fn pictures_of_a_host_with_a_guardian() {
    let Some(host) = Host::new() else { return };
    let mut guardian = host.hold();
    let Some(page) = Page::on(&host, SCENARIO) else { return };
    page.driver.shows("#host .good", "runs, set up");
    for part in
        ["169.254.169.254/32 on lo, added", "port 80 to 1690, by nftables", "inet mock-imds, ", "never"]
    {
        page.driver.shows("#host dd", part);
    }
    pictures(&page, &directory(), "guardian");

    host.run("ip addr del 169.254.169.254/32 dev lo");
    page.driver.shows("#host dd", "once, last ");
    host.configure("[host]\nipv7 = true\n");
    guardian.reload();
    page.driver.shows("#host .bad", "ipv7");
    pictures(&page, &directory(), "guardian-rejected");
}
