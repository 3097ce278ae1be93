//! `rigcheck plan --probe` on the real stack: a right mapping is found everywhere, and each wrong one is named with what was
//! seen instead.
#![allow(clippy::disallowed_methods, reason = "stands before replicas, as a balancer does")]

use crate::{
    rig::{Gateway, Rig},
    stack::{NotUp, Stack, or_skip},
};
use serde_json::Value;
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::atomic::{AtomicUsize, Ordering},
};

/// Probes until one request tells something.
const TRIES: usize = 3;
const ROUTE: &str = "route: /api/v1/chat/completions, model";

/// The row of a source and claim.
fn row<'v>(said: &'v Value, source: &str, claim: &str) -> &'v Value {
    let rows = said["probe"]["rows"].as_array().expect("rows");
    rows.iter().find(|r| r["source"] == source && r["claim"] == claim).unwrap_or_else(|| panic!("no {source} {claim} in {said:#}"))
}

#[track_caller]
fn wrong((code, said, _): &(i32, Value, String), source: &str, claim: &str, says: &str) {
    let row = row(said, source, claim);
    let text = format!("{} {}", row["beside"].as_str().unwrap_or_default(), row["says"]);
    assert_eq!((*code, row["state"].as_str()), (1, Some("wrong")), "{said:#}");
    assert!(text.contains(says), "no {says} in {row:#}");
}

/// Does a row say `113 ms less`, as values of a request that was held up?
fn far_apart(beside: &str) -> bool {
    beside.ends_with("more") || beside.ends_with("less")
}

/// Probes of a spec that is wrong, until one request was not held up by so much that its values say nothing.
#[track_caller]
fn found_wrong(rig: &Rig, folder: &str, change: impl Fn(String) -> String, rows: &[(&str, &str, &str)]) {
    let mut probed = rig.probe(folder, &change);
    for nth in 2..=TRIES {
        let held_up = |(source, claim, _): &(&str, &str, &str)| {
            let row = row(&probed.1, source, claim);
            row["state"] == "doubtful" && row["beside"].as_str().is_some_and(far_apart)
        };
        if !rows.iter().any(held_up) {
            break;
        }
        probed = rig.probe(&format!("{folder}-{nth}"), &change);
    }
    for (source, claim, says) in rows {
        wrong(&probed, source, claim, says);
    }
}

/// A change of the spec that must be one.
fn replacing<'a>(from: &'a str, to: &'a str) -> impl Fn(String) -> String + 'a {
    move |spec| {
        assert!(spec.contains(from), "{spec}");
        spec.replace(from, to)
    }
}

#[test]
fn a_right_mapping_is_found_everywhere_and_wrong_ones_are_named() {
    let name = "a_right_mapping_is_found_everywhere_and_wrong_ones_are_named";
    let Some(rig) = or_skip(name, Rig::start(Gateway::REPAIRED, "1s")) else { return };

    let (code, said, talk) = rig.probe("right", |spec| spec);
    assert!(talk.contains("Sends 1 request to "), "{talk}");
    let rows = said["probe"]["rows"].as_array().expect("rows");
    for (source, claim) in [("prometheus", "total"), ("prometheus", "ttft"), ("scrape", "total"), ("access_log", "total"), ("jaeger", "total")] {
        let row = row(&said, source, claim);
        assert_eq!(row["appeared"], "once", "{said:#}");
        // Values of a machine that is busy with something else may be far apart, or so near that one fits two quantities; they are
        // never another mapping's.
        let cannot_tell = |beside: &str| far_apart(beside) || beside.starts_with("also fits");
        assert!(row["state"] == "right" || row["beside"].as_str().is_some_and(cannot_tell), "{row:#}");
    }
    assert!(rows.iter().all(|r| r["state"] != "wrong"), "{said:#}");
    assert!([0, 3].contains(&code), "{said:#}");

    let route = rig.probe("route", replacing(ROUTE, "route: /api/v2/chat, model"));
    wrong(&route, "prometheus", "total", "write `match: {model: rigcheck-truth, route: /api/v1/chat/completions}`");
    wrong(&route, "scrape", "ttft", "write `match: {model: rigcheck-truth, route: /api/v1/chat/completions}`");

    let in_ms = replacing("gateway_request_duration_seconds, unit: s", "gateway_request_duration_seconds, unit: ms");
    found_wrong(&rig, "unit", in_ms, &[("prometheus", "total", "unit s, not ms")]);

    let others = rig.probe("others", |spec| {
        spec.replace("service: gateway", "service: gatewya")
            .replace("id: request_id", "id: correlation_id")
            .replace("duration_ms, unit: ms", "duration_ms, unit: s")
    });
    wrong(&others, "jaeger", "total", "write `service: gateway`");
    wrong(&others, "access_log", "total", "write `id: ");

    let in_s = replacing("duration_ms, unit: ms", "duration_ms, unit: s");
    found_wrong(&rig, "log-unit", in_s, &[("access_log", "total", "1000 times as large")]);
}

#[test]
fn one_replica_of_two_is_told_from_a_metric_of_another_deployment() {
    let name = "one_replica_of_two_is_told_from_a_metric_of_another_deployment";
    let Some(mut rig) = or_skip(name, Rig::start(Gateway::REPAIRED, "1s")) else { return };
    let Some(second) = or_skip(name, rig.add_replica()) else { return };
    let page = format!("{}/metrics", second.url("gateway"));
    let first = format!("{}/metrics", rig.stack.url("gateway"));

    // Prometheus has both: one of them counted, and the sum is right. The page of the other one did not see it.
    let (code, said, _) = rig.probe("replicas", |spec| spec.replace(&first, &page));
    let counted = row(&said, "prometheus", "total");
    assert_eq!(counted["appeared"], "once", "{said:#}");
    let unseen = row(&said, "scrape", "total");
    assert_eq!((unseen["state"].as_str(), code), (Some("doubtful"), 3), "{said:#}");
    assert!(unseen["says"].to_string().contains("another replica or worker"), "{unseen:#}");

    // A claim on the other instance: its series are there and did not rise, those of the first one did.
    let other = second.url("gateway").trim_start_matches("http://").to_owned();
    let only_other = rig.probe("other-instance", |spec| {
        let line = spec.lines().find(|l| l.trim_start().starts_with("total:")).expect("a claim").to_owned();
        spec.replace(&line, &line.replace("match: {", &format!("match: {{instance: \"{other}\", ")))
    });
    let own = rig.stack.url("gateway").trim_start_matches("http://").to_owned();
    wrong(&only_other, "prometheus", "total", &own);
}

/// Before several replicas: whoever sends something gets the next one; connections that send nothing take no turn.
fn round_robin(replicas: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    // Ends with the test's process.
    std::thread::spawn(move || {
        let turn = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for client in listener.incoming().flatten() {
                let (turn, replicas) = (&turn, &replicas);
                scope.spawn(move || {
                    let mut first = vec![0; 1 << 16];
                    let (mut client, n) = (&client, (&client).read(&mut first).unwrap_or(0));
                    if n == 0 {
                        return;
                    }
                    let replica = &replicas[turn.fetch_add(1, Ordering::SeqCst) % replicas.len()];
                    let server = TcpStream::connect(replica).expect("a replica");
                    (&server).write_all(&first[..n]).expect("a replica that reads");
                    scope.spawn({
                        let (server, client) = (server.try_clone().expect("a handle"), client.try_clone().expect("a handle"));
                        move || std::io::copy(&mut &client, &mut &server).and_then(|_| server.shutdown(std::net::Shutdown::Write))
                    });
                    let _ = std::io::copy(&mut &server, &mut client);
                    let _ = client.shutdown(std::net::Shutdown::Both);
                });
            }
        });
    });
    url
}

#[test]
fn one_request_is_no_all_clear_for_replicas_that_nobody_scrapes() {
    let name = "one_request_is_no_all_clear_for_replicas_that_nobody_scrapes";
    let Some(rig) = or_skip(name, Rig::start(Gateway::REPAIRED, "1s")) else { return };
    let more: Result<Vec<Stack>, NotUp> = (0..2).map(|_| rig.unscraped_replica()).collect();
    let Some(more) = or_skip(name, more) else { return };
    let address = |stack: &Stack| stack.url("gateway").trim_start_matches("http://").to_owned();
    let first = address(&rig.stack);
    let edge = round_robin([first.clone()].into_iter().chain(more.iter().map(address)).collect());

    // Prometheus, page and log are the first replica's alone.
    let target = format!("url: {}\n", rig.stack.url("gateway"));
    let probes: Vec<_> = (0..3).map(|n| rig.probe(&format!("of-three-{n}"), |spec| replacing(&target, &format!("url: {edge}\n"))(spec))).collect();
    let (_, seen, _) = &probes[0];
    assert_eq!(row(seen, "prometheus", "total")["appeared"], "once", "{seen:#}");
    assert_eq!(row(seen, "prometheus", "total")["instances"], serde_json::json!([first]), "{seen:#}");
    for (code, unseen, _) in &probes[1..] {
        for source in ["prometheus", "scrape"] {
            let row = row(unseen, source, "total");
            assert_ne!(*code, 0, "{unseen:#}");
            assert_eq!((row["state"].as_str(), row["instances"].as_array().map(Vec::len)), (Some("doubtful"), Some(0)), "{unseen:#}");
        }
        assert!(row(unseen, "prometheus", "total")["says"].to_string().contains("a replica that Prometheus does not scrape"), "{unseen:#}");
    }
}
