//! LAT-09: what is known of the events that a figure times, and what is made of what is not known.

use super::{
    case::{bound, finding, judge, shipped},
    evidence::Simulated,
    rig,
};
use rigcheck::model::{
    name::name,
    node::Node,
    outcome::{Finding, Status},
    rig::{By, Quantity, Rig},
    times::{Moment, Times},
};

fn judged(rig: &Rig, subject: &str) -> Finding {
    let mut world = Simulated::new(3, 100).evidence();
    // A series answers under the name that the spec gave.
    for claim in &rig.claims {
        if let By::Histogram(of) = &claim.by {
            let query = rigcheck::model::key::Histogram { claim: claim.name.clone(), when: rigcheck::model::key::When::During(rig::controlled()) };
            world.alter(&claim.source, &query, |h| h.metric.clone_from(&of.metric));
        }
    }
    finding(&judge(&*bound(), rig, &world), "LAT-09", subject).clone()
}

fn named(quantity: Quantity, metric: &str, stated: Option<Times>) -> Rig {
    let mut rig = rig::full();
    rig.definitions.clear();
    for claim in rig.claims.iter_mut().filter(|c| c.quantity == quantity) {
        if let By::Histogram(of) = &mut claim.by {
            of.metric = metric.into();
        }
    }
    rig.definitions.extend(stated.map(|times| (name(format!("scrape:{quantity}")), times)));
    rig
}

#[test]
fn an_unknown_name_is_neither_a_pass_nor_a_failure() {
    let found = judged(&named(Quantity::Ttft, "my_ttft_seconds", None), "scrape:ttft");
    assert_eq!(found.status, Status::NotApplicable);
    assert!(found.because.iter().any(|b| b.contains("`definition: {from: arrival, to: first_token}`")), "{:?}", found.because);
    // A name that several tools give to different things is as unknown, and says why.
    let found = judged(&named(Quantity::Total, "http_request_duration_seconds", None), "scrape:total");
    assert_eq!(found.status, Status::NotApplicable);
    assert!(found.because[0].contains("should_exclude_streaming_duration"), "{:?}", found.because);
}

/// Prefill spread over the tokens is no interval between them, nor is a call that returns with the headers a whole response.
#[test]
fn a_name_that_promises_more_than_it_times_is_no_pass() {
    for (quantity, metric, says) in [
        (Quantity::InterChunk, "tgi_request_mean_time_per_token_duration", "prefill and decoding spread over them"),
        (Quantity::InterChunk, "gen_ai_client_operation_time_per_output_chunk_seconds", "chunks without content"),
        (Quantity::Total, "gen_ai_client_operation_duration_seconds", "with the headers"),
    ] {
        let found = judged(&named(quantity, metric, None), &format!("scrape:{quantity}"));
        assert_eq!(found.status, Status::NotApplicable, "{metric}");
        assert!(found.because[0].contains(says), "{:?}", found.because);
    }
}

#[test]
fn a_name_that_the_catalogue_knows_is_compared() {
    let of = |metric: &str| judged(&named(Quantity::Ttft, metric, None), "scrape:ttft");
    let good = of("vllm:time_to_first_token_seconds");
    assert_eq!(good.status, Status::Pass);
    assert!(good.observed.ends_with("as do load:ttft, jaeger:ttft"), "{}", good.observed);
    let queue = of("vllm:request_prefill_time_seconds");
    assert_eq!(queue.status, Status::Fail);
    assert!(
        queue.observed.contains("`scheduled → first_token` (engine takes it from its queue → first token); load:ttft times `sent → first_token`"),
        "{}",
        queue.observed
    );
    assert!(queue.because.iter().any(|b| b.contains("vllm/v1/metrics/stats.py")), "{:?}", queue.because);
}

#[test]
fn tasks_after_the_response_are_another_rules_matter() {
    assert_eq!(judged(&named(Quantity::Total, "http_server_duration_milliseconds", None), "scrape:total").status, Status::Pass);
}

#[test]
fn two_metrics_under_one_label_are_compared_with_one_another() {
    let rig = named(Quantity::InterChunk, "vllm:inter_token_latency_seconds", None);
    assert_eq!(judged(&rig, "scrape:inter_chunk").status, Status::Pass);
    let rig = named(Quantity::InterChunk, "vllm:e2e_request_latency_seconds", None);
    assert_eq!(judged(&rig, "scrape:inter_chunk").status, Status::Fail);
}

/// With one token in each chunk they are the same events; whether it is one is LAT-20's.
#[test]
fn tokens_and_chunks_are_told_apart_by_measurement() {
    for metric in [
        "sglang:inter_token_latency_seconds",
        "vllm:request_time_per_output_token_seconds",
        "gen_ai_server_time_per_output_token_seconds",
        "sglang:request_time_per_output_token_seconds",
    ] {
        let found = judged(&named(Quantity::InterChunk, metric, None), "scrape:inter_chunk");
        assert_eq!(found.status, Status::Pass, "{found:?}");
    }
}

#[test]
fn a_statement_counts_and_does_not_silence_the_catalogue() {
    let first_token = Times::new(Moment::Arrival, Moment::FirstToken);
    assert_eq!(judged(&named(Quantity::Ttft, "my_ttft_seconds", Some(first_token)), "scrape:ttft").status, Status::Pass);
    let headers = Times::new(Moment::Arrival, Moment::Headers);
    let found = judged(&named(Quantity::Ttft, "my_ttft_seconds", Some(headers)), "scrape:ttft");
    assert_eq!(found.status, Status::Fail);
    assert!(found.remedy.unwrap().starts_with("If `metrics.ttft.definition` is wrong, correct or remove it"));
    let found = judged(&named(Quantity::Ttft, "vllm:request_prefill_time_seconds", Some(first_token)), "scrape:ttft");
    assert_eq!(found.status, Status::Fail);
    assert!(found.observed.starts_with("the spec says that scrape:ttft times `arrival → first_token`"), "{}", found.observed);
    assert!(found.remedy.unwrap().starts_with("Correct or remove `metrics.ttft.definition`"));
}

#[test]
fn each_entry_of_the_catalogue_is_whole() {
    let case = shipped();
    let rule = case.rules.iter().find(|r| r.id.as_str() == "LAT-09").unwrap();
    let known = rule.params.get("known").and_then(Node::entries).unwrap();
    assert!(known.len() >= 40);
    for (figure, entry) in known {
        let figure = figure.text().unwrap();
        let has = |key: &str| entry.get(key).and_then(Node::text).is_some_and(|t| !t.is_empty());
        assert!(has("tool") && has("unit") && has("source"), "{figure}");
        assert!(has("from") == has("to") && has("from") != has("depends"), "{figure}: either a pair of events, or on what it depends");
        let unit = entry.get("unit").and_then(Node::text).unwrap();
        for (end, word) in [("_seconds", "s"), ("_milliseconds", "ms"), ("_ms", "ms")] {
            assert!(!figure.ends_with(end) || unit == word, "{figure} in {unit}");
        }
    }
}
