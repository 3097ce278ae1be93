//! What is said to be the reference endpoint is none.

use super::{
    case::{Case, check},
    server::{JSON, LINES, Mode, place},
};
use rigcheck::model::units::Ms;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_rule_passes_on_a_truth_that_is_none() {
    let case = |name, says| Case { name, source: "truth", but: &[], says };
    let cases = [
        (case("nobody listens", &["{url}/rigcheck/emissions", "Connection refused", "start `rigcheck mock`"] as &[_]), None),
        (case("never answers", &["{url}/rigcheck/emissions", "before the deadline", "overloaded"]), Some(Mode::Silent)),
        (case("a web page", &["{url}/rigcheck/emissions", "web page", "must be the base URL of a `rigcheck mock`"]), Some(Mode::Html)),
        (case("404", &["{url}/rigcheck/emissions", "404", "must be the base URL of a `rigcheck mock`"]), Some(Mode::Status(404))),
        (case("401", &["{url}/rigcheck/emissions", "401", "add `bearer`, `basic` or `headers`"]), Some(Mode::Status(401))),
        (case("it forgot", &["{url}/rigcheck/emissions", "forgotten", "let the mock keep more records"]), Some(Mode::Status(410))),
        (case("cut", &["{url}/rigcheck/emissions", "broke off"]), Some(Mode::Cut(LINES, "{\"id\": \"a\", "))),
        (case("without end", &["{url}/rigcheck/emissions"]), Some(Mode::Flood(LINES, "\n"))),
        (case("no records", &["the emission log", "0 of the"]), Some(Mode::Says(LINES, ""))),
        (case("other JSON", &["{url}/rigcheck/emissions", "is no emission record"]), Some(Mode::Says(JSON, "{\"status\": \"ok\"}"))),
    ];
    check(Ms(1_500.0), &cases, async |mode, healthy| {
        let url = place(*mode).await;
        (healthy.with(&format!("truth: {{url: {}}}", healthy.rig.url()), &format!("truth: {{url: {url}}}")), url)
    })
    .await;
}
