//! What `docs/sources.md` shows is what specs may say.
#![allow(clippy::disallowed_methods, reason = "reads the page")]

use super::good;

const HEAD: &str = "version: 1\nrig: dev\ntarget: {url: http://127.0.0.1:8000, chat: {model: rigcheck-truth}}\n";

#[test]
fn every_example_is_a_spec() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sources.md")).unwrap();
    let examples: Vec<&str> = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let read: Vec<_> = examples.iter().map(|example| good(&format!("{HEAD}{example}"))).collect();
    let sources: Vec<&str> = read.iter().flat_map(|l| l.profile.rig.sources.keys()).map(rigcheck::model::Name::as_str).collect();
    // Those of rigcheck itself are not written: its load, its burn, this machine's kernel.
    let written: Vec<_> = sources.into_iter().filter(|s| !["load", "burn", "kernel"].contains(s)).collect();
    assert_eq!(written.len(), 15, "{written:?}");
    // Who can answer is asked: both Prometheus and the page for the first, only the one that is named for the second.
    assert_eq!(read[0].profile.rig.claims.iter().filter(|c| c.histogram().is_some()).count(), 4);
}
