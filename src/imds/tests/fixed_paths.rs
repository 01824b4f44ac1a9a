//! Answers by whole paths, and headers of values.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::header::{CONTENT_TYPE, ETAG, HeaderName, SERVER};
use http::{HeaderMap, Method, Version};
use proptest::prelude::*;

use super::answers::NoCounters;
use super::{LOADED, fleet};
use crate::imds::{Fleet, Ingress, Reply, RequestHead, RequestHeaders, TokenAuthority, Visit, answer};
use crate::model::fault::HeaderChange;
use crate::model::{Content, Http, HttpTokens, Instance, MetadataOptions, Override, Scenario};

fn get(fleet: &Fleet, path: &str) -> Reply {
    let headers: RequestHeaders = HeaderMap::new().into();
    let head = RequestHead {
        method: &Method::GET,
        path,
        query: None,
        headers: &headers,
        version: Version::HTTP_10,
        authority: None,
    };
    let visit =
        Visit { peer: [10, 0, 0, 7].into(), ingress: Ingress::Host, nonce: [7; 12], counters: &NoCounters };
    answer(fleet, &TokenAuthority::new([7; 32]), &visit, head, LOADED).0
}

fn header(reply: &Reply, wanted: &HeaderName) -> Vec<String> {
    let values = reply.headers.iter().filter(|(name, _)| name == wanted);
    values.map(|(_, value)| value.to_str().expect("text").to_owned()).collect()
}

fn with_paths(paths: impl IntoIterator<Item = (String, Option<Content>)>) -> Scenario {
    let http = Http { paths: paths.into_iter().collect(), ..Http::default() };
    Scenario { http, ..Scenario::default() }
}

fn text(text: &str) -> Content {
    text.as_bytes().to_vec().into()
}

fn changes() -> Vec<HeaderChange> {
    let set = HeaderChange { name: ETAG, value: Some("\"1\"".parse().expect("a value")) };
    vec![set, HeaderChange { name: SERVER, value: None }]
}

#[test]
fn a_whole_path_answers_in_its_version_alone() {
    let id = "/2009-04-04/meta-data/instance-id";
    let scenario = with_paths([
        ("/".to_owned(), Some(text("OK"))),
        (id.to_owned(), Some(text("i-0old"))),
        ("/2019-08-01/some-data/field1".to_owned(), Some(text("val1"))),
        ("/latest/meta-data/mac".to_owned(), None),
    ]);
    let fleet = fleet(scenario);
    for (path, status, body) in [
        ("/", 200, "OK"),
        (id, 200, "i-0old"),
        ("//2009-04-04/meta-data//instance-id/", 200, "i-0old"),
        ("/latest/meta-data/instance-id", 200, "i-1234567890abcdef0"),
        ("/2019-08-01/some-data/field1", 200, "val1"),
        ("/2019-08-01/some-data", 404, ""),
        ("/latest/meta-data/mac", 404, ""),
        ("/2021-07-15/meta-data/mac", 200, "0e:49:61:0f:c3:11"),
    ] {
        let reply = get(&fleet, path);
        assert_eq!(reply.status.as_u16(), status, "{path}");
        assert!(status != 200 || *reply.body == *body.as_bytes(), "{path}: {:?}", reply.body);
    }
}

#[test]
fn a_whole_path_needs_a_token_as_all_others() {
    let metadata_options =
        MetadataOptions { http_tokens: HttpTokens::Required, ..MetadataOptions::default() };
    let instance = Instance { metadata_options, ..Instance::default() };
    let fleet = fleet(Scenario { instance, ..with_paths([("/health".to_owned(), Some(text("OK")))]) });
    assert_eq!(get(&fleet, "/health").status, 401);
}

#[test]
fn a_value_has_the_headers_that_it_says() {
    let mut content: Content = b"{}".to_vec().into();
    content.headers = changes();
    content.content_type = Some("application/json".parse().expect("a type"));
    let overrides = [("meta-data/own".to_owned(), Override::Value(content.clone()))];
    let overrides: Arc<BTreeMap<String, Override>> = Arc::new(overrides.into());
    let instance = Instance { overrides, ..Instance::default() };
    let fleet = fleet(Scenario { instance, ..with_paths([("/health".to_owned(), Some(content))]) });
    for path in ["/latest/meta-data/own", "/1.0/meta-data/own", "/health"] {
        let reply = get(&fleet, path);
        assert_eq!(header(&reply, &ETAG), ["\"1\""], "{path}");
        assert_eq!(header(&reply, &SERVER), [""; 0], "{path}");
        assert_eq!(header(&reply, &CONTENT_TYPE), ["application/json"], "{path}");
    }
    let other = get(&fleet, "/latest/meta-data/mac");
    assert_eq!((header(&other, &ETAG), header(&other, &SERVER)), (vec![], vec!["EC2ws".to_owned()]));
}

/// Paths of the tree, and others.
fn path() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        Just("latest"),
        Just("2009-04-04"),
        Just("meta-data"),
        Just("mac"),
        Just("instance-id"),
        Just("iam"),
        Just("x"),
    ];
    prop::collection::vec(segment, 0..4).prop_map(|segments| format!("/{}", segments.join("/")))
}

proptest! {
    /// What is set is the answer, and what is not is answered as without.
    #[test]
    fn a_whole_path_changes_its_own_answer_alone(
        paths in prop::collection::btree_map(path(), prop::option::of("[a-z]{0,8}"), 0..5),
        asked in path(),
    ) {
        let content = |value: &Option<String>| value.as_deref().map(text);
        let set = paths.iter().map(|(path, value)| (path.clone(), content(value)));
        let (with, without) = (fleet(with_paths(set)), fleet(Scenario::default()));
        for asked in paths.keys().chain([&asked]) {
            let found = get(&with, asked);
            match paths.get(asked) {
                Some(Some(value)) => prop_assert_eq!((found.status.as_u16(), &*found.body), (200, value.as_bytes())),
                Some(None) => prop_assert_eq!(found.status.as_u16(), 404),
                None => {
                    let usual = get(&without, asked);
                    prop_assert_eq!((found.status, found.headers, found.body), (usual.status, usual.headers, usual.body));
                }
            }
        }
    }
}
