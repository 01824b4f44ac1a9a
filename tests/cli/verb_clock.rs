//! `clock`: the scenario's time is moved and paused, and what comes later comes with it.

use crate::orders::{REBALANCE, SPOT, done, done_json, says, served, status};

#[test]
fn what_comes_later_comes_with_the_clock() {
    let (sandbox, server) = served("");
    says(&done(&sandbox, &["spot", "--in", "10m"]), &["answer from 20", "(in 10m)"]);
    assert_eq!(status(&server, SPOT), 404);
    says(&done(&sandbox, &["clock", "seek", "+9m"]), &["the clock is at 9m"]);
    assert_eq!(status(&server, SPOT), 404);
    says(&done(&sandbox, &["clock", "seek", "+2m"]), &["happened: spot interruption: terminate at "]);
    let notice = server.get(SPOT);
    assert_eq!(notice.status, 200);
    done(&sandbox, &["clock", "seek", "1h"]);
    assert_eq!(server.get(SPOT).body, notice.body, "a notice keeps its time");
    says(&done(&sandbox, &["clock", "seek", "-55m"]), &["has not happened: spot interruption"]);
    assert_eq!(status(&server, SPOT), 404);
    let answer = done_json(&sandbox, &["rebalance", "--at", "2031-02-03T04:05:06Z"]);
    assert_eq!(
        (answer["at"].as_str(), answer["in_effect"].as_bool()),
        (Some("2031-02-03T04:05:06Z"), Some(false))
    );
    assert_eq!(status(&server, REBALANCE), 404);
}

#[test]
fn a_clock_that_stands_still_is_moved_and_goes_on() {
    let (sandbox, server) = served("[[event]]\nat = \"10m\"\nrebalance-recommendation = {}\n");
    says(&done(&sandbox, &["clock", "pause"]), &["the clock is paused at "]);
    says(&done(&sandbox, &["clock", "pause"]), &["was already paused"]);
    let answer = done_json(&sandbox, &["clock", "seek", "9m59s"]);
    assert_eq!(
        (answer["clock"]["elapsed"].as_str(), answer["happened"].as_array().map(Vec::len)),
        (Some("9m59s"), Some(0))
    );
    assert_eq!(status(&server, REBALANCE), 404);
    // What somebody orders now happens now.
    done(&sandbox, &["spot"]);
    assert_eq!(status(&server, SPOT), 200);
    says(&done(&sandbox, &["clock", "seek", "+1s"]), &["the clock is paused at 10m; happened: rebalance"]);
    assert_eq!(status(&server, REBALANCE), 200);
    says(&done(&sandbox, &["clock", "resume"]), &["the clock resumes at 10m"]);
    sandbox.control(&["clock", "seek", "soon"]).ended(64, &["expected a duration"]);
}

#[test]
fn status_tells_the_clock_and_changes_apart_from_the_file() {
    let (sandbox, _server) = served(
        "[[event]]\nat = \"10m\"\nrepeat = \"1h\"\nrebalance-recommendation = {}\n[instances.web]\nclients = [\"10.0.0.0/8\"]\nderive = true\n",
    );
    done(&sandbox, &["spot", "--in", "5m", "--instance", "web"]);
    done(&sandbox, &["clock", "pause"]);
    done(&sandbox, &["clock", "seek", "11m"]);
    let text = done(&sandbox, &["status"]);
    says(
        &text,
        &[
            "timeline    PAUSED ",
            ", 11 min since the load\n",
            "(10m, every 1h): rebalance recommendation: noticed ",
            // Or a second more, seen on a busy machine.
            "59 min",
            " after the pause (10m, every 1h): ",
            "(5 min): spot interruption: terminate at ",
            " (to web)\n",
            "in force    rebalance recommendation: noticed ",
            "            spot interruption: terminate ",
            " (of web)\n",
            "instances   web, i-1234567890abcdef0, for 10.0.0.0/8, each its own",
        ],
    );
    let json = done_json(&sandbox, &["status"]);
    assert_eq!(json["clock"]["elapsed"], "11m");
    assert_eq!(json["events"].as_array().map(Vec::len), Some(1));
    assert_eq!(json["changes"][0]["event"]["instance"], "web");
    assert!(json["events"][0].get("event").is_none(), "{json}");
}
