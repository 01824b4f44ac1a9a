//! Responses of a service to `record`, whatever it asks.

use mock_imds::record::{Crawl, CrawlResponse, CrawlStep, ExchangeOutcome};
use mock_imds::transcribe::SecretsPolicy;

use super::files::written;
use super::service::LOADED;

/// Requests that are answered at most.
const REQUESTS: usize = 300;

/// Responses between lines of `==`, each `STATUS\nBODY`. When they are over, they begin anew.
pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut responses = text.split("==\n").map(response).cycle();
    let rate = "1000".parse().unwrap_or_else(|_| unreachable!("it is in the range"));
    let mut crawl = Crawl::new(rate, SecretsPolicy { credentials: true, user_data: true });
    let (mut now, mut asked) = (LOADED, 0);
    loop {
        match crawl.step(now) {
            CrawlStep::Wait(span) => now = now.plus(span),
            CrawlStep::Done => return written(crawl.finish()),
            CrawlStep::Request(request) => {
                assert!(request.path.starts_with('/') && request.path.is_ascii(), "asks {:?}", request.path);
                asked += 1;
                let outcome = responses.next().expect("a text has a part at least");
                if asked > REQUESTS || crawl.handle_outcome(outcome, now).is_err() {
                    return;
                }
            }
        }
    }
}

fn response(text: &str) -> ExchangeOutcome {
    let (status, body) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(status) = status.trim().parse() else { return ExchangeOutcome::Failed(status.to_owned()) };
    let content_type = body.starts_with('{').then(|| "application/json".to_owned());
    ExchangeOutcome::Response(CrawlResponse {
        status,
        legacy: false,
        closes: true,
        retry_after: None,
        content_type,
        date: Some(LOADED),
        body: body.into(),
    })
}
