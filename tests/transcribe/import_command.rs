//! `mock-imds import` as people run it: lists of instances, times that are over, and the API of an emulator.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use support::Sandbox;

use crate::command::hostile;

#[test]
fn the_instance_of_a_list_is_named_by_its_id() {
    let sandbox = Sandbox::new();
    let list = r#"{"Reservations": [{"Instances": [{"InstanceId": "i-0123456789abcdef0"}, {"InstanceId": "i-0123456789abcdef1"}]}]}"#;
    sandbox.write("list.json", list);
    sandbox.write("one.json", "{\"instance-id\": \"i-0123456789abcdef0\"}");
    sandbox.write("text", "instance-id: i-0123456789abcdef0\n");
    sandbox.write("aemm.json", "{\"imdsv2\": true}");
    fs::create_dir(sandbox.path("dir")).expect("it can be made");
    sandbox.write("dir/instance-id", "i-0123456789abcdef0");
    for command in [&["import"][..], &["import", "dump"]] {
        let run = |file, id: &str| sandbox.run(&[command, &[file, "--instance", id]].concat());
        let found = run("list.json", "i-0123456789abcdef1");
        assert!(
            found.code == Some(0) && found.stdout.contains("\ninstance-id = \"i-0123456789abcdef1\"\n"),
            "{found:#?}"
        );
        let first = sandbox.run(&[command, &["list.json"]].concat());
        let said = "not reproduced: the other instances, i-0123456789abcdef1: a scenario is of i-0123456789abcdef0; \
                    --instance ID takes another one\n";
        assert!(first.code == Some(0) && first.stderr.contains(said), "{first:#?}");
        run("list.json", "i-2").ended(
            78,
            &["list.json cannot be imported: it has no instance i-2; accepted: i-0123456789abcdef0, i-0123456789abcdef1"],
        );
        for file in ["one.json", "text", "dir"] {
            let expected =
                format!("--instance does not go with {file}: it lists no instances; leave the option out");
            run(file, "i-1").ended(64, &[&expected]);
        }
    }
    sandbox.run(&["import", "aemm.yaml", "--instance", "i-1"]).ended(69, &["aemm.yaml"]);
    sandbox
        .run(&["import", "aemm.json", "--instance", "i-1"])
        .ended(64, &["--instance does not go with aemm.json"]);
}

/// The whole request: who closes a connection with a part of it unread resets it.
fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !request.ends_with(b"Version=2016-11-15") {
        match stream.read(&mut part) {
            Ok(length) if length > 0 => request.extend_from_slice(&part[..length]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&request).into_owned()
}

#[test]
fn an_api_that_cannot_be_asked_gets_a_sentence() {
    let sandbox = Sandbox::new();
    let run = |words: &[&str], keys: bool| {
        let mut command =
            sandbox.prepared(support::program(), &[&["import", "ec2", "i-1"][..], words].concat());
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        if keys {
            command.env("AWS_ACCESS_KEY_ID", "any").env("AWS_SECRET_ACCESS_KEY", "any");
        }
        support::finish(&mut command)
    };
    run(&[], true).ended(64, &["--endpoint <URL>"]);
    run(&["--endpoint", "https://ec2.eu-west-1.amazonaws.com"], true)
        .ended(64, &["it is https, and only emulators are asked", "aws ec2 describe-instances"]);
    run(&["--endpoint", "http://192.0.2.1:5000"], true).ended(
        64,
        &["http://192.0.2.1:5000 is at 192.0.2.1: without TLS only loopback and private addresses"],
    );
    run(&["--endpoint", "http://169.254.169.254"], true)
        .ended(64, &["is at 169.254.169.254: without TLS only loopback"]);
    let unset = "AWS_ACCESS_KEY_ID is not set; set it, to anything for an emulator that checks no keys, or use --no-sign-request";
    run(&["--endpoint", "127.0.0.1:9"], false).ended(78, &[unset]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    drop(listener);
    run(&["--endpoint", &url, "--no-sign-request"], false)
        .ended(69, &[&format!("asking {url} for i-1 in us-east-1"), "cannot be reached: connection refused"]);
    let page = hostile(|mut stream| {
        let _ = read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy");
    });
    run(&["--endpoint", &page], true).ended(69, &["answers 503: it says no error of EC2's"]);
    let scenario = sandbox.path("s.toml");
    let answer = "<DescribeInstancesResponse><reservationSet><item><ownerId>111122223333</ownerId><instancesSet><item>\
                  <instanceId>i-0123456789abcdef0</instanceId></item></instancesSet></item></reservationSet></DescribeInstancesResponse>";
    let api = hostile(move |mut stream| {
        let request = read_request(&mut stream);
        let signed = request.starts_with("POST / HTTP/1.1\r\n")
            && request.contains("authorization: AWS4-HMAC-SHA256 ");
        let status = if signed { "200 OK" } else { "400 Bad" };
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len());
        let _ = stream.write_all((head + answer).as_bytes());
    });
    let id = ["import", "ec2", "i-0123456789abcdef0", "--endpoint", &api, "-o", "s.toml"];
    let mut command = sandbox.prepared(support::program(), &id);
    let found =
        support::finish(command.env("AWS_ACCESS_KEY_ID", "any").env("AWS_SECRET_ACCESS_KEY", "hunter2"));
    assert_eq!(found.code, Some(0), "{found:#?}");
    let text = fs::read_to_string(scenario).expect("it was written");
    assert!(text.contains("account-id = \"111122223333\"") && !text.contains("hunter2"), "{text}");
}

/// An API that has no zone, or one that is none of EC2's, is of the region that was asked.
#[test]
fn an_answer_without_a_zone_is_of_the_region_that_was_asked_for() {
    let sandbox = Sandbox::new();
    for (zone, expected, is_asked) in [
        ("", "eu-west-3a", true),
        ("<placement><availabilityZone>nova</availabilityZone></placement>", "eu-west-3a", true),
        ("<placement><availabilityZone>sa-east-1b</availabilityZone></placement>", "sa-east-1b", false),
    ] {
        let answer = format!(
            "<DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>i-0123456789abcdef0</instanceId>\
             {zone}</item></instancesSet></item></reservationSet></DescribeInstancesResponse>"
        );
        let api = hostile(move |mut stream| {
            let _ = read_request(&mut stream);
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len());
            let _ = stream.write_all((head + &answer).as_bytes());
        });
        let words = [
            "import",
            "ec2",
            "i-0123456789abcdef0",
            "--endpoint",
            &api,
            "--region",
            "eu-west-3",
            "--no-sign-request",
        ];
        let found = sandbox.run(&words);
        let said = format!("the zone, which the answer does not have: {expected} is in its place");
        assert!(
            found.code == Some(0)
                && found.stdout.contains(&format!("\navailability-zone = \"{expected}\"\n"))
                && found.stderr.contains(&said) == is_asked,
            "{zone:?}: expected {expected}, found {found:#?}"
        );
    }
}

/// Keys and notices whose time is over are what was kept: they are served so, and `check` finds nothing wrong.
#[test]
fn times_that_are_over_are_no_mistake_of_an_import() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "old.json",
        r#"{"instance-id": "i-0123456789abcdef0",
            "spot": {"instance-action": {"action": "stop", "time": "2022-08-08T04:26:10Z"}, "termination-time": "2022-08-08T04:26:10Z"},
            "events": {"recommendations": {"rebalance": {"noticeTime": "2022-08-08T04:24:10Z"}},
                       "maintenance": {"scheduled": [{"NotBefore": "2 Jan 2019 09:00:43 GMT", "Code": "system-reboot", "EventId": "instance-event-0d59937288b749b32",
                                                      "Description": "scheduled reboot", "NotAfter": "2 Jan 2019 09:17:23 GMT", "State": "active"}]}},
            "iam": {"security-credentials": {"web": {"Code": "Success", "LastUpdated": "2022-08-08T04:26:10Z", "AccessKeyId": "ASIAEXAMPLE",
                "SecretAccessKey": "secret", "Token": "token", "Expiration": "2022-08-08T11:00:36Z"}}}}"#,
    );
    sandbox.write(
        "aemm.json",
        r#"{"mock-trigger-time": "2020-01-01T00:00:00Z", "rebalance-trigger-time": "2020-01-01T00:00:00Z", "asg-termination-trigger-time": "2020-01-01T00:00:00Z",
            "spot": {"action": "stop", "time": "2020-01-01T00:02:00Z", "rebalance-rec-time": "2020-01-01T00:00:00Z"},
            "events": {"not-before": "2020-01-02T00:00:00Z", "not-after": "2020-01-03T00:00:00Z", "not-before-deadline": "2020-01-04T00:00:00Z"}}"#,
    );
    for words in [
        &["import", "old.json"][..],
        &["import", "old.json", "--with-credentials"],
        &["import", "aemm.json"],
        &["import", "aemm.json", "--mode", "all"],
        &["import", "aemm.json", "--exact"],
    ] {
        let found = sandbox.run(&[words, &["-o", "s.toml", "--force"]].concat());
        assert_eq!(found.code, Some(0), "{words:?}: {found:#?}");
        let checked = sandbox.run(&["check", "--strict", "s.toml"]);
        let text = fs::read_to_string(sandbox.path("s.toml")).expect("it was written");
        assert_eq!(
            (checked.code, checked.stdout.as_str(), checked.stderr.as_str()),
            (Some(0), "s.toml: ok\n", ""),
            "{words:?}: expected nothing to be wrong with\n{text}"
        );
    }
    sandbox.run(&["import", "old.json", "--with-credentials", "-o", "s.toml", "--force"]);
    let file = sandbox.path("s.toml");
    let server = sandbox.serve(&["--scenario", file.to_str().expect("UTF-8")]);
    let token = server.token();
    let get = |path: &str| {
        let request = format!(
            "GET /latest/meta-data/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX-aws-ec2-metadata-token: {token}\r\n\r\n"
        );
        support::http::exchange(server.address, request).body
    };
    let keys = get("iam/security-credentials/web");
    for member in ["\"Expiration\" : \"2022-08-08T11:00:36Z\"", "\"AccessKeyId\" : \"ASIAEXAMPLE\""] {
        assert!(keys.contains(member), "expected {member} as it was kept, found {keys}");
    }
    let updated = keys.split("\"LastUpdated\" : \"").nth(1).and_then(|rest| rest.split('"').next());
    assert!(updated <= Some("2022-08-08T11:00:36Z"), "no keys are made after their end: {keys}");
    assert!(get("spot/instance-action").contains("2022-08-08T04:26:10Z"));
}
