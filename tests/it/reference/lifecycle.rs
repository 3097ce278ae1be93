use super::support::{Receiver, body, client, directive, stream};
use rigcheck::reference::{
    faults::by_name,
    mock_llm::{Mock, MockSettings},
    rig::ReferenceRig,
};
use serde_json::Value;
use std::{net::TcpListener, time::Duration};

/// Threads of this process whose name begins so.
fn threads(prefix: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = tasks.filter_map(|t| std::fs::read_to_string(t.path().join("comm")).ok());
    names.filter(|name| name.starts_with(prefix)).count()
}

#[tokio::test]
async fn stop_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let rig = ReferenceRig::start(&dir.path().join("new"), None, 3).unwrap();
    let (receiver, _) = Receiver::start(rig.receiver(), 0).await;
    let url = rig.url();
    let port = url.rsplit(':').next().unwrap().to_owned();
    let http = client();
    for i in 0..3 {
        stream(&http, &url, &body(&directive(&format!("l-{i}"), 5.0, 2, 5.0), true), &[]).await;
    }
    assert!(threads(&format!("mock-{port}")) >= 4, "runtime, pacer and log have threads");
    tokio::time::timeout(Duration::from_secs(20), rig.stop()).await.expect("an idle kept-alive connection does not hold it up");
    assert_eq!(threads(&format!("mock-{port}")), 0);
    TcpListener::bind(format!("127.0.0.1:{port}")).expect("the port is free again");
    let log = std::fs::read_to_string(dir.path().join("new/access.jsonl")).unwrap();
    let lines: Vec<Value> = log.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 3, "every line is written out");
    assert_eq!(receiver.spans().len(), 18, "every span is sent out");
    for line in &lines {
        assert!(line["ts"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
        let keys: Vec<_> = line.as_object().unwrap().keys().cloned().collect();
        let mut expected =
            ["ts", "request_id", "trace_id", "method", "path", "status", "stream", "duration_ms", "ttft_ms", "inter_chunk_ms"].map(String::from);
        expected.sort();
        let mut keys = keys;
        keys.sort();
        assert_eq!(keys, expected);
    }
}

#[tokio::test]
async fn a_stream_in_flight_does_not_hold_up_the_end() {
    let mock = Mock::start(MockSettings::default()).unwrap();
    let asked = body(&directive("endless", 10.0, 60, 5_000.0), true);
    let mut response = client().post(format!("{}/v1/chat/completions", mock.url())).json(&asked).send().await.unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    let port = mock.addr().port();
    tokio::time::timeout(Duration::from_secs(20), mock.stop()).await.unwrap();
    assert_eq!(threads(&format!("mock-{port}")), 0);
    let rest = async { while let Ok(Some(_)) = response.chunk().await {} };
    tokio::time::timeout(Duration::from_secs(20), rest).await.expect("the connection is closed");
}

#[tokio::test]
async fn dropping_it_ends_it_too() {
    let mock = Mock::start(MockSettings::default()).unwrap();
    let addr = mock.addr();
    drop(mock);
    super::support::eventually("the port is free", async || TcpListener::bind(addr).is_ok()).await;
}

#[tokio::test]
async fn says_why_it_cannot_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = MockSettings { listen: taken.local_addr().unwrap(), ..MockSettings::default() };
    assert_eq!(Mock::start(settings).err().unwrap().kind(), std::io::ErrorKind::AddrInUse);
    let settings = MockSettings { access_log: Some("/no/such/folder/access.jsonl".into()), ..MockSettings::default() };
    let why = Mock::start(settings).err().unwrap();
    assert!(why.to_string().contains("/no/such/folder/access.jsonl"), "{why}");
}

#[tokio::test]
async fn the_rigs_spec_names_everything_it_started() {
    let dir = tempfile::tempdir().unwrap();
    let odd = dir.path().join("odd: {name} #1");
    let rig = ReferenceRig::start(&odd, by_name("coarse-log"), 240).unwrap();
    let spec: Value = serde_yaml::from_str(&rig.spec()).unwrap();
    assert_eq!(spec["target"]["url"], rig.url());
    assert_eq!(spec["sources"]["truth"]["url"], rig.url());
    assert_eq!(spec["sources"]["scrape"]["url"], format!("{}/metrics", rig.url()));
    assert_eq!(spec["sources"]["otlp"]["listen"], rig.receiver().to_string());
    assert_eq!(spec["sources"]["access_log"]["path"], odd.join("access.jsonl").to_str().unwrap());
    assert_eq!(spec["metrics"]["inter_chunk"]["histogram"], "rigcheck_mock_inter_chunk_seconds");
    assert_eq!(spec["cases"]["PERF_INFRA_MONITORING_LATENCY_ACCURACY_001"]["audit"]["requests"], 240);
    rig.stop().await;
}
