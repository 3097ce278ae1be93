//! The laws that the fuzzers try to break hold for their seeds, and for what broke them once.

use super::laws;
use std::{fs, path::Path};

#[test]
fn every_seed_of_the_fuzzers_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let seeds = root.join("tests/it/hostile/seeds");
    let targets: [(&str, fn(&[u8])); 12] = [
        ("access_log", laws::access_log),
        ("chrony", laws::chrony),
        ("dns", laws::dns),
        ("exposition", laws::exposition),
        ("jaeger_json", laws::jaeger_json),
        ("metrics_protobuf", laws::metrics_protobuf),
        ("otlp_json", laws::otlp_json),
        ("otlp_protobuf", laws::otlp_protobuf),
        ("prometheus_json", laws::prometheus_json),
        ("ptp", laws::ptp),
        ("spec", laws::spec),
        ("sse", laws::sse),
    ];
    let mut folders: Vec<_> = fs::read_dir(&seeds).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    folders.sort();
    assert_eq!(folders, targets.map(|(target, _)| target));
    // The published package has no fuzzers.
    let manifest = fs::read_to_string(root.join("fuzz/Cargo.toml")).ok();
    for (target, law) in targets {
        assert!(manifest.as_ref().is_none_or(|m| m.contains(&format!("path = \"fuzz_targets/{target}.rs\""))), "{target}");
        let files: Vec<_> = fs::read_dir(seeds.join(target)).unwrap().map(|e| e.unwrap().path()).collect();
        assert!(!files.is_empty(), "{target} has no seeds");
        for file in files {
            law(&fs::read(file).unwrap());
        }
    }
}

/// A law that no seed reaches is none: each reader understands at least one seed of its own.
#[test]
fn seeds_reach_what_the_laws_speak_of() {
    use rigcheck::{
        model::{
            payload::{SpanRow, network::LookupEnd},
            units::Wall,
        },
        sources::internals::{claimed, followed, resolved, spans_of_jaeger, spans_of_json, stored, tracked},
    };
    let seed = |of: &str| fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/hostile/seeds").join(of)).unwrap();
    let page = |of: &str| claimed(&seed(of).into(), None, &laws::claim());
    let native = page("metrics_protobuf/native");
    assert!(native.values.len() == 2 && native.unfolded.len() > 1 && native.exemplars.len() == 1, "{native:?}");
    assert_eq!(page("metrics_protobuf/classic").values.len(), 5);
    assert_eq!(spans_of_jaeger(&seed("jaeger_json/two_spans.json")).map(|(rows, bad)| (rows.len(), bad)), Ok((2, 1)));
    for (rows, _) in [spans_of_jaeger(&seed("jaeger_json/warned.json")), spans_of_json(&seed("otlp_json/warned.json"))].map(Result::unwrap) {
        assert!([SpanRow::SKEW, SpanRow::MOVED].iter().all(|key| rows.iter().any(|row| row.attributes.contains_key(*key))), "{rows:?}");
    }
    assert_eq!(stored(&seed("prometheus_json/classic.json"), "t_seconds").unwrap().len(), 2);
    assert!(stored(&seed("prometheus_json/native.json"), "t_seconds").unwrap().len() > 2);
    assert_eq!(tracked(&seed("chrony/tracking")).unwrap().readings.len(), 1);
    assert_eq!(resolved(&seed("dns/no_such_name")), Some(LookupEnd::Code("NXDOMAIN".into())));
    let Some(LookupEnd::Answered(answers)) = resolved(&seed("dns/alias")) else { panic!() };
    assert_eq!((answers.cnames, answers.addresses.len(), answers.ttl_s), (vec!["edge.example.net".to_owned()], 2, Some(30)));
    let of_ptp = |file: &str| followed(&seed(file), Wall(1_795_685_548_000_000)).unwrap().unbounded;
    assert_eq!(of_ptp("ptp/following"), None);
    assert!(of_ptp("ptp/uncalibrated").is_some_and(|why| why.contains("UNCALIBRATED")));
}
