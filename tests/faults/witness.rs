//! Whether a disturbance that no rule may mind has happened: the recorded answers show it.

use crate::{audited::Audited, rows::Shows};
use rigcheck::{
    model::{key::Payload, payload::Scrape, units::Wall},
    store,
};

/// Do the answers of a run show what was done?
pub fn shown(shows: Shows, audited: &Audited) -> bool {
    match shows {
        Shows::Nothing => true,
        Shows::FailedReading(source) => answered(audited, source, |said| scrapes(said).iter().any(|scrape| !scrape.ok)),
        Shows::Hole(ms) => answered(audited, "prometheus", |said| longest_hole(scrapes(said)) >= ms),
        Shows::Foreign(many) => answered(audited, "jaeger", |said| matches!(said, Payload::Spans(spans) if spans.foreign >= many)),
    }
}

/// Is this so of an answer of the source?
fn answered(audited: &Audited, source: &str, so: impl Fn(&Payload) -> bool) -> bool {
    let recorded = store::open(&audited.run()).unwrap_or_else(|e| panic!("{e}"));
    recorded.evidence.iter().any(|(key, answer)| key.source.as_str() == source && answer.as_ref().is_ok_and(|seen| so(&seen.payload)))
}

fn scrapes(said: &Payload) -> &[Scrape] {
    if let Payload::Histogram(histogram) = said { &histogram.scrapes } else { &[] }
}

/// The longest time between two readings, ms.
fn longest_hole(scrapes: &[Scrape]) -> f64 {
    scrapes.windows(2).map(|pair| (pair[1].at.0 - pair[0].at.0) as f64 / 1e3).fold(0.0, f64::max)
}

#[test]
fn a_hole_is_the_longest_time_between_two_readings() {
    let at = |seconds: i64| Scrape { instance: "a".into(), at: Wall(seconds * 1_000_000), ok: true };
    assert!((longest_hole(&[1, 2, 3, 4].map(at)) - 1_000.0).abs() < 1e-9);
    assert!((longest_hole(&[1, 2, 6, 7].map(at)) - 4_000.0).abs() < 1e-9);
    assert!(longest_hole(&[at(1)]) == 0.0 && longest_hole(&[]) == 0.0);
}
