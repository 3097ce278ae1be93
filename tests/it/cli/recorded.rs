//! A recorded run without an audit: what a report is tested with, under the profile of a spec.

use crate::report::samples::Run;
use rigcheck::{
    model::{
        event::{Answered, Event, Recorder, Sink},
        evidence::{Fact, Origin, Seen, digest},
        key::Payload,
        name::name,
        payload::LogLines,
        units::{Span, Wall},
    },
    spec::{self, Exec, Options},
    store::Shelf,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The spec of the rig that the samples are about.
pub const SPEC: &str = "\
version: 1
rig: staging-eu # the rig
target: {url: http://127.0.0.1:9, chat: {path: /v1/chat/completions, model: rigcheck-truth, max_tokens: 64}}
sources:
  access_log: {path: nothing.jsonl}
  jaeger: {url: http://127.0.0.1:9, service: gw}
";

/// Writes the spec, and records a run of it.
pub fn record(folder: &Path, id: &str, mut run: Run) -> PathBuf {
    let at = folder.join("rigcheck.yaml");
    if !at.exists() {
        fs::write(&at, SPEC).unwrap();
    }
    let loaded = spec::load(&at, &Options { checks_dir: None, env: &|_| None, exec: Exec::Refused }).unwrap();
    run.header.run = name(id);
    // The samples are made up: this release would not judge so.
    run.header.tool = "rigcheck 0.0.1".into();
    run.header.profile = loaded.profile.digest();
    run.header.waivers.clone_from(&loaded.profile.waivers);
    let writer = Shelf::of(folder).begin(&name(id), &loaded.profile).unwrap();
    for mut event in run.events() {
        if let Event::Answered(answered) = &mut event.event {
            let fact = fact(answered);
            answered.digest = fact.answer.is_ok().then(|| digest(&serde_json::to_vec(&fact.answer).unwrap()));
            writer.keep(&fact).unwrap();
        }
        writer.on(&event);
    }
    writer.finish().unwrap();
    writer.path().to_owned()
}

/// An answer that nothing follows from.
fn fact(answered: &Answered) -> Fact {
    let (payload, covered) = (Payload::LogLines(LogLines::default()), Span { from: Wall(1), to: Wall(2) });
    let seen = Seen { payload, covered, origin: Origin::default(), notes: vec![], partial: None };
    Fact { key: answered.key.clone(), answer: answered.gap.clone().map_or_else(|| Ok(seen.into()), Err) }
}

/// Ids as they are made, in order of time: so many days after 2026-01-01.
pub fn id(day: u64) -> String {
    ulid::Ulid::from_parts(1_767_225_600_000 + day * 86_400_000, u128::from(day)).to_string()
}
