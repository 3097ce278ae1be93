//! The API under test is not there, not an API, or does not do what it should.

use super::{
    case::{Case, check},
    server::{EVENTS, JSON, Mode, place},
};
use rigcheck::model::units::Ms;

const CHUNK: &str = "data: {\"choices\": [{\"delta\": {\"content\": \"a\"}}]}\n\n";
const ERROR: &str = "{\"error\": {\"message\": \"alice@example.com may not\"}}";
const ERROR_EVENT: &str = "data: {\"error\": {\"message\": \"alice@example.com may not\"}}\n\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_rule_passes_on_a_target_that_misbehaves() {
    let case = |name, says| Case { name, source: "load", but: &[], says };
    let cases = [
        (case("nobody listens", &["{url}", "Connection refused", "start the target, or correct `target.url`"] as &[_]), None),
        (case("never answers", &["{url}/v1/chat/completions", "the time was over", "is it up"]), Some(Mode::Silent)),
        (case("a web page", &["{url}/v1/chat/completions", "an HTML page", "not a login page"]), Some(Mode::Html)),
        (case("401", &["{url}/v1/chat/completions", "status 401", "add `bearer`, `basic` or `headers` to `target`"]), Some(Mode::Status(401))),
        (case("404", &["{url}/v1/chat/completions", "status 404", "`target.chat.path`"]), Some(Mode::Status(404))),
        (case("429", &["{url}/v1/chat/completions", "ended after", "of 42", "429", "lower `target.chat.rate`"]), Some(Mode::Status(429))),
        (case("500", &["{url}/v1/chat/completions", "5 requests in a row", "status 500", "its own log"]), Some(Mode::Status(500))),
        (case("redirects", &["{url}/v1/chat/completions", "status 307", "correct `target.url`"]), Some(Mode::Status(307))),
        (case("streams nothing", &["{url}/v1/chat/completions", "an empty stream"]), Some(Mode::Says(EVENTS, ""))),
        (case("one chunk, and nobody else sees a request", &["scrape:ttft has 0 observations", "42 too few"]), Some(Mode::Says(EVENTS, CHUNK))),
        (case("cuts the stream", &["{url}/v1/chat/completions", "5 requests in a row failed"]), Some(Mode::Cut(EVENTS, CHUNK))),
        (case("streams without end", &["{url}/v1/chat/completions", "body over 1 MiB"]), Some(Mode::Flood(EVENTS, CHUNK))),
        (case("drips without end", &["{url}/v1/chat/completions", "the time was over"]), Some(Mode::Drip(EVENTS, CHUNK))),
        (case("says 200 and means an error", &["{url}/v1/chat/completions", "error object"]), Some(Mode::Says(JSON, ERROR))),
        (case("an error object in the stream", &["{url}/v1/chat/completions", "error object"]), Some(Mode::Says(EVENTS, ERROR_EVENT))),
    ];
    check(Ms(3_000.0), &cases, async |mode, healthy| {
        let url = place(*mode).await;
        (healthy.with(&format!("target: {{url: {}", healthy.rig.url()), &format!("target: {{url: {url}")), url)
    })
    .await;
}
