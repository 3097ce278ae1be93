//! One rule a file.

mod agreement;
mod coverage;
mod no_blocking;
mod one_scale;
mod pending_restart;
mod recent_reference;
mod same_parts;
mod waivers_hold;
mod workers_as_asked;

pub use agreement::Agreement;
pub use coverage::Coverage;
pub use no_blocking::NoBlocking;
pub use one_scale::OneScale;
pub use pending_restart::PendingRestart;
pub use recent_reference::RecentReference;
pub use same_parts::SameParts;
pub use waivers_hold::WaiversHold;
pub use workers_as_asked::WorkersAsAsked;

use crate::model::{
    comparison::Row,
    environment::PartKind,
    key::Key,
    name::Name,
    outcome::{Figure, Finding, Status},
    rig::Rig,
};

/// The parts of a kind; all of them without one.
fn parts(rig: &Rig, kind: Option<PartKind>) -> Vec<Name> {
    let all = rig.environment.iter().flat_map(|e| &e.parts);
    all.filter(|(_, k)| kind.is_none_or(|kind| **k == kind)).map(|(part, _)| part.clone()).collect()
}

/// `gateway.process.workers: 4, there 8 (...)`.
fn told(row: &&Row) -> String {
    format!("{}: {} here, {} there; {}", row.path(), row.here.text, row.there.text, row.because)
}

/// A finding that counts something that should not be there.
fn counted(status: Status, what: &str, n: usize, of: usize, observed: String, expected: &str, from: Vec<Key>) -> Finding {
    Finding {
        status,
        figure: Figure::exact(what, n as f64, of as u64, ""),
        observed,
        expected: expected.into(),
        margin: None,
        because: vec![],
        rows: of as u64,
        settles_at: None,
        remedy: None,
        from,
    }
}
