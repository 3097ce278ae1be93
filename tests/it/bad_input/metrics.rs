//! The place that tells the histograms is not there, or tells something else.

use super::{
    case::{Case, check, one},
    server::{JSON, METRICS, Mode, place},
};
use rigcheck::model::{outcome::Status, units::Ms};

/// A page on which nothing ever happens.
const STILL: &str = "# TYPE rigcheck_mock_ttft_seconds histogram\n\
    rigcheck_mock_ttft_seconds_bucket{route=\"/v1/chat/completions\",le=\"0.1\"} 1\n\
    rigcheck_mock_ttft_seconds_bucket{route=\"/v1/chat/completions\",le=\"+Inf\"} 3\n\
    rigcheck_mock_ttft_seconds_sum{route=\"/v1/chat/completions\"} 0.9\n\
    rigcheck_mock_ttft_seconds_count{route=\"/v1/chat/completions\"} 3\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_rule_passes_on_a_metrics_page_that_misbehaves() {
    let case = |name, says| Case { name, source: "scrape", but: &[], says };
    let cases = [
        (case("nobody listens", &["{url}/metrics", "Connection refused", "start it, or correct or remove sources.scrape"] as &[_]), None),
        (case("never answers", &["{url}/metrics", "no whole answer before the deadline", "overloaded"]), Some(Mode::Silent)),
        (case("a web page", &["{url}/metrics", "an HTML page instead of metrics", "is there a login page"]), Some(Mode::Html)),
        (case("401", &["{url}/metrics", "401", "add `bearer`, `basic` or `headers`"]), Some(Mode::Status(401))),
        (case("404", &["{url}/metrics", "404", "correct the URL"]), Some(Mode::Status(404))),
        (case("500", &["{url}/metrics", "500", "its own log"]), Some(Mode::Status(500))),
        (case("503", &["{url}/metrics", "503", "try again"]), Some(Mode::Status(503))),
        (case("cut", &["{url}/metrics", "broke off", "look at"]), Some(Mode::Cut(METRICS, STILL))),
        (case("without end", &["{url}/metrics"]), Some(Mode::Flood(METRICS, STILL))),
        (case("drips", &["{url}/metrics", "no whole answer before the deadline"]), Some(Mode::Drip(METRICS, "# x\n"))),
        (case("empty", &["no series of `", "was there after the load", "correct the metric's name or its `match`"]), Some(Mode::Says(METRICS, ""))),
        (case("JSON", &["{url}/metrics", "no metrics page in text form"]), Some(Mode::Says(JSON, "{\"status\": \"ok\"}"))),
        (case("stands still", &["scrape:ttft has 0 observations", "42 too few"]), Some(Mode::Says(METRICS, STILL))),
    ];
    check(Ms(2_500.0), &cases, async |mode, healthy| {
        let url = place(*mode).await;
        (healthy.with(&format!("scrape: {{url: {}/metrics", healthy.rig.url()), &format!("scrape: {{url: {url}/metrics")), url)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_rule_passes_on_a_prometheus_that_misbehaves() {
    let case = |name, says| Case { name, source: "prometheus", but: &[], says };
    let parse_error = "{\"status\": \"error\", \"errorType\": \"bad_data\", \"error\": \"parse error\"}";
    let no_series = "{\"status\": \"success\", \"data\": {\"resultType\": \"matrix\", \"result\": []}}";
    let cases = [
        (case("nobody listens", &["{url}/api/v1/", "Connection refused", "start it, or correct or remove sources.prometheus"] as &[_]), None),
        (case("never answers", &["{url}/api/v1/", "before the deadline", "overloaded"]), Some(Mode::Silent)),
        (case("a web page", &["{url}/api/v1/", "an HTML page instead of JSON", "is there a login page"]), Some(Mode::Html)),
        (case("401", &["{url}/api/v1/", "401", "add `bearer`, `basic` or `headers`"]), Some(Mode::Status(401))),
        (case("404", &["{url}/api/v1/", "404", "correct the URL"]), Some(Mode::Status(404))),
        (case("503", &["{url}/api/v1/", "503", "try again"]), Some(Mode::Status(503))),
        (case("cut", &["{url}/api/v1/", "broke off", "look at"]), Some(Mode::Cut(JSON, "{\"status\": \"success\", \"data\": {"))),
        (case("without end", &["{url}/api/v1/"]), Some(Mode::Flood(JSON, " "))),
        (case("drips", &["{url}/api/v1/", "before the deadline", "overloaded"]), Some(Mode::Drip(JSON, " "))),
        (case("an error in a 200", &["{url}/api/v1/", "bad_data: parse error"]), Some(Mode::Says(JSON, parse_error))),
        (case("no series", &["{url}", "no series yet"]), Some(Mode::Says(JSON, no_series))),
        (case("other JSON", &["{url}/api/v1/", "not the JSON that was expected"]), Some(Mode::Says(JSON, "[1, 2, 3]"))),
    ];
    check(Ms(1_500.0), &cases, async |mode, healthy| {
        let url = place(*mode).await;
        (healthy.with(&format!("scrape: {{url: {}/metrics, interval: 1s}}", healthy.rig.url()), &format!("prometheus: {{url: {url}}}")), url)
    })
    .await;
}

/// Hands the real page on, bent.
async fn bent(real: String, bend: fn(&str) -> String) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let router = axum::Router::new().fallback(async move || {
        let page = client.get(format!("{real}/metrics")).send().await.unwrap().text().await.unwrap();
        ([("content-type", METRICS)], bend(&page))
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// The page with each line that begins so replaced.
fn lines(page: &str, begins: &str, by: impl Fn(&str) -> String) -> String {
    page.lines().map(|line| if line.starts_with(begins) { by(line) } else { line.to_owned() } + "\n").collect()
}

/// The name and labels of a sample without its value.
fn series(line: &str) -> &str {
    line.rsplit_once(' ').unwrap().0
}

const COUNT: &str = "rigcheck_mock_ttft_seconds_count";
const BUCKET: &str = "rigcheck_mock_ttft_seconds_bucket";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_lines_cost_the_claim_that_they_belong_to() {
    let inside: [(&str, fn(&str) -> String); 6] = [
        ("a count that is no number", |page| lines(page, COUNT, |line| format!("{} many", series(line)))),
        ("a count that is NaN", |page| lines(page, COUNT, |line| format!("{} NaN", series(line)))),
        ("a negative count", |page| lines(page, COUNT, |line| format!("{} -5", series(line)))),
        ("labels that do not end", |page| lines(page, COUNT, |line| line.replace('}', ""))),
        ("buckets without edges", |page| lines(page, BUCKET, |line| line.replace("le=", "el="))),
        ("each count twice", |page| lines(page, COUNT, |line| format!("{line}\n{} 1", series(line)))),
    ];
    let runs = inside.map(async |(what, bend)| {
        let (run, place) = one(Ms(2_500.0), async |healthy| {
            let url = bent(healthy.rig.url(), bend).await;
            (healthy.with(&format!("scrape: {{url: {}/metrics", healthy.rig.url()), &format!("scrape: {{url: {url}/metrics")), url)
        })
        .await;
        for o in run.report.outcomes().filter(|o| o.subject.as_str() == "scrape:ttft") {
            assert!(
                matches!(o.status, Status::Fail | Status::Inconclusive | Status::NoData),
                "{what}: {} {}\n{}",
                o.rule,
                o.status.word(),
                run.told()
            );
        }
        let others = run.outcomes("LAT-02", "scrape:total").next().unwrap();
        assert_eq!(others.status, Status::Pass, "{what}\n{}", run.told());
        let told = run.told();
        assert!(told.contains(place.trim_start_matches("http://")) && told.contains("line "), "{what}: says neither where nor which line\n{told}");
    });
    futures_util::future::join_all(runs).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_lines_of_others_are_told_and_cost_nothing() {
    let (run, _) = one(Ms(2_500.0), async |healthy| {
        let url = bent(healthy.rig.url(), |page| format!("# TYPE other gauge\nother{{a=\"b}} 1\nother many\n{page}")).await;
        (healthy.with(&format!("scrape: {{url: {}/metrics", healthy.rig.url()), &format!("scrape: {{url: {url}/metrics")), url)
    })
    .await;
    for subject in ["scrape:ttft", "scrape:total", "scrape:inter_chunk"] {
        assert_eq!(run.outcomes("LAT-02", subject).next().unwrap().status, Status::Pass, "{}", run.told());
    }
    let notes = run.report.cases.iter().flat_map(|c| &c.notes).cloned().collect::<Vec<_>>().join("\n");
    assert!(notes.contains("scrape") && notes.contains("2 "), "{notes}");
}
