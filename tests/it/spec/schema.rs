//! The schema for editors knows the keys that the readers know.

use super::read;
use rigcheck::spec::schema::{schema, schema_text};
use std::{collections::BTreeSet, fs};

#[test]
fn the_file_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/rigcheck.schema.json");
    if std::env::var("BLESS").is_ok() {
        fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/schema")).unwrap();
        fs::write(path, schema_text()).unwrap();
    }
    assert!(
        fs::read_to_string(path).unwrap_or_default() == schema_text(),
        "schema/rigcheck.schema.json is out of date: BLESS=1 cargo test --test it schema"
    );
}

/// No key is like it, so that the problem lists all known ones.
const ODD: &str = "zzzzzzzzzzzzzzzz";
const CASE: &str = "PERF_INFRA_MONITORING_LATENCY_ACCURACY_001";

#[test]
fn every_section_has_the_keys_of_its_reader() {
    let schema = schema()["else"].take();
    let sections: Vec<(String, String)> = vec![
        (String::new(), format!("{ODD}: 1\n")),
        ("/properties/target".into(), format!("target: {{{ODD}: 1}}\n")),
        ("/properties/target/properties/chat".into(), format!("target: {{chat: {{{ODD}: 1}}}}\n")),
        ("/properties/target/properties/chat/properties/timing".into(), format!("target: {{chat: {{timing: {{{ODD}: 1}}}}}}\n")),
        ("/properties/target/properties/embeddings".into(), format!("target: {{embeddings: {{{ODD}: 1}}}}\n")),
        ("/properties/target/properties/allow".into(), format!("target: {{allow: {{{ODD}: 1}}}}\n")),
        ("/properties/target/properties/basic".into(), format!("target: {{basic: {{{ODD}: 1}}}}\n")),
        ("/properties/target/properties/client_cert".into(), format!("target: {{client_cert: {{{ODD}: 1}}}}\n")),
        ("/properties/target/properties/proxy/anyOf/1".into(), format!("target: {{proxy: {{{ODD}: 1}}}}\n")),
        ("/properties/sources/properties/access_log/properties/ttft/anyOf/0".into(), format!("sources: {{access_log: {{ttft: {{{ODD}: 1}}}}}}\n")),
        ("/properties/metrics/additionalProperties".into(), format!("metrics: {{total: {{{ODD}: 1}}}}\n")),
        ("/properties/cases/anyOf/2/additionalProperties/anyOf/0".into(), format!("cases: {{{CASE}: {{{ODD}: 1}}}}\n")),
        (
            "/properties/cases/anyOf/2/additionalProperties/anyOf/0/properties/rules/additionalProperties".into(),
            format!("cases: {{{CASE}: {{rules: {{LAT-14: {{{ODD}: 1}}}}}}}}\n"),
        ),
        ("/properties/resources/additionalProperties".into(), format!("resources: {{a: {{pid: 1, {ODD}: 1}}}}\n")),
        ("/properties/resources/additionalProperties/properties/burn".into(), format!("resources: {{a: {{burn: {{{ODD}: 1}}}}}}\n")),
        (
            "/properties/resources/additionalProperties/properties/metrics/additionalProperties".into(),
            format!("resources: {{a: {{pid: 1, metrics: {{cpu: {{series: x_seconds_total, {ODD}: 1}}}}}}}}\n"),
        ),
        ("/properties/waivers/items".into(), format!("waivers: [{{{ODD}: 1}}]\n")),
        ("/properties/gate".into(), format!("gate: {{{ODD}: 1}}\n")),
    ];
    let kinds = schema["properties"]["sources"]["properties"].as_object().unwrap().keys();
    let sources = kinds.map(|kind| (format!("/properties/sources/properties/{kind}"), format!("sources: {{{kind}: {{{ODD}: 1}}}}\n")));
    for (pointer, section) in sections.into_iter().chain(sources) {
        let told = read(&format!("version: 1\nrig: x\n{section}")).unwrap_err().list;
        let unknown = told.iter().find(|p| p.title.contains(ODD)).unwrap_or_else(|| panic!("{pointer}: {told:?}"));
        let read: BTreeSet<_> = unknown.label.strip_prefix("known: ").unwrap().split(", ").map(str::to_owned).collect();
        let written: BTreeSet<_> = schema.pointer(&pointer).unwrap()["properties"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(read, written, "{pointer}");
    }
}

#[test]
fn what_the_reader_takes_the_schema_takes() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let fits = |text: &str| validator.is_valid(&serde_yaml::from_str::<serde_json::Value>(text).unwrap());
    let staging = include_str!("../../fixtures/spec/staging.yaml");
    assert!(fits(staging) && fits(include_str!("../../fixtures/spec/reference.yaml")) && fits(super::SMALL));
    assert!(fits(&read(staging).unwrap().resolved()), "the effective spec is a spec");
    assert!(fits("extends: base.yaml\nsources: {jaeger: null, mine: {interval: 1s}}\ntarget: {chat: {rate: 3/s, timing: null}}\n"));
    for wrong in [
        "version: 1\n",
        "extends: base.yaml\nsorces: {}\n",
        "extends: base.yaml\nsources: {jaeger: {urll: x}}\n",
        "extends: base.yaml\nwaivers: [{rule: LAT-01}]\n",
        "version: 1\nrig: x\nsources: {jaeger: null}\n",
        "version: 1\nrig: x\nsources: {prometheus: {}}\n",
    ] {
        assert!(!fits(wrong), "{wrong}");
    }
}
