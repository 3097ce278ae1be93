//! The place that tells the traces is not there, or tells something else.

use super::{
    case::{Case, check},
    server::{JSON, Mode, place},
};
use rigcheck::model::units::Ms;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_rule_passes_on_a_jaeger_that_misbehaves() {
    let case = |name, says| Case { name, source: "jaeger", but: &[], says };
    let error = "{\"error\": {\"httpCode\": 500, \"message\": \"alice@example.com\"}}";
    let cases = [
        (case("nobody listens", &["{url}/api/", "Connection refused", "start it, or correct or remove sources.jaeger"] as &[_]), None),
        (case("never answers", &["{url}/api/", "before the deadline", "overloaded"]), Some(Mode::Silent)),
        (case("a web page", &["{url}", "no Jaeger query service answers here", "write the address"]), Some(Mode::Html)),
        (case("401", &["{url}/api/", "401", "add `bearer`, `basic` or `headers`"]), Some(Mode::Status(401))),
        (case("404", &["{url}", "404", "write the address"]), Some(Mode::Status(404))),
        (case("500", &["{url}/api/", "500", "its own log"]), Some(Mode::Status(500))),
        (case("503", &["{url}/api/", "503"]), Some(Mode::Status(503))),
        (case("cut", &["{url}/api/", "broke off", "look at"]), Some(Mode::Cut(JSON, "{\"result\": {\"resourceSpans\": ["))),
        (case("without end", &["{url}/api/"]), Some(Mode::Flood(JSON, " "))),
        (case("drips", &["{url}/api/", "before the deadline", "overloaded"]), Some(Mode::Drip(JSON, " "))),
        (case("an error in a 200", &["{url}"]), Some(Mode::Says(JSON, error))),
        (case("no traces", &["jaeger has no trace for 42 of the 42"]), Some(Mode::Says(JSON, "{\"result\": {\"resourceSpans\": []}}"))),
        (case("other JSON", &["{url}", "no Jaeger query service answers here", "write the address"]), Some(Mode::Says(JSON, "[1, 2, 3]"))),
    ];
    check(Ms(4_500.0), &cases, async |mode, healthy| {
        let url = place(*mode).await;
        let otlp = format!("otlp: {{listen: {}, service: rigcheck-mock, claims: [total, ttft]}}", healthy.rig.receiver());
        (healthy.with(&otlp, &format!("jaeger: {{url: {url}, service: rigcheck-mock, claims: [total, ttft]}}")), url)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_rule_passes_on_a_receiver_that_cannot_receive() {
    let case = |name, says| Case { name, source: "otlp", but: &[], says };
    let cases = [
        (case("its port is in use", &["{url}", "port in use by another program", "change sources.otlp.listen"] as &[_]), true),
        (case("the exporter sends elsewhere", &["otlp has no trace for 42 of the 42"]), false),
    ];
    check(Ms(4_500.0), &cases, async |taken, healthy| {
        let receiver = healthy.rig.receiver();
        if *taken {
            let other = tokio::net::TcpListener::bind(receiver).await.unwrap();
            tokio::spawn(async move {
                while let Ok((connection, _)) = other.accept().await {
                    drop(connection);
                }
            });
            return (healthy.spec.clone(), receiver.to_string());
        }
        let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let elsewhere = free.local_addr().unwrap().to_string();
        (healthy.with(&receiver.to_string(), &elsewhere), elsewhere)
    })
    .await;
}
