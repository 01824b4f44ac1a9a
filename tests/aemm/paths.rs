//! Paths that are not clean, and values that are elsewhere.

use mock_imds::aemm::AemmConfig;
use support::get;

use crate::{head, serve};

const RERUN: &str = "rerun: cargo test --test aemm paths";

#[test]
fn a_path_that_is_not_clean_is_redirected() {
    let server = serve(|config| config.imdsv2 = true);
    for (path, location) in [
        ("//latest/meta-data", "/latest/meta-data"),
        ("/latest//meta-data/mac", "/latest/meta-data/mac"),
        ("/latest/./meta-data", "/latest/meta-data"),
        ("/latest/x/../meta-data/", "/latest/meta-data"),
        ("/latest/%2e%2e/latest", "/latest"),
        ("/latest//user-data?a=b&c", "/latest/user-data?a=b&c"),
        ("/../x%20y", "/x%20y"),
    ] {
        let found = server.exchange(get(path));
        let location = format!("Location: {location}");
        let expected = [
            "HTTP/1.1 301 Moved Permanently",
            "Connection: close",
            "Content-Length: 0",
            "Date: Sat, 21 Nov 2026 03:14:11 GMT",
            &location,
        ];
        assert_eq!((head(&found), &*found.body), (expected.to_vec(), ""), "{path}\n{RERUN}");
    }
}

#[test]
fn paths_are_decoded_and_queries_ignored() {
    let server = serve(|_| {});
    for path in [
        "/latest/meta-data/mac/",
        "/latest%2fmeta-data/mac",
        "/latest/meta-data/%6dac",
        "/latest/meta-data/mac?x=/../y",
        "/latest/meta-data/network/interfaces/macs/0e%3A49%3a61:0f:c3:11/mac",
    ] {
        let found = server.exchange(get(path));
        assert_eq!((found.status, &*found.body), (200, "0e:49:61:0f:c3:11"), "{path}\n{RERUN}");
    }
}

fn put(config: &mut AemmConfig, key: &str, path: &str) {
    config.metadata.paths.insert(key.to_owned(), path.to_owned());
}

#[test]
fn a_value_is_where_its_path_says() {
    let server = serve(|config| {
        put(config, "ami-id", "/elsewhere/ami-id");
        put(config, "hostname", "/latest/meta-data/names/host");
        put(config, "mac", "/meta-data/mac");
        put(config, "instance-id", "");
        put(config, "events", "/notices");
        put(config, "spot", "/latest/meta-data/spot/moved");
        put(config, "elastic-inference-accelerator", "/latest/meta-data/accelerator");
        config.userdata.paths.insert("userdata".into(), "/mine".into());
    });
    for (path, status, body) in [
        ("/elsewhere/ami-id", 200, Some("ami-0a887e401f7654935")),
        ("/elsewhere", 404, None),
        ("/latest/meta-data/ami-id", 404, None),
        ("/latest/meta-data/names", 200, Some("host")),
        ("/latest/meta-data/names/host", 200, Some("ip-172-16-34-43.ec2.internal")),
        ("/meta-data/mac", 200, Some("0e:49:61:0f:c3:11")),
        ("/latest/meta-data/mac", 404, None),
        ("/latest/meta-data/instance-id", 404, None),
        ("/latest/meta-data/events/maintenance/scheduled", 404, None),
        ("/latest/meta-data/events", 200, Some("recommendations/")),
        ("/latest/meta-data/spot", 200, Some("moved\ntermination-time")),
        ("/latest/meta-data/spot/instance-action", 404, None),
        ("/mine", 200, Some("1234,john,reboot,true\n")),
        ("/latest/user-data", 404, None),
    ] {
        let found = server.exchange(get(path));
        assert_eq!(found.status, status, "{path}\n{RERUN}");
        assert_eq!(found.body, body.unwrap_or(&found.body), "{path}\n{RERUN}");
    }
    let scheduled = server.exchange(get("/notices"));
    assert_eq!((scheduled.status, scheduled.body.len()), (200, 305), "{}\n{RERUN}", scheduled.body);
    // The original looks for the other notices at their own paths only.
    let moved = server.exchange(get("/latest/meta-data/spot/moved"));
    assert_eq!((moved.status, &*moved.body), (200, ""), "{RERUN}");
    assert!(!moved.raw.contains("Content-Type"), "{}\n{RERUN}", moved.raw);
    let accelerator = server.exchange(get("/latest/meta-data/accelerator"));
    assert!(accelerator.raw.contains("Content-Type: application/json\r\n"), "{}\n{RERUN}", accelerator.raw);
    assert!(
        accelerator.body.starts_with("{\n\t\"version_2018_04_12\": {\n\t\t\""),
        "{}\n{RERUN}",
        accelerator.body
    );
}
