//! A scenario of the reader's own, served from the page: a file that is chosen, or text that is typed.

use std::fs;

use serde_json::json;

use crate::view::{ENTER, Page};

const FORM: &str = "form[aria-label='Use a file']";
const KIND: &str = "/latest/meta-data/instance-type";

impl Page {
    /// With the form open.
    fn with_form() -> Option<Self> {
        let page = Self::open()?;
        page.driver.run(&format!("document.querySelector(\"{FORM}\").closest('details').open = true"));
        page.command("mock-imds use FILE");
        Some(page)
    }

    /// Writes a file and chooses it.
    fn choose(&self, field: &str, name: &str, content: impl AsRef<[u8]>) {
        let path = self.sandbox.path(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("writable");
        let path = self.sandbox.write(name, content);
        self.driver.fill(&format!("#use-file-{field}"), path.to_str().expect("UTF-8"));
    }

    #[track_caller]
    fn command(&self, expected: &str) {
        let script =
            format!("return document.querySelector(\"{FORM} code\")?.textContent.startsWith({expected:?})");
        self.driver.wait(&format!("the command {expected:?}"), &script);
    }

    fn serve(&self) {
        self.driver.click(&format!("{FORM} button.primary"));
    }

    /// The present value of the text area.
    fn text(&self) -> String {
        let found = self.driver.run("return document.getElementById('use-file-text').value");
        found.as_str().expect("a text").to_owned()
    }
}

#[test]
fn a_file_is_served_with_those_that_it_names() {
    let Some(page) = Page::with_form() else { return };
    // Of another system: what was not changed is sent as it is.
    let text = "[instance]\r\ninstance-type = \"c7g.large\"\r\nuser-data = { file = \"more/user-data\" }\r\n";
    page.choose("file", "home/mine.toml", text);
    page.command("mock-imds use mine.toml");
    assert_eq!(page.text(), text.replace('\r', ""));
    page.choose("files", "home/more/user-data", b"#!/bin/sh\n\xff\0");
    page.serve();
    page.driver.shows("#outcome p.good", "instance.instance-type");
    page.driver.shows("#outcome code", "mock-imds use mine.toml");
    assert_eq!(page.server.get(KIND).body, "c7g.large");
    let found = page.server.get("/latest/user-data");
    assert!(found.raw.ends_with("#!/bin/sh\n\u{fffd}\0"), "{found:?}");
    page.driver.shows("#glance", "mine.toml, until the next reload");
    // A name of the library it would be without the directory.
    page.choose("file", "home/mine", "");
    page.command("mock-imds use ./mine");
    page.serve();
    page.driver.shows("#glance", "mine, until the next reload");
    assert_eq!(page.server.get(KIND).body, "m5.xlarge", "an empty file is the default instance");
    page.is_silent();
}

#[test]
fn a_refused_file_shows_its_report_and_can_be_mended_in_place() {
    let Some(page) = Page::with_form() else { return };
    page.choose("file", "home/mine.toml", "\n\n[metadata-options]\nhttp-tokens = \"perhaps\"\n");
    page.command("mock-imds use mine.toml");
    page.serve();
    page.driver.shows("#outcome p.bad", "Rejected; nothing has changed");
    page.driver.shows("#outcome pre", "mine.toml:4:15: error:");
    page.driver.shows("#outcome pre", "^^^^^^^^^");
    page.driver.shows("#outcome code", "mock-imds use mine.toml");
    let alerts = page.driver.run("return document.getElementById('alerts').childElementCount");
    assert_eq!(alerts, 0, "no reload was refused");
    page.is_silent_but_for(422);
    // What is changed here is in no file.
    page.driver.run("document.getElementById('use-file-text').value = ''");
    page.driver.fill("#use-file-text", "[instance]\ninstance-type = \"c7g.large\"\n");
    page.command("mock-imds use FILE");
    page.serve();
    page.driver.shows("#glance", "the scenario, until the next reload");
    assert_eq!(page.server.get(KIND).body, "c7g.large");
}

#[test]
fn what_cannot_be_sent_is_said_in_the_page() {
    let Some(page) = Page::with_form() else { return };
    let refused = |expected: &str| {
        page.serve();
        page.driver.shows("#outcome p.bad", expected);
    };
    refused("There is no scenario; nothing was sent. Accepted: a file, or text in TOML");
    page.choose("file", "home/large.toml", "#".repeat((1 << 20) + 1));
    // At once, and again when it is served.
    page.driver
        .shows("#outcome p.bad", "large.toml has 1048577 bytes; nothing was sent. Accepted: at most 1 MiB");
    page.driver.run("document.getElementById('outcome').replaceChildren()");
    refused("large.toml has 1048577 bytes");
    page.choose("file", "home/latin.toml", b"[instance.tags]\nName = \"caf\xe9\"\n");
    page.driver.shows("#outcome p.bad", "latin.toml is not UTF-8; nothing was sent");
    page.choose(
        "file",
        "home/names.toml",
        "[metadata]\n\"meta-data/a\" = { file = \"a\" }\n\"meta-data/b\" = { file = \"b\" }\n",
    );
    page.command("mock-imds use names.toml");
    page.choose("files", "home/a", vec![b'x'; 1 << 20]);
    page.choose("files", "home/b", vec![b'x'; 1 << 20]);
    refused("bytes, with the files that it names; nothing was sent. Accepted: at most 2 MiB together");
    let files = page.driver.run("return document.getElementById('use-file-files').files.length");
    assert_eq!(files, 2, "both were chosen");
    assert_eq!(page.status()["scenario"].get("sent"), None, "nothing was sent");
    page.is_silent();
}

#[test]
fn a_name_that_is_not_clear_is_asked_for() {
    let Some(page) = Page::with_form() else { return };
    let text = "[metadata]\n\"meta-data/a\" = { file = \"one/x\" }\n\"meta-data/b\" = { file = \"two/x\" }\n";
    page.choose("file", "home/mine.toml", text);
    page.command("mock-imds use mine.toml");
    page.choose("files", "home/one/x", "1");
    page.serve();
    page.driver.shows("#outcome pre", "one/x was not sent with the scenario");
    page.is_silent_but_for(422);
}

#[test]
fn text_is_served_by_the_keyboard_alone() {
    let Some(page) = Page::open() else { return };
    page.driver.run(&format!(
        "document.querySelector(\"{FORM}\").closest('details').querySelector('summary').focus()"
    ));
    page.driver.press(&[ENTER]);
    page.tab_to("#use-file-text");
    let name = page.driver.run("return document.activeElement.labels[0].textContent");
    assert_eq!(name, json!("Its text, or one that you type or paste"));
    for line in ["[instance]", "instance-type = \"c7g.large\""] {
        let keys: Vec<String> = line.chars().map(String::from).collect();
        page.driver.press(&keys.iter().map(String::as_str).collect::<Vec<_>>());
        page.driver.press(&[ENTER]);
    }
    page.tab_to("#use-file-files");
    page.tab_to(&format!("{FORM} button.primary"));
    page.driver.press(&[ENTER]);
    page.driver.shows("#outcome p.good", "instance.instance-type");
    assert_eq!(page.server.get(KIND).body, "c7g.large");
    page.is_silent();
}
