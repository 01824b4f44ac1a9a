//! A page of somebody else in the browser that has the view open.

use serde_json::json;

use crate::view::{Page, SCENARIO};

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
