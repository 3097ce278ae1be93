//! What sources tell of a workload: series of stores and pages, exports of clouds; and by which expressions they are read.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::float_cmp, reason = "helpers of tests")]

mod bad_series;
mod cloud;
mod dashboards;
mod page;
mod rules;
mod stored;

use super::metrics_world::{during, now, slot};
use rigcheck::model::{
    Gap, Source,
    audit::Effort,
    evidence::Seen,
    key::{Payload, Usage},
    name,
    payload::{Track, Tracks},
    source::Slot,
    units::Wall,
    usage::{Measure, Shape, Told, UsageClaim, UsageSeries},
};

/// A claim of the workload `db`, told by counters in seconds or by levels in bytes.
fn claim(source: &str, measure: Measure, metric: &str, labels: &[(&str, &str)]) -> UsageClaim {
    let labels = labels.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let shape = if measure.cumulative() { Shape::Counter } else { Shape::Level };
    let told = Told::Series(UsageSeries { metric: metric.into(), labels, shape, unit: 1.0 });
    UsageClaim { name: name(measure.word()), source: name(source), workload: name("db"), measure, told }
}

fn question() -> Usage {
    Usage { of: name("db"), when: during().when }
}

async fn ask(source: &dyn Source, slot: &Slot) -> Result<Seen, Gap> {
    source.ask(&question().into(), Effort::default(), slot).await
}

fn tracks(seen: &Seen) -> &Tracks {
    match &seen.payload {
        Payload::Usage(tracks) => tracks,
        other => panic!("{other:?}"),
    }
}

/// Seconds and values of a track.
fn told(track: &Track) -> Vec<(f64, f64)> {
    track.samples.iter().map(|s| (s.0.seconds(), s.1)).collect()
}

fn wall(seconds: f64) -> Wall {
    Wall((seconds * 1e6).round() as i64)
}

/// A slot after an act of 20 s that ended then.
fn after(end: f64, seconds: f64) -> Slot {
    slot(seconds).after(super::metrics_world::act(3, wall(end - 20.0), wall(end), false))
}

/// Whole seconds, so long ago.
fn ago(seconds: f64) -> f64 {
    (now().seconds() - seconds).floor()
}
