//! Orders and files that are as large as they may be, and larger: they are answered, and so is everybody else.

use std::path::PathBuf;

use serde_json::{Value, json};
use support::{Sandbox, ServerProcess};

fn order(sandbox: &Sandbox, path: &str, body: &Value) -> (u16, Value) {
    use std::io::{Read as _, Write as _};
    let mut stream = std::os::unix::net::UnixStream::connect(sandbox.path("c.sock")).expect("it accepts");
    let body = body.to_string();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, serde_json::from_str(body).expect("JSON"))
}

fn id(server: &ServerProcess) -> String {
    server.get("/latest/meta-data/instance-id").body
}

#[test]
fn an_order_of_too_many_paths_is_rejected_at_once_and_one_of_many_is_carried_out() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let paths = |count: usize| {
        let set: serde_json::Map<_, _> =
            (0..count).map(|n| (format!("meta-data/x{n}"), json!("v"))).collect();
        json!({ "set": set })
    };
    let (status, rejected) = order(&sandbox, "/v1/events", &paths(60_000));
    assert_eq!((status, &rejected["message"]), (422, &json!("the event: has 60000 paths")), "{rejected:#}");
    assert_eq!(server.get("/latest/meta-data/x0").status, 404);
    let (status, accepted) = order(&sandbox, "/v1/events", &paths(1_000));
    assert_eq!(status, 200, "{accepted:#}");
    assert_eq!(server.get("/latest/meta-data/x999").body, "v");
}

/// Whatever a file of a megabyte has in it: its report is short, and the next order is carried out.
#[test]
fn after_a_large_bad_file_a_good_one_loads_at_once() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let good = sandbox.write("good.toml", "[instance]\ninstance-id = \"i-0fedcba0987654321\"\n");
    let before = id(&server);
    let large = |beginning: &str, part: &str| {
        beginning.to_owned() + &part.repeat(((1 << 20) - beginning.len()) / part.len())
    };
    let keys = (0..60_000).map(|n| format!("k{n} = 1\n")).collect::<Vec<_>>().concat();
    for (name, text) in [
        ("keys", format!("[instance]\n{keys}")),
        ("events", large("", "[[event]]\n")),
        ("brackets", large("a = ", "[")),
        ("list", large("[instance]\nsecurity-groups = [", "1,")),
    ] {
        let file: PathBuf = sandbox.write(&format!("{name}.toml"), text);
        let (status, rejected) = order(&sandbox, "/v1/use", &json!({ "scenario": file }));
        assert_eq!(status, 422, "{name}: {rejected:#}");
        let problems = rejected["problems"].as_array().expect("a list");
        assert!((1..=101).contains(&problems.len()), "{name}: {} problems", problems.len());
        if problems.len() == 101 {
            let last = problems[100]["found"].as_str().expect("a sentence");
            assert!(last.contains(" more errors are not listed"), "{name}: {last}");
        }
        assert_eq!(id(&server), before, "{name}: what was served stays");
        let (status, used) = order(&sandbox, "/v1/use", &json!({ "scenario": good }));
        assert_eq!(status, 200, "{name}: {used:#}");
        assert_eq!(id(&server), "i-0fedcba0987654321");
        let (status, reloaded) = order(&sandbox, "/v1/reload", &json!({}));
        assert_eq!(status, 200, "{name}: {reloaded:#}");
        assert_eq!(id(&server), before, "{name}");
    }
}
