//! A spot instance's program, as its author would test it.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs};

use mock_imds_kit::{Error, Filter, Imds};
use serde_json::json;

const NOTICE: &str = "meta-data/spot/instance-action";

type Outcome = Result<(), Error>;

/// What the author's program asks with: HTTP, as documented for IMDSv2. The status, and the body.
fn metadata(service: &str, path: &str) -> (u16, String) {
    let (_, token) = ask(service, "PUT", "api/token", "X-aws-ec2-metadata-token-ttl-seconds: 60");
    ask(service, "GET", path, &format!("X-aws-ec2-metadata-token: {token}"))
}

fn ask(service: &str, method: &str, path: &str, header: &str) -> (u16, String) {
    let address = service.strip_prefix("http://").expect("a URL");
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(
        stream,
        "{method} /latest/{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{header}\r\n\r\n"
    )
    .expect("it reads");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("it answers");
    let (head, body) = reply.split_once("\r\n\r\n").expect("HTTP");
    (head[9..12].parse().expect("a status"), body.to_owned())
}

#[test]
fn a_notice_is_seen() -> Outcome {
    let imds = Imds::start("")?;
    assert_eq!(metadata(imds.url(), NOTICE).0, 404);
    assert_eq!(imds.wait_for(NOTICE, &Filter::default())?.status, Some(404));
    imds.spot()?;
    assert!(metadata(imds.url(), NOTICE).1.contains("terminate"));
    assert_eq!(imds.wait_for(NOTICE, &Filter::default().status("200"))?.version, "v2");
    Ok(())
}

#[test]
fn a_later_notice_comes_with_the_clock() -> Outcome {
    let imds = Imds::start("spot-idle")?;
    imds.spot_in(Duration::from_secs(600))?;
    assert_eq!(imds.show(NOTICE)?, None);
    imds.advance(Duration::from_secs(600))?;
    assert!(imds.show(NOTICE)?.is_some_and(|notice| notice.contains("terminate")));
    Ok(())
}

#[test]
fn scenarios_are_files_toml_and_names() -> Outcome {
    let directory = env::temp_dir().join(format!("sample-{}", std::process::id()));
    fs::create_dir(&directory).expect("writable");
    let file = directory.join("mine.toml");
    fs::write(&file, "[instance]\nuser-data = { file = 'boot.sh' }\n").expect("writable");
    fs::write(directory.join("boot.sh"), "#!/bin/sh\n").expect("writable");
    let imds = Imds::start(file.to_str().expect("UTF-8"))?;
    assert_eq!(imds.show("user-data")?.as_deref(), Some("#!/bin/sh\n"));
    imds.use_scenario("[instance]\ninstance-type = \"t3.micro\"\n")?;
    assert_eq!(imds.show("meta-data/instance-type")?.as_deref(), Some("t3.micro"));
    imds.use_scenario("spot-idle")?;
    assert_eq!(imds.show("meta-data/instance-life-cycle")?.as_deref(), Some("spot"));
    imds.reload()?;
    assert_eq!(imds.show("user-data")?.as_deref(), Some("#!/bin/sh\n"));
    fs::remove_dir_all(directory).expect("ours");
    Ok(())
}

#[test]
fn a_fault_is_met_and_removed() -> Outcome {
    let imds = Imds::start("")?;
    let fault = imds.fault(&json!({ "path": "meta-data/instance-id", "status": 503, "for": "1m" }))?;
    assert_eq!(metadata(imds.url(), "meta-data/instance-id").0, 503);
    assert_eq!(fault.hits()?, 1);
    fault.remove()?;
    assert_eq!(metadata(imds.url(), "meta-data/instance-id"), (200, imds.instance_id().to_owned()));
    let came = imds.requests(&Filter::default().path("meta-data/instance-id"))?;
    assert_eq!(came.iter().map(|request| request.status).collect::<Vec<_>>(), [Some(503), Some(200)]);
    let gone = imds.fault(&json!({ "path": "meta-data/instance-id", "status": 503 }))?;
    imds.reload()?;
    assert!(gone.hits().is_err(), "one that is gone was not hit: nobody knows");
    Ok(())
}

#[test]
fn mistakes_say_what_is_accepted() -> Outcome {
    let imds = Imds::start("")?;
    let rejected =
        imds.event(&json!({ "spot-interruption": { "action": "explode" } })).expect_err("no such action");
    let accepted = "accepted: \"terminate\", \"stop\", \"hibernate\"";
    assert!(matches!(&rejected, Error::Rejected(report) if report.contains(accepted)), "{rejected}");
    let soon = Filter::default().status("200").timeout(Duration::from_millis(100));
    let missed = imds.wait_for("meta-data/ami-id", &soon).expect_err("nobody asks").to_string();
    assert_eq!(
        missed,
        "no request for meta-data/ami-id, status=200 within 100ms; 0 came, the last ones: none"
    );
    let refused = imds.seek("soon").expect_err("no duration").to_string();
    assert!(refused.contains("accepted: a duration"), "{refused}");
    let rejected =
        Imds::start("[instance]\ninstance-type = \"c7g large\"\n").expect_err("no type").to_string();
    assert!(rejected.contains("instance.instance-type is \"c7g large\""), "{rejected}");
    Ok(())
}

#[test]
fn a_server_that_hangs_keeps_no_wait() -> Outcome {
    let imds = Imds::start("")?;
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &imds.pid().to_string()]).status();
        assert!(sent.expect("kill is there").success());
    };
    let begun = Instant::now();
    signal("-STOP");
    let missed = imds.wait_for("meta-data/ami-id", &Filter::default().timeout(Duration::from_millis(100)));
    signal("-CONT");
    let why = missed.expect_err("it hangs").to_string();
    assert!(why.contains("nothing came within 5."), "{why}");
    assert!(begun.elapsed() < Duration::from_secs(30), "an order would wait 90 seconds");
    Ok(())
}

#[test]
fn a_program_is_led_to_it() -> Outcome {
    let imds = Imds::start("")?;
    let mut command = Command::new("sh");
    command.args(["-c", "echo $AWS_EC2_METADATA_SERVICE_ENDPOINT ${AWS_PROFILE-none} $AWS_CONFIG_FILE"]);
    let output = imds.lead(command.env("AWS_PROFILE", "work")).output().expect("sh is there");
    let expected = format!("{} none /dev/null\n", imds.url());
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    Ok(())
}

#[test]
fn twenty_at_once() {
    let run = |number: usize| {
        let imds = Imds::start("").expect("it starts");
        let id = format!("ami-{number:017x}");
        imds.set("meta-data/ami-id", &id).expect("it is accepted");
        assert_eq!(metadata(imds.url(), "meta-data/ami-id").1, id);
        imds
    };
    let threads: Vec<_> = (0..20).map(|number| thread::spawn(move || run(number))).collect();
    let servers: Vec<_> = threads.into_iter().map(|thread| thread.join().expect("no panic")).collect();
    // None has ended yet.
    let urls: BTreeSet<_> = servers.iter().map(Imds::url).collect();
    assert_eq!(urls.len(), 20, "{urls:?}");
}

/// A test run that is killed: prints the process id of its server first.
#[test]
#[ignore = "it ends the run: scripts/kits does that"]
fn killed() {
    let imds = Imds::start("").expect("it starts");
    println!("{}", imds.pid());
    let own = std::process::id().to_string();
    let _ = Command::new("kill").args(["-KILL", &own]).status();
}
