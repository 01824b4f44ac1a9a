//! Filters, and the forms of lines and paths.

use jiff::tz::TimeZone;

use super::*;
use crate::model::{Accepted, ClientMatcher};
use crate::terminal::Terminal;

#[test]
fn every_part_of_a_filter_counts() {
    let of = |part: &str, value: &str| -> Result<RequestFilter, Accepted> {
        let mut filter = RequestFilter::default();
        match part {
            "client" => filter.client = Some(value.parse()?),
            "path" => filter.path = Some(value.parse()?),
            "status" => filter.status = Some(value.parse()?),
            "method" => filter.method = Some(value.parse()?),
            _ => filter.protocol = Some(value.parse()?),
        }
        assert_eq!(filter.parameters().map(|(name, _)| name).collect::<Vec<_>>(), [part]);
        Ok(filter)
    };
    let logged = record("//latest/meta-data/network/interfaces/macs/0e%3A49/mac/");
    let cases = [
        ("client", "172.17.0.2", true),
        ("client", "172.17.0.3, 172.16.0.0/12", true),
        ("client", "172.17.0.3,fd00::/8", false),
        ("client", "host", false),
        ("path", "meta-data/**/0e:49/mac", true),
        ("path", "meta-data/mac", false),
        ("status", "200", true),
        ("status", "404,2xx", true),
        ("status", "4XX,none", false),
        ("method", "get,head", true),
        ("method", "PUT", false),
        ("v", "v2", true),
        ("v", "v1,token", false),
    ];
    for (part, value, expected) in cases {
        assert_eq!(of(part, value).unwrap().matches(&logged), expected, "{part}={value}");
    }
    assert!(of("status", "none").unwrap().matches(&RequestRecord { status: None, ..record("/") }));
    assert!(of("client", "host").unwrap().matches(&RequestRecord { ingress: Ingress::Host, ..record("/") }));
    for (part, value) in [
        ("client", "web"),
        ("client", ""),
        ("path", ""),
        ("status", "6xx"),
        ("status", "4x"),
        ("status", "20"),
        ("method", "A B"),
        ("v", "v3"),
    ] {
        assert!(of(part, value).is_err(), "{part}={value:?} is refused");
    }
}

#[test]
fn a_filter_is_written_as_it_is_read() {
    for text in ["172.17.0.2,10.0.0.0/8,host,fd00::1", "fd00::/8"] {
        assert_eq!(text.parse::<CommaSeparated<ClientMatcher>>().unwrap().to_string(), text);
    }
    assert_eq!("404, 5XX,none".parse::<CommaSeparated<OutcomeFilter>>().unwrap().to_string(), "404,5xx,none");
    assert_eq!("get,PUT".parse::<CommaSeparated<MethodFilter>>().unwrap().to_string(), "GET,PUT");
    assert_eq!("v1,2,token".parse::<CommaSeparated<Protocol>>().unwrap().to_string(), "v1,v2,token");
    for text in ["start", "now", "17"] {
        assert_eq!(text.parse::<SinceFilter>().unwrap().to_string(), text);
    }
}

#[test]
fn a_request_without_a_token_stands_out() {
    let terminal = Terminal { color: true, columns: Some(80), ..Terminal::PLAIN };
    let shown = |protocol, status| {
        let record = RequestRecord { protocol, status, ..record("/x") };
        terminal.render(&RequestLines::new(terminal, TimeZone::UTC).line(&record))
    };
    for (protocol, warned) in [(Protocol::V1, true), (Protocol::V2, false), (Protocol::Token, false)] {
        let found = shown(protocol, Some(200));
        let name = protocol.to_string();
        assert_eq!(found.contains(&format!("\x1b[33m{name}")), warned, "{found:?}");
    }
    for (status, colour) in
        [(Some(200), 32), (Some(301), 32), (Some(399), 32), (Some(400), 31), (Some(404), 33), (Some(503), 31)]
    {
        let found = shown(Protocol::V2, status);
        let number = status.map(|status| status.to_string()).unwrap_or_default();
        assert!(found.contains(&format!("\x1b[{colour}m{number}")), "{found:?}");
    }
}

#[test]
fn a_backslash_is_one_unless_it_stands_for_a_tab_or_a_new_line() {
    for (format, expected) in [
        ("\\t{path}\\n", "\t/x\n"),
        ("\\x{path}", "\\x/x"),
        ("\\\\{path}", "\\\\/x"),
        ("{path}\\", "/x\\"),
        ("}{path}", "}/x"),
        ("{{}}", "{}"),
    ] {
        let line = format.parse::<RequestFormat>().expect("a format").line(&record("/x"), &TimeZone::UTC);
        assert_eq!(line, expected, "{format}");
    }
}

#[test]
fn paths_that_lead_nowhere_are_found_as_they_were_asked_for() {
    let fits = |glob: &str, path: &str| {
        let filter =
            RequestFilter { path: Some(glob.parse().expect("a pattern")), ..RequestFilter::default() };
        filter.matches(&record(path))
    };
    for (glob, path, expected) in [
        ("/latest/meta-data/mac", "/latest/./meta-data//mac/", true),
        ("/latest/x", "/latest/%78", true),
        ("/%2e%2e/**", "/../x", true),
        ("/%2e%2e/x", "/..//x/", true),
        ("/latest/**", "/../x", false),
    ] {
        assert_eq!(fits(glob, path), expected, "{glob} {path}");
    }
}

#[test]
fn a_path_has_the_forms_of_a_text() {
    let path = path("/a");
    assert_eq!((format!("{path:?}"), format!("{path:<4}|")), ("\"/a\"".to_owned(), "/a  |".to_owned()));
}
