//! `rigcheck network`: endpoints that are known, records laid beside one another, and what is told of what is no record.

use super::rigcheck;
use core::net::{IpAddr, SocketAddr};
use rigcheck::{
    audits::network_baseline::key,
    model::{
        endpoint::Endpoint,
        evidence::{Evidence, Method, Origin, Seen},
        key::{Payload, World},
        name::name,
        network::FarEnd,
        payload::network::{AddressClass, Connect, Ended, Measured, Probed, Prober, Target, TcpState, Via},
        recording::{Recorded, Recording},
        snapshot::About,
        units::{Span, Wall},
    },
    store::snapshot,
};
use serde_json::Value;
use std::{fs, path::Path, sync::Arc};

const AT: Wall = Wall(1_795_428_000_000_000);

/// A record of one endpoint without TLS whose round trips are so long, ms.
fn record(folder: &Path, file: &str, rtt_ms: f64) {
    let endpoint = Endpoint {
        name: name("gateway"),
        host: "10.1.2.3".into(),
        port: 8_080,
        tls: false,
        sni: None,
        method: None,
        path: "/".into(),
        large_body: false,
        download: None,
    };
    let connect = |nth: u32| {
        let rtt_us = Some((1e3 * rtt_ms) as u32 + nth * 37 % 200);
        let tcp = TcpState { rtt_us, total_retrans: Some(0), ..TcpState::default() };
        let at_end = Some(tcp);
        Connect {
            round: nth / 80,
            from_port: None,
            at: AT,
            target: 0,
            connect_us: Some(1_000),
            tcp: Some(tcp),
            at_end,
            tunnel_us: None,
            tls: None,
            certificate: None,
            http: None,
            ended: Ended::Done,
            waited_us: Some(3),
        }
    };
    let ip = IpAddr::from([10, 1, 2, 3]);
    let probed = Probed {
        started: AT,
        via: Via::Direct,
        resolution: Measured::Needless("the host is an address".into()),
        targets: vec![Target { address: SocketAddr::new(ip, 8_080), class: AddressClass::of(ip), from: None }],
        left_out: 0,
        asked: 400,
        rounds: 5,
        connects: (0..400).map(connect).collect(),
        certificates: vec![],
        ping: Measured::Needless("not asked".into()),
        hops: Measured::Needless("not asked".into()),
        large_body: Measured::Needless("nobody asked for it".into()),
        bandwidth: Measured::Needless("nobody asked for it".into()),
        prober: Prober::default(),
        cut: None,
        given_up: vec![],
    };
    let origin = Origin { request: "example".into(), server: None, method: Method::Measured };
    let payload = Payload::Probe(Box::new(probed));
    let seen = Seen { payload, covered: Span { from: AT, to: AT }, origin, notes: vec![], partial: None };
    let far = FarEnd { endpoint, from: None, region: Some("lab".into()), issuers: vec![] };
    let recorded = Recorded { host: Some("10.1.2.3".into()), port: Some(8_080), region: Some("lab".into()), ..Recorded::default() };
    let (called, tool) = (file.split('.').next().unwrap().to_owned(), "rigcheck".to_owned());
    let about = About { name: called.clone(), as_of: AT, tool: tool.clone(), ..About::default() };
    let itself = Recording { name: called, as_of: AT, tool, endpoints: [(name("gateway"), recorded)].into(), ..Recording::default() };
    let mut evidence = Evidence::default();
    evidence.put(key(World::Live, &far), Ok(Arc::new(seen)));
    for fact in [about.fact("example"), itself.fact("example")] {
        evidence.put(fact.key, fact.answer);
    }
    fs::write(folder.join(file), snapshot::text(&evidence).unwrap()).unwrap();
}

#[test]
fn two_records_are_laid_beside_one_another() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for (file, rtt) in [("staging.network", 12.0), ("production.network", 12.1), ("far.network", 19.0)] {
        record(at, file, rtt);
    }
    let compare = |a: &str, b: &str, more: &[&str]| rigcheck(at, &[&["network", "compare", a, b], more].concat());
    let alike = compare("staging.network", "production.network", &[]).ends(0).out;
    assert!(alike.starts_with("the ways of staging are equivalent to those of production\n"), "{alike}");
    assert!(alike.contains("NET-20") && alike.contains("equivalent: median -0.1"), "{alike}");
    let differ = compare("far.network", "production.network", &[]).ends(1).out;
    assert!(differ.starts_with("the ways of far differ from those of production\n") && differ.contains("different: median +6.9"), "{differ}");
    compare("far.network", "production.network", &["--exit-zero"]).ends(0);
    let json: Value = serde_json::from_str(&compare("far.network", "production.network", &["-o", "json"]).ends(1).out).unwrap();
    assert_eq!((json["verdict"].as_str(), json["schema"].as_str()), (Some("different"), Some("rigcheck/network-comparison/v1")));
    let row = json["rows"].as_array().unwrap().iter().find(|row| row["rule"] == "NET-20").unwrap().clone();
    assert!(row["status"] == "fail" && (6.8..7.0).contains(&row["figure"]["value"].as_f64().unwrap()), "{row:#}");
    let markdown = compare("far.network", "production.network", &["-o", "markdown"]).ends(1).out;
    assert!(markdown.contains("| gateway | NET-20 "), "{markdown}");
}

#[test]
fn a_document_stands_for_an_environment_that_nobody_may_measure() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    record(at, "staging.network", 12.0);
    let document = |endpoints: &str| {
        let text = format!("network: production\nas_of: 2026-11-01\nby: network team\nendpoints: {{{endpoints}}}\n");
        fs::write(at.join("production.yaml"), text).unwrap();
        rigcheck(at, &["network", "compare", "staging.network", "production.yaml"])
    };
    let alike = document("gateway: {p50: 12ms, p95: 13ms, loss: 0%, region: lab, proxy: none, class: private}").ends(0).out;
    assert!(alike.contains("equivalent to those of production"), "{alike}");
    document("gateway: {p50: 40ms, region: lab, class: private}").ends(1);
    document("gateway: {p50: 12ms, region: elsewhere, class: private}").ends(1);
    let open = document("other: {p50: 12ms}").ends(3).out;
    assert!(open.contains("could not tell") && open.contains("production tells nothing of `gateway`"), "{open}");
    let broken = document("gateway: {p50: fast}").ends(2).err;
    assert!(broken.contains("production.yaml:4") && broken.contains("`fast` is not a duration"), "{broken}");
    let turned = rigcheck(at, &["network", "compare", "production.yaml", "staging.network"]).ends(2).err;
    assert!(turned.contains("production.yaml:") || turned.contains("is declared, not measured"), "{turned}");
}

#[test]
fn what_is_no_record_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    record(at, "staging.network", 12.0);
    let text = fs::read_to_string(at.join("staging.network")).unwrap();
    fs::write(at.join("edited.network"), text.replacen("\"rtt_us\":12000", "\"rtt_us\":11000", 1)).unwrap();
    fs::write(at.join("cut.network"), &text[..text.len() / 2]).unwrap();
    fs::write(at.join("other.yaml"), "services: {}\n").unwrap();
    for (file, says) in [
        ("edited.network", "the file was edited"),
        ("cut.network", "the file was cut"),
        ("other.yaml", "is no document of ways"),
        ("nothing", "neither a file nor a baseline with recorded ways"),
    ] {
        let said = rigcheck(at, &["network", "compare", "staging.network", file]).ends(2).err;
        assert!(said.contains(says), "{file}: {said}");
    }
    let said = rigcheck(at, &["network", "record", "x.network"]).ends(2).err;
    assert!(said.contains("rigcheck.yaml"), "{said}");
    fs::write(at.join("rigcheck.yaml"), "version: 1\nrig: dev\n").unwrap();
    let said = rigcheck(at, &["network", "record", "x.network"]).ends(2).err;
    assert!(said.contains("names no endpoint") && said.contains("rigcheck network endpoints"), "{said}");
    let said = rigcheck(at, &["network", "record", "--as", "production"]).ends(2).err;
    assert!(said.contains("--by") && said.contains("--because"), "{said}");
}

#[test]
fn endpoints_that_are_known_are_listed_with_what_they_prove() {
    let folder = tempfile::tempdir().unwrap();
    let listed = rigcheck(folder.path(), &["network", "endpoints"]).ends(0).out;
    for word in ["bedrock-runtime", "bedrock-mantle", "vertex-regional", "vertex-multi-region", "Endpoint catalogue 2026-11"] {
        assert!(listed.contains(word), "{word}: {listed}");
    }
}

/// A listener that accepts and says nothing is enough for the way to it; the record can be compared with itself, accepted, and used.
#[test]
fn a_way_on_loopback_is_recorded_accepted_and_compared() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().flatten().for_each(drop));
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let spec = format!(
        "version: 1\nrig: dev\nnetwork:\n  endpoints: {{here: {{url: 'http://127.0.0.1:{port}/', method: none}}}}\n  pace: {{mean_gap: 1ms, between_rounds: 5ms}}\n"
    );
    fs::write(at.join("rigcheck.yaml"), spec).unwrap();
    let few = ["--connects", "60", "--rounds", "3"];
    let said = rigcheck(at, &[&["network", "record", "here.network"][..], &few].concat()).ends(0).err;
    assert!(said.contains("60 handshakes in 3 rounds") && said.contains("written to here.network"), "{said}");
    let accept = [&["network", "record", "--as", "production", "--by", "sre", "--because", "measured in the lab"][..], &few].concat();
    rigcheck(at, &accept).ends(0);
    let reviewed = fs::read_to_string(at.join("baselines/production/network.txt")).unwrap();
    assert!(reviewed.contains("accepted by sre on ") && reviewed.contains("measured in the lab"), "{reviewed}");
    assert!(rigcheck(at, &accept).ends(2).err.contains("--replace"));
    let listed = rigcheck(at, &["baseline", "list"]).ends(0).out;
    assert!(["production", "ways", "sre on ", "measured in the lab; 1 endpoint"].iter().all(|word| listed.contains(word)), "{listed}");
    assert_eq!(rigcheck(at, &["baseline", "show", "production"]).ends(0).out.trim(), reviewed.trim());
    let said = rigcheck(at, &["baseline", "show", "staging"]).ends(2).err;
    assert!(said.contains("there is no baseline `staging`") && said.contains("it has production"), "{said}");
    let found = rigcheck(at, &["network", "compare", "here.network", "production"]).out;
    assert!(found.contains("NET-20") && found.contains("equivalent: median"), "{found}");
    let edited = reviewed.replacen("directly", "secretly", 1);
    fs::write(at.join("baselines/production/network.txt"), edited).unwrap();
    let said = rigcheck(at, &["network", "compare", "here.network", "production"]).ends(2).err;
    assert!(said.contains("one of the two was edited"), "{said}");
}
