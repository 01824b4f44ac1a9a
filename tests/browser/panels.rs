//! What the panels of the page show: a server that is gone, a pause, instances, the host, requests.

use serde_json::json;

use crate::view::{Page, SCENARIO, SPOT};

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
    let Some(page) = Page::of(&format!("{SCENARIO}[ecs]\n")) else { return };
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
    // The task metadata of Amazon ECS has no versions of IMDS.
    page.server.get("/v2/metadata");
    page.driver.shows("#requests-table td", "GET /v2/metadata");
    page.driver.shows("#requests-table td.optional", "ecs");
    let row = "return document.querySelector('#clients-table tbody tr')?.innerText.split(/\\s+/).join(' ')";
    assert_eq!(page.driver.run(row), "host 3 0 0 2 1 0 1");
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
