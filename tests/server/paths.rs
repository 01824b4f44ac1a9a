//! Any bytes as a path get a well-formed answer.

use std::sync::LazyLock;

use mock_imds::server::Limits;
use proptest::prelude::*;
use support::{Connection, InProcessServer};

static RIG: LazyLock<InProcessServer> = LazyLock::new(InProcessServer::usual);
static REDIRECTING: LazyLock<InProcessServer> = LazyLock::new(|| {
    InProcessServer::new("[http]\ndirectory-without-slash = \"redirect\"\n", Limits::default())
});

/// Whether a head has a status line, headers with a colon each, and as many bytes behind it as it says.
fn is_well_formed(raw: &str, body: &str) -> bool {
    let Some((head, _)) = raw.split_once("\r\n\r\n") else { return false };
    let mut lines = head.split("\r\n");
    let status = lines.next().is_some_and(|line| line.starts_with("HTTP/1.1 "));
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    status && length.is_none_or(|(_, length)| *length == body.len().to_string())
}

fn judge(server: &InProcessServer, path: &[u8]) -> Result<(), TestCaseError> {
    let request = [b"GET /", path, b" HTTP/1.1\r\nHost: x\r\n\r\n"].concat();
    let found = Connection::new(server.address).try_send(request).read();
    let shown = String::from_utf8_lossy(path).into_owned();
    prop_assert!(matches!(found.status, 200 | 301 | 400 | 404), "GET /{shown:?}: {found:?}");
    prop_assert!(is_well_formed(&found.raw, &found.body), "GET /{shown:?}: {found:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn any_bytes_get_an_answer(path in proptest::collection::vec(any::<u8>(), 0..80)) {
        judge(&RIG, &path)?;
    }

    #[test]
    fn any_segments_get_an_answer(
        segments in proptest::collection::vec("(latest|meta-data|2009-04-04|\\.|\\.\\.|%[0-9a-f]{2}|[a-z%/?#]{0,6}|)", 0..6)
    ) {
        judge(&REDIRECTING, segments.join("/").as_bytes())?;
    }
}
